import { LocationTable } from '../../../lib/location/location-table.ts';
import type { Order, Judgement, Origin } from '../../../lib/location/change.ts';
import { PositionGate } from '../../../lib/location/position-gate.ts';
import { Replicator } from '../../../lib/replication/replicator.ts';
import type {
  ReplicatorEvent,
  ReplicatorInput,
  ReplicatorSettings,
  Twin,
} from '../../../lib/replication/replicator-types.ts';
import { ContactComparer } from '../../../lib/registrar/contact-comparer.ts';

/** Cluster time at the start. */
export const T0 = Date.UTC(2027, 0, 1);

export interface NodeOptions {
  readonly settings?: Partial<ReplicatorSettings>;
  readonly twin?: Twin | undefined;
  /** Cluster time minus that of the test. */
  readonly clockOffsetMs?: number;
  readonly aorsMax?: number;
  /** Monotonic time at its start. */
  readonly nowMs?: number;
}

/** One node without sockets: the real machine on a real table, its clock and its wire in the test's hand. */
export class MachineNode {
  readonly table: LocationTable;
  readonly gate: PositionGate;
  readonly machine: Replicator;
  readonly events: ReplicatorEvent[] = [];
  readonly sent = new Map<number, Buffer[]>();
  readonly closed: number[] = [];
  readonly dialled: number[] = [];
  readonly durable: (() => void)[] = [];
  isDiskHeld = false;
  roleTakenAtMs: number | undefined;
  isReady = true;
  absentAddresses: readonly string[] = [];
  nowMs: number;
  clockOffsetMs: number;
  needsFlush = false;

  constructor(nodeId: number, incarnation: number, options: NodeOptions = {}) {
    this.clockOffsetMs = options.clockOffsetMs ?? 0;
    this.nowMs = options.nowMs ?? 0;
    this.table = new LocationTable({
      nodeId,
      incarnation,
      maxContacts: 0,
      descTimeOrder: false,
      recordsPerAorMax: 256,
      aorsMax: options.aorsMax ?? 100_000,
      sameContact: new ContactComparer().isSame,
    });
    this.gate = new PositionGate({
      waitersMax: 100_000,
      changesMax: 1_000_000,
      overflowed: () => this.machine.gateOverflowed(),
    });
    let word = incarnation;
    this.machine = new Replicator(
      {
        clusterId: 1,
        nodeId,
        incarnation,
        secrets: ['a secret of the test'],
        keyRules: { matchingMode: 0, useDomain: true, caseSensitive: true, realmPrefix: '', maxContacts: 0 },
        listeners: [],
        commit: 'twin',
        commitTimeoutMs: 400,
        pingIntervalMs: 4000,
        pingTimeoutMs: 1000,
        nodeTimeoutMs: 60_000,
        isSeed: nodeId === 1,
        seedFallbackMs: 5000,
        logBytesMax: 1024 * 1024,
        digestIntervalMs: 0,
        ...options.settings,
      },
      'twin' in options ? options.twin : { nodeId: 3 - nodeId, pingRetries: 3, isEnabled: true },
      {
        table: this.table,
        gate: this.gate,
        clusterClock: { nowMs: () => this.clusterMs(), shift: (byMs) => void (this.clockOffsetMs += byMs) },
        random: { u32: () => (word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0) },
        role: this,
        isReady: () => this.isReady,
        absentAddresses: () => this.absentAddresses,
        flushSoon: () => void (this.needsFlush = true),
        whenDurable: (done) => (this.isDiskHeld ? void this.durable.push(done) : done()),
      },
      this.nowMs,
    );
    this.table.addListener(this.machine);
  }

  get takenAtMs(): number | undefined {
    return this.roleTakenAtMs;
  }

  clusterMs(): number {
    return T0 + this.nowMs + this.clockOffsetMs;
  }

  step(input: ReplicatorInput): void {
    for (const effect of this.machine.step(input, this.nowMs)) {
      if (effect.kind === 'event') this.events.push(effect.event);
      else if (effect.kind === 'dial') this.dialled.push(effect.link);
      else if (effect.kind === 'close') this.closed.push(effect.link);
      else this.#queue(effect.link).push(Buffer.from(effect.bytes));
    }
  }

  commit(aor: string, changes: readonly (Order | Judgement)[], origin: Origin = 'sip'): void {
    this.table.commit({ aor, origin, changes }, this.clusterMs());
  }

  /** Commits and returns what becomes of the reply. */
  serve(aor: string, ...changes: readonly (Order | Judgement)[]): { isAnswered: boolean } {
    this.commit(aor, changes);
    const reply = { isAnswered: false };
    this.machine.settle(aor, () => void (reply.isAnswered = true));
    return reply;
  }

  takeSent(link: number): Buffer[] {
    const bytes = this.#queue(link);
    this.sent.set(link, []);
    return bytes;
  }

  #queue(link: number): Buffer[] {
    const queue = this.sent.get(link) ?? [];
    this.sent.set(link, queue);
    return queue;
  }
}

/** A connection, by the number that it has at each node. */
export interface Wire {
  readonly a: number;
  readonly b: number;
}

/** No number is used twice, whatever a test does with nodes. */
let nextAccepted = 2;

/** Two nodes and a wire between them that loses nothing until it is cut. */
export class TwoNodes {
  readonly a: MachineNode;
  readonly b: MachineNode;
  #wires: Wire[] = [];
  isConnectable = true;
  /** Nothing arrives, and nothing is lost. */
  isHeld = false;
  /** What becomes of octets on their way: the chunks that arrive. */
  onWire: (bytes: Buffer) => readonly Buffer[] = (bytes) => [bytes];

  constructor(a = new MachineNode(1, 11), b = new MachineNode(2, 22)) {
    this.a = a;
    this.b = b;
  }

  /** Lets everything happen that happens within `ms`. */
  run(ms = 0): void {
    const endMs = this.a.nowMs + ms;
    this.#exchange();
    while (this.a.nowMs < endMs) {
      const next = Math.min(
        endMs,
        Math.max(this.a.nowMs + 1, Math.min(this.a.machine.nextWakeMs, this.b.machine.nextWakeMs)),
      );
      for (const node of [this.a, this.b]) node.nowMs = next;
      for (const node of [this.a, this.b]) if (node.machine.nextWakeMs <= next) node.step({ kind: 'wake' });
      this.#exchange();
    }
  }

  get wires(): readonly Wire[] {
    return this.#wires;
  }

  /** All connections are gone, and neither end has noticed. */
  drop(): void {
    this.#wires = [];
  }

  /** Both ends learn that the connections are gone. */
  cut(): void {
    for (const { a, b } of this.#wires) {
      this.a.step({ kind: 'closed', link: a });
      this.b.step({ kind: 'closed', link: b });
    }
    this.#wires = [];
  }

  #exchange(): void {
    for (const node of [this.a, this.b]) {
      if (node.needsFlush) {
        node.needsFlush = false;
        node.step({ kind: 'flush' });
      }
    }
    for (let round = 0; round < 100_000; round++) {
      this.#connect(this.b, this.a, (dialler, accepted) => ({ b: dialler, a: accepted }));
      this.#connect(this.a, this.b, (dialler, accepted) => ({ a: dialler, b: accepted }));
      if (!this.#carry()) return;
    }
    throw new Error('the nodes never stop talking');
  }

  #connect(
    from: MachineNode,
    to: MachineNode,
    wire: (dialler: number, accepted: number) => { a: number; b: number },
  ): void {
    for (const link of from.dialled.splice(0)) {
      if (!this.isConnectable) {
        from.step({ kind: 'closed', link });
        continue;
      }
      const accepted = nextAccepted;
      nextAccepted += 2;
      this.#wires.push(wire(link, accepted));
      from.step({ kind: 'connected', link, dialled: true });
      to.step({ kind: 'connected', link: accepted, dialled: false });
    }
  }

  #carry(): boolean {
    if (this.isHeld) return false;
    let isMoving = false;
    for (const wire of [...this.#wires]) {
      for (const bytes of this.a.takeSent(wire.a).flatMap(this.onWire)) {
        isMoving = true;
        this.b.step({ kind: 'received', link: wire.b, bytes });
      }
      for (const bytes of this.b.takeSent(wire.b).flatMap(this.onWire)) {
        isMoving = true;
        this.a.step({ kind: 'received', link: wire.a, bytes });
      }
      const isClosed = this.a.closed.includes(wire.a) || this.b.closed.includes(wire.b);
      if (!isClosed || (this.a.sent.get(wire.a) ?? []).length + (this.b.sent.get(wire.b) ?? []).length > 0) continue;
      this.#wires = this.#wires.filter((one) => one !== wire);
      this.a.step({ kind: 'closed', link: wire.a });
      this.b.step({ kind: 'closed', link: wire.b });
      isMoving = true;
    }
    return isMoving;
  }
}
