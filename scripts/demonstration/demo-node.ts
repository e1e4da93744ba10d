import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import { callMi } from '../../lib/cli/mi-client.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { Child, type Command } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { within } from './wait.ts';

const LAUNCHER = resolve(import.meta.dirname, '../twinreg');

export type NodeId = 1 | 2;

export const otherOf = (nodeId: NodeId): NodeId => (nodeId === 1 ? 2 : 1);

/** Where the two nodes are, as each one's configuration has it. */
export interface Places {
  /** The address that moves, where phones register. */
  readonly virtual: string;
  /** Each node's own. */
  readonly own: Readonly<Record<NodeId, string>>;
  /** Of management over HTTP, for keepalived's scripts; undefined: off. */
  readonly http: string | undefined;
}

export const SIP_PORT = 5060;
const BIN_PORT = 5555;

/** Seconds. The default is 30, which would be long to wait for. */
export const PING_INTERVAL_S = 2;

const START_MS = 60_000;
const STOP_MS = 5000;

const shownStatus = z.object({
  role: z.object({ active: z.boolean() }),
  pings: z.object({ active: z.boolean(), sent: z.number(), answered: z.number() }),
  replication: z.object({ outgoing: z.string(), incoming: z.string() }),
});

export type DemoStatus = z.infer<typeof shownStatus>;

const shownDump = z.object({
  Domains: z.array(
    z.object({
      AORs: z.array(z.object({ AOR: z.string(), Contacts: z.array(z.object({ Contact: z.string() })) })),
    }),
  ),
});

/** One binding as a table shows it. */
export interface Row {
  readonly aor: string;
  readonly contact: string;
}

interface NodeParts {
  readonly nodeId: NodeId;
  readonly folder: string;
  readonly places: Places;
  /** Where its processes run. */
  readonly onHost: Command;
  readonly cleanup: Cleanup;
}

/** A node of the pair: a real daemon, which can be killed and started again on its data. */
export class DemoNode {
  readonly nodeId: NodeId;
  readonly folder: string;
  readonly onHost: Command;
  readonly #config: string;
  readonly #cleanup: Cleanup;
  #child: Child | undefined;

  private constructor({ nodeId, folder, places, onHost, cleanup }: NodeParts) {
    this.nodeId = nodeId;
    this.folder = folder;
    this.onHost = onHost;
    this.#config = join(folder, 'twinreg.yaml');
    this.#cleanup = cleanup;
    writeFileSync(this.#config, configText(nodeId, places));
  }

  /** Makes its folder and its configuration. */
  static async make(parts: NodeParts): Promise<DemoNode> {
    await mkdir(parts.folder, { recursive: true });
    return new DemoNode(parts);
  }

  get isRunning(): boolean {
    return this.#child?.isRunning === true;
  }

  /** Resolves when it serves, or waits for its address. @param ended hears of its end, however that comes */
  async start(ended: () => void): Promise<void> {
    const command = this.onHost(LAUNCHER, 'run', '--config', this.#config, '--data', this.folder);
    const child = new Child(`the daemon of node ${String(this.nodeId)}`, command);
    this.#child = child;
    void child.ended().then(ended);
    const serving = child.said((line) => line.includes('"msg":"serving"'));
    serving.catch(() => undefined); // Cleaning up may come first.
    await this.#cleanup.add(() => child.stop(STOP_MS));
    await within(START_MS, `node ${String(this.nodeId)} serves`, serving);
  }

  /** SIGKILL, and the end of the process. */
  async kill(): Promise<void> {
    this.#child?.signal('SIGKILL');
    await this.#child?.ended();
  }

  async status(): Promise<DemoStatus> {
    return shownStatus.parse(await this.#mi('status'));
  }

  /** `nh_enable_ping`. */
  async enablePing(isOn: boolean): Promise<void> {
    await this.#mi('nh_enable_ping', [isOn ? 1 : 0]);
  }

  /** What it shows; undefined while it does not run. */
  async rows(): Promise<readonly Row[] | undefined> {
    if (!this.isRunning) return undefined;
    const { Domains } = shownDump.parse(await this.#mi('ul_dump'));
    const all = Domains.flatMap(({ AORs }) => AORs);
    const rows = all.flatMap(({ AOR, Contacts }) => Contacts.map(({ Contact }) => ({ aor: AOR, contact: Contact })));
    return rows.sort((a, b) => a.aor.localeCompare(b.aor));
  }

  /** What an operator sees. */
  history(): string {
    return spawnSync(LAUNCHER, ['history', '--data', this.folder], { encoding: 'utf8' }).stdout;
  }

  #mi(method: string, params: readonly unknown[] = []): Promise<unknown> {
    return callMi(join(this.folder, 'twinreg.sock'), method, params, systemClock);
  }
}

function configText(nodeId: NodeId, { virtual, own, http }: Places): string {
  const info = (id: NodeId) =>
    `"cluster_id=1,node_id=${String(id)},url=bin:${own[id]}:${String(BIN_PORT)}${id === 1 ? ',flags=seed' : ''}"`;
  return `listen: ['sip:${virtual}:${String(SIP_PORT)}', 'bin:${own[nodeId]}:${String(BIN_PORT)}']
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer:
  my_node_id: ${String(nodeId)}
  db_mode: 0
  my_node_info: ${info(nodeId)}
  neighbor_node_info: ${info(otherOf(nodeId))}
  seed_fallback_interval: 1
  ping_interval: 1
  ping_timeout: 500
  secret: for-the-demonstration-and-nothing-else
nathelper: {natping_interval: ${String(PING_INTERVAL_S)}}
mi: {http: ${http ?? 'off'}, fifo_name: off}
`;
}
