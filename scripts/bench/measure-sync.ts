import { join } from 'node:path';
import { callMi } from '../../lib/cli/mi-client.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { NodeStatus } from '../../lib/mi/commands/status.ts';
import type { LoadClient } from './load-client.ts';
import { missing, placeOf } from './measure-pair.ts';
import { pause } from './pause.ts';
import type { DelayReading } from './probed-daemon.ts';
import { cpuUs, residentSetBytes } from './proc.ts';
import { pairNodes, startProbedNode } from './twinreg-pair.ts';
import type { ProbedServer } from './twinreg.ts';

/** One node joins the other one, which serves meanwhile. */
export interface JoinFigures {
  readonly name: string;
  readonly contacts: number;
  /** From the start of the process until both nodes say that they are in sync; of that, until it answered SIP. */
  readonly seconds: number;
  readonly untilServingS: number;
  /** What the comparison of both tables took, as the joining node says. */
  readonly reconcileS: number;
  readonly received: number;
  /** REGISTERs that were sent again meanwhile. */
  readonly resent: number;
  /** Of the sampled contacts, those that the joining node does not show afterwards. */
  readonly missing: number;
  readonly joining: NodeFigures;
  readonly serving: NodeFigures;
}

export interface NodeFigures {
  readonly delay: DelayReading;
  readonly residentBeforeBytes: number;
  readonly residentPeakBytes: number;
  /** CPU time meanwhile, all threads: of the joining node since it was started. */
  readonly cpuS: number;
}

const IN_FLIGHT = 64;
const SETTLE_MS = 3000;
const LOAD_PER_S = 1000;
const LOAD_S = 30;
/** The load goes on so long before the node starts. */
const LOAD_BEFORE_MS = 2000;
/** One in so many bindings changes while the node with the warm file is down. */
const CHANGED_ONE_IN = 100;
const LOOK_EVERY_MS = 25;
const GIVE_UP_MS = 120_000;

/** A node without a file joins one with so many contacts; then it is stopped, one binding in a hundred changes, and it joins again. */
export async function measureSync(
  folder: string,
  port: number,
  load: LoadClient,
  contacts: number,
): Promise<readonly JoinFigures[]> {
  const bench = new SyncBench(folder, port, load, contacts);
  try {
    await bench.fill();
    const empty = await bench.join('an empty node joins');
    await bench.change();
    const warm = await bench.join('a node with its file joins, 1 % changed');
    return [empty, warm];
  } finally {
    await bench.stop();
  }
}

class SyncBench {
  readonly #folder: string;
  readonly #port: number;
  readonly #load: LoadClient;
  readonly #contacts: number;
  #serving: ProbedServer | undefined;
  #joining: ProbedServer | undefined;
  #cseq = 0;

  constructor(folder: string, port: number, load: LoadClient, contacts: number) {
    this.#folder = folder;
    this.#port = port;
    this.#load = load;
    this.#contacts = contacts;
  }

  async fill(): Promise<void> {
    const { active, passive } = pairNodes(this.#port);
    this.#serving = await startProbedNode(join(this.#folder, 'active'), active, passive);
    await this.#register({ count: this.#contacts, pace: { inFlight: IN_FLIGHT } });
    await pause(SETTLE_MS);
  }

  /** The other node stops, and bindings change. */
  async change(): Promise<void> {
    await this.#joining?.stop();
    this.#joining = undefined;
    const count = Math.round(this.#contacts / CHANGED_ONE_IN);
    await this.#register({ count, every: CHANGED_ONE_IN, pace: { rate: LOAD_PER_S } });
    await pause(SETTLE_MS);
  }

  async join(name: string): Promise<JoinFigures> {
    const serving = this.#served();
    const count = Math.min(this.#contacts, LOAD_PER_S * LOAD_S);
    const refreshed = this.#register({ count, pace: { rate: LOAD_PER_S } });
    await pause(LOAD_BEFORE_MS);
    const figures = await this.#timed(serving);
    const { resent } = await refreshed;
    const all = { first: 0, count: this.#contacts };
    const lacking = await missing(this.#joined(), this.#load, all);
    return { name, contacts: this.#contacts, ...figures, resent, missing: lacking };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#serving?.stop(), this.#joining?.stop()]);
  }

  async #timed(serving: ProbedServer): Promise<Omit<JoinFigures, 'name' | 'contacts' | 'resent' | 'missing'>> {
    const { active, passive } = pairNodes(this.#port);
    const usage = new UsageWatch();
    usage.add(serving, cpuUs(serving.pids()));
    serving.resetDelay();
    const startMs = performance.now();
    const joining = await startProbedNode(join(this.#folder, 'passive'), passive, active);
    this.#joining = joining;
    // What the process did before it served, loading its code and its file, held up nobody.
    joining.resetDelay();
    usage.add(joining, 0);
    const servingMs = performance.now();
    await untilInSync(serving, joining);
    const inSyncMs = performance.now();
    const [delay, servingDelay] = [await joining.readDelay(), await serving.readDelay()];
    usage.stop();
    const { last_reconcile: reconcile } = (await statusOf(joining)).replication ?? {};
    return {
      seconds: (inSyncMs - startMs) / 1000,
      untilServingS: (servingMs - startMs) / 1000,
      reconcileS: (reconcile?.took_ms ?? Number.NaN) / 1000,
      received: reconcile?.received ?? Number.NaN,
      joining: { delay, ...usage.of(joining) },
      serving: { delay: servingDelay, ...usage.of(serving) },
    };
  }

  #register(phones: { count: number; every?: number; pace: { inFlight: number } | { rate: number } }) {
    this.#cseq += 1;
    return this.#load.run({ ...placeOf(this.#served()), first: 0, cseq: this.#cseq, ...phones });
  }

  #served(): ProbedServer {
    if (this.#serving === undefined) throw new Error('the bench has not begun');
    return this.#serving;
  }

  #joined(): ProbedServer {
    if (this.#joining === undefined) throw new Error('no node has joined');
    return this.#joining;
  }
}

const SAMPLE_MS = 50;

interface Usage {
  readonly cpuBeforeUs: number;
  readonly residentBefore: number;
  residentPeak: number;
}

/** What servers take of memory and processor. */
class UsageWatch {
  readonly #seen = new Map<ProbedServer, Usage>();
  readonly #timer = setInterval(() => this.#sample(), SAMPLE_MS);

  add(server: ProbedServer, cpuBeforeUs: number): void {
    const bytes = residentSetBytes(server.pids());
    this.#seen.set(server, { cpuBeforeUs, residentBefore: bytes, residentPeak: bytes });
  }

  of(server: ProbedServer): Omit<NodeFigures, 'delay'> {
    const usage = this.#seen.get(server);
    if (usage === undefined) throw new Error(`${server.name} was not watched`);
    const cpuS = (cpuUs(server.pids()) - usage.cpuBeforeUs) / 1e6;
    return { residentBeforeBytes: usage.residentBefore, residentPeakBytes: usage.residentPeak, cpuS };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    for (const [server, usage] of this.#seen) {
      usage.residentPeak = Math.max(usage.residentPeak, residentSetBytes(server.pids()));
    }
  }
}

async function untilInSync(...servers: readonly ProbedServer[]): Promise<void> {
  const untilMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const states = await Promise.all(servers.map(async (server) => (await statusOf(server)).replication));
    if (states.every((state) => state?.outgoing === 'in-sync' && state.incoming === 'in-sync' && state.synced)) return;
    if (performance.now() > untilMs) throw new Error(`not in sync: ${JSON.stringify(states)}`);
    await pause(LOOK_EVERY_MS);
  }
}

async function statusOf(server: ProbedServer): Promise<NodeStatus> {
  return (await callMi(server.miSocket, 'status', {}, systemClock)) as NodeStatus;
}
