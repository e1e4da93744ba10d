import { Upkeep } from '../../../lib/app/upkeep.ts';
import { ClusterClock } from '../../../lib/core/cluster-clock.ts';
import type { Judgement, Order } from '../../../lib/location/change.ts';
import { CommitGates } from '../../../lib/location/commit-gates.ts';
import type { Committed } from '../../../lib/location/location-table.ts';
import { LocationTable } from '../../../lib/location/location-table.ts';
import { PositionGate } from '../../../lib/location/position-gate.ts';
import { Registrar } from '../../../lib/registrar/registrar.ts';
import { Replicator } from '../../../lib/replication/replicator.ts';
import type { ReplicatorEffect, ReplicatorInput } from '../../../lib/replication/replicator-types.ts';
import { EngineStatistics } from '../../../lib/sip/serving/engine-statistics.ts';
import { StallGuard, type ReadSource } from '../../../lib/sip/serving/stall-guard.ts';
import type { SipReply } from '../../../lib/sip/engine.ts';
import { parseMessage } from '../../../lib/sip/parser.ts';
import type { Climate } from '../history/plan.ts';
import type { EventQueue } from './event-queue.ts';
import { START_MS } from './host-clock.ts';
import type { NodeEvents } from './node-events.ts';
import type { NodeName } from './node-name.ts';
import { ProcessLoop, type SocketName } from './process-loop.ts';
import { registrarSettings, replicatorSettings, SILENT, tableSettings } from './process-settings.ts';
import { ReplicatorDriver } from './replicator-driver.ts';
import type { DiskUser, Snapshot } from './sim-disk.ts';
import type { SimHost } from './sim-host.ts';
import type { Endpoint, SimNetwork } from './sim-network.ts';
import { TableImage } from './table-image.ts';
import { SimPinger } from './sim-pinger.ts';
import { SimRole } from './sim-role.ts';

export interface ProcessParts {
  readonly host: SimHost;
  readonly queue: EventQueue;
  readonly network: SimNetwork;
  readonly climate: Climate;
  readonly events: NodeEvents;
}

/** Rule 29: a process that stood still for longer serves nothing of what queued up meanwhile. */
const STALL_MS = 400;

/** Rule 19: with a configured twin SIP is served after the first hello, or after so long without one. */
const SERVES_AFTER_MS = 1000;

/** Replies and changes that a gate remembers at most. */
const GATE_MAX = 1000;

/**
 * One life of a node: the daemon's own parts on simulated clocks, disk and network, composed as `lib/app` composes them.
 * What it knows is lost when it ends, but for what its disk had.
 */
export class SimProcess implements Endpoint, DiskUser {
  readonly node: NodeName;
  readonly incarnation: number;
  readonly host: SimHost;
  readonly table: LocationTable;
  readonly replicator: Replicator;
  readonly clusterClock: ClusterClock;
  readonly pinger: SimPinger;
  readonly role: SimRole;
  /** Mark of the disk that it started from; 0 for an empty one. */
  readonly restoredMarkMs: number;
  readonly #parts: ProcessParts;
  readonly #loop: ProcessLoop;
  readonly #driver: ReplicatorDriver;
  readonly #registrar: Registrar;
  readonly #gate: CommitGates;
  readonly #upkeep: Upkeep;
  readonly #guard: StallGuard;
  readonly #sipSocket: ReadSource;
  /** All states of the table, for the disk. */
  readonly #memory: TableImage;
  #isAlive = true;
  #isServing = false;
  #wasInSync = false;
  #hasShifted = false;
  #ranAgainMs = 0;
  /** The process that this one last heard. */
  #twin: SimProcess | undefined;

  constructor(parts: ProcessParts) {
    const { host, queue, climate } = parts;
    this.#parts = parts;
    this.host = host;
    this.node = host.node;
    this.incarnation = (host.random.u32() & 0x7fff_ffff) + 1;
    this.#loop = new ProcessLoop(queue, host.clock, () => this.#turned());
    this.restoredMarkMs = host.disk.latest.markMs;
    const clock = new ClusterClock(this.#loop, this.restoredMarkMs, START_MS);
    this.clusterClock = clock;
    this.table = new LocationTable(tableSettings(host.nodeId, this.incarnation, climate));
    this.#restore(host.disk.latest);
    this.#memory = new TableImage(this.table, host.disk.latest.states);
    this.role = new SimRole(host, clock, () => this.#driver.step({ kind: 'role-changed' }));
    const gate: PositionGate = new PositionGate({
      waitersMax: GATE_MAX,
      changesMax: GATE_MAX,
      overflowed: () => this.replicator.gateOverflowed(),
    });
    this.replicator = new Replicator(
      replicatorSettings(host.nodeId, this.incarnation, climate),
      { nodeId: 3 - host.nodeId, pingRetries: 3, isEnabled: true },
      {
        table: this.table,
        gate,
        clusterClock: { nowMs: () => clock.nowMs(), shift: (byMs) => this.#shift(byMs) },
        random: host.random,
        role: this.role,
        isReady: () => true,
        absentAddresses: () => [],
        flushSoon: () => this.#driver.flushSoon(),
        whenDurable: (done) => host.disk.whenDurable(done),
      },
      this.#loop.monotonicMs(),
    );
    this.#driver = new ReplicatorDriver(this.replicator, this.#loop, host.random, (effect) => this.#perform(effect));
    this.table.addListener(this.replicator);
    this.table.addListener({
      committed: (changes) => {
        this.#memory.changed(changes.aor);
        parts.events.committed(this, changes);
      },
      forgotten: (aor) => {
        this.#memory.changed(aor);
        parts.events.note(this.node, `forgets a dead record of ${aor}`);
      },
      floorForgotten: (aor) => {
        this.#memory.changed(aor);
        parts.events.note(this.node, `forgets the floor of ${aor}`);
      },
    });
    this.#gate = new CommitGates([{ name: 'twin', gate: this.replicator }]);
    this.#registrar = new Registrar({
      settings: registrarSettings(climate),
      table: this.table,
      gate: this.#gate,
      clusterClock: clock,
      clock: this.#loop,
      random: host.random,
      log: SILENT,
    });
    this.#upkeep = new Upkeep({
      table: this.table,
      clusterClock: clock,
      clock: this.#loop,
      twin: this.replicator,
    });
    this.pinger = new SimPinger(this, this.#loop);
    this.#guard = new StallGuard(STALL_MS, this.#loop, SILENT, new EngineStatistics());
    this.#sipSocket = this.#guard.newSource();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStopped(): boolean {
    return this.#loop.isStopped;
  }

  /** Its clock is not its own any more. */
  get hasShifted(): boolean {
    return this.#hasShifted;
  }

  /** When it went on after it had stood still. */
  get ranAgainMs(): number {
    return this.#ranAgainMs;
  }

  /** SIP is served. */
  get isServing(): boolean {
    return this.#isAlive && this.#isServing;
  }

  get isInSync(): boolean {
    return this.replicator.isInSync;
  }

  /** The process whose bytes came last. */
  get twin(): SimProcess | undefined {
    return this.#twin;
  }

  start(): void {
    const { host, network } = this.#parts;
    host.process = this;
    host.disk.open(this);
    network.listen(this);
    this.#guard.start();
    this.#upkeep.start();
    this.#loop.after(SERVES_AFTER_MS, () => this.#serve());
    this.step({ kind: 'wake' });
  }

  /** `nh_enable_ping`. */
  setRole(isOn: boolean): void {
    this.#loop.arrived('link', () => {
      this.host.roleTaken(isOn);
      this.role.turn(isOn);
    });
  }

  /** One input to replication, in a turn of its own. */
  step(input: ReplicatorInput): void {
    this.#loop.arrived('link', () => this.#driver.step(input));
  }

  connected(link: number, dialled: boolean): void {
    this.step({ kind: 'connected', link, dialled });
  }

  received(link: number, bytes: Buffer, from: Endpoint): void {
    this.#loop.arrived('link', () => {
      if (from instanceof SimProcess) this.#twin = from;
      this.#driver.step({ kind: 'received', link, bytes });
    });
  }

  closed(link: number): void {
    this.step({ kind: 'closed', link });
  }

  /**
   * A REGISTER comes in. `begins` is called when it is read and goes to the registrar, `ends` when the registrar has
   * decided; the reply may come in between or later.
   */
  sip(text: string, begins: (waitedMs: number) => void, reply: (reply: SipReply) => void, ends: () => void): void {
    this.#loop.arrived('sip', (waitedMs) => {
      if (!this.#isServing || this.#guard.isStale(this.#sipSocket)) return;
      begins(waitedMs);
      this.#registrar.handle({ request: parsed(text), ...FROM_PHONE, reply });
      ends();
    });
  }

  /** An operator's or the pinger's changes, committed at once; `done` when they passed the gates. */
  commit(aor: string, origin: 'mi' | 'ping', changes: readonly (Order | Judgement)[], done: () => void): Committed {
    const committed = this.table.commit({ aor, origin, changes }, this.clusterClock.nowMs());
    if ('refused' in committed) throw new Error(`refused: ${committed.refused}`);
    this.#gate.settle(aor, done);
    return committed;
  }

  /** Something else that happens in this process, as soon as it runs. */
  inTurn(run: () => void): void {
    this.#loop.arrived('disk', run);
  }

  snapshot(): Snapshot {
    const { events, queue } = this.#parts;
    return {
      states: this.#memory.states(),
      markMs: this.clusterClock.nowMs(),
      ops: events.opsHeld(this),
      atMs: queue.nowMs,
    };
  }

  stop(): void {
    this.#loop.stop();
  }

  continue(order: readonly SocketName[]): void {
    this.#ranAgainMs = this.#parts.queue.nowMs;
    this.#loop.continue(order);
  }

  /** An orderly end: goodbye on the link, then the last flush. */
  shutDown(): void {
    this.step({ kind: 'stop' });
    this.#parts.host.disk.flushNow();
    this.end(false);
  }

  /** @param silently with its machine, so that the other end of a connection is not told. */
  end(silently: boolean): void {
    const { host, network } = this.#parts;
    this.#isAlive = false;
    this.#loop.end();
    host.disk.close();
    host.process = undefined;
    network.processEnded(this, silently);
  }

  #serve(): void {
    this.#isServing = true;
  }

  #restore({ states }: Snapshot): void {
    let id = 0;
    for (const { aor, floor, records } of states) {
      for (const record of records) this.table.restore(id++, aor, record);
      if (floor !== undefined) this.table.restoreFloor(aor, floor);
    }
  }

  #shift(byMs: number): void {
    this.#hasShifted = true;
    this.clusterClock.shift(byMs);
    this.role.shifted(byMs);
    this.#parts.events.note(this.node, `takes over the twin's time: ${byMs > 0 ? '+' : ''}${String(byMs)} ms`);
  }

  #perform(effect: ReplicatorEffect): void {
    const { network, events } = this.#parts;
    switch (effect.kind) {
      case 'dial':
        return network.dial(this, effect.link);
      case 'send':
        return network.send(this, effect.link, effect.bytes);
      case 'close':
        return network.close(this, effect.link);
      case 'event':
        if (effect.event.event === 'twin-role') this.role.twin(this.replicator.twinRole);
        if (effect.event.event === 'max-contacts') this.table.showAtMost(effect.event.theirs);
        return events.note(this.node, eventText(effect.event));
    }
  }

  #turned(): void {
    this.#driver.rearm();
    if (this.replicator.hasAgreed) this.#serve();
    this.pinger.look();
    const { events } = this.#parts;
    if (this.isInSync !== this.#wasInSync) {
      this.#wasInSync = this.isInSync;
      if (this.#wasInSync) {
        this.pinger.showHidden();
        events.cameInSync(this, this.#twin);
      } else events.leftSync(this);
    }
    events.turned(this);
  }
}

const FROM_PHONE = {
  sourceAddress: '192.0.2.10',
  sourcePort: 5060,
  socket: { transport: 'udp', address: '192.0.2.1', port: 5060, name: 'udp:192.0.2.1:5060' },
} as const;

function parsed(text: string): Parameters<Registrar['handle']>[0]['request'] {
  const message = parseMessage(text);
  if (message.kind !== 'request') throw new Error('not a request');
  return message.request;
}

function eventText(event: object): string {
  return Object.entries(event)
    .map(([name, value]) => (name === 'event' ? String(value) : `${name} ${String(value)}`))
    .join(', ');
}
