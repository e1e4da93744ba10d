import type { LogPositions } from './durable-positions.ts';
import { DurablePositions } from './durable-positions.ts';
import { EarlyDropProof } from './early-drop-proof.ts';
import type { HeartbeatFrame } from './frames.ts';
import type { Hello } from './hello.ts';
import { HEARTBEAT_MOST_MS } from './limits.ts';
import type { ReplicatorPorts } from './ports.ts';
import type { Session } from './session.ts';
import type { ListenerComparison, SipListener } from './sip-listeners.ts';
import { compareListeners, lacksForeign, NOT_COMPARED } from './sip-listeners.ts';
import { TwinClock } from './twin-clock.ts';

/** What the twin announced of its role, over a link that is there. */
export interface TwinRole {
  /** Cluster time. */
  readonly takenAtMs: number;
  readonly nodeId: number;
}

interface OwnState {
  readonly head: number;
  readonly synced: boolean;
  readonly inSync: boolean;
}

/**
 * The heartbeats of the link, and what is told by them: that the twin lives, its role, its clock, and what is on its
 * disk.
 */
export class Pulse {
  readonly #ports: Pick<ReplicatorPorts, 'clusterClock' | 'role' | 'isReady' | 'absentAddresses'>;
  readonly #intervalMs: number;
  readonly #durable: DurablePositions;
  readonly #proof: EarlyDropProof;
  /** The twin as its hello said, until its first heartbeat; undefined without a link. */
  #twin: Hello | undefined;
  #last: HeartbeatFrame | undefined;
  /** Of the twin's process that the last link led to. */
  #incarnation = 0;
  #dueMs = Infinity;
  #clock = new TwinClock();

  constructor(
    ports: Pick<ReplicatorPorts, 'clusterClock' | 'role' | 'isReady' | 'absentAddresses' | 'whenDurable'>,
    pingIntervalMs: number,
  ) {
    this.#ports = ports;
    this.#intervalMs = Math.min(pingIntervalMs, HEARTBEAT_MOST_MS);
    this.#durable = new DurablePositions((done) => ports.whenDurable(done));
    this.#proof = new EarlyDropProof((done) => ports.whenDurable(done));
  }

  /** Monotonic: when the next one is due. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** The twin's clock as this link shows it. */
  get clock(): TwinClock {
    return this.#clock;
  }

  /** Undefined without a link, or while the twin is passive. */
  get twinRole(): TwinRole | undefined {
    const takenAtMs = (this.#last ?? this.#twin)?.roleTakenAtMs;
    return this.#twin === undefined || takenAtMs === undefined ? undefined : { takenAtMs, nodeId: this.#twin.nodeId };
  }

  get isTwinSynced(): boolean {
    return (this.#last ?? this.#twin)?.synced === true;
  }

  /** Whether this node is in sync as the twin sees it. */
  get isInSyncThere(): boolean {
    return this.#last?.inSync === true;
  }

  /** Whether the twin says that it would serve phones if their traffic came to it; false without a link. */
  get isTwinReady(): boolean {
    return this.#last?.ready === true;
  }

  /** Where this node and the twin serve SIP. @param ours this node's listeners */
  compare(ours: readonly SipListener[]): ListenerComparison {
    const twin = this.#twin;
    if (twin === undefined) return NOT_COMPARED;
    const absentHere = this.#ports.absentAddresses();
    const doesTwinLack = this.#last?.lacksForeign === true;
    return compareListeners({ twinId: twin.nodeId, ours, theirs: twin.listeners, absentHere, doesTwinLack });
  }

  begin(twin: Hello, nowMs: number): void {
    this.#twin = twin;
    this.#last = undefined;
    this.#dueMs = nowMs;
    this.#clock = new TwinClock();
    if (twin.incarnation !== this.#incarnation) this.#durable.reconciled();
    this.#incarnation = twin.incarnation;
  }

  /** The link is gone. */
  end(): void {
    this.#twin = undefined;
    this.#last = undefined;
    this.#dueMs = Infinity;
    this.#proof.fail();
  }

  /** A round of the incoming reconciliation ended. */
  reconciled(): void {
    this.#durable.reconciled();
  }

  /** Something in it has changed that the twin wants to know at once. */
  hasten(nowMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, nowMs);
  }

  heard(heartbeat: HeartbeatFrame): void {
    this.#last = heartbeat;
    const { sentAtMs, echoSentAtMs, echoHeldMs } = heartbeat;
    this.#clock.heard(sentAtMs, echoSentAtMs, echoHeldMs, this.#ports.clusterClock.nowMs());
    // What this node calls its own log is the other's to the twin.
    this.#proof.twinHasDurable({ own: heartbeat.durableYours, theirs: heartbeat.durableOwn });
  }

  /** The heartbeat that is sent now. */
  next({ head, synced, inSync }: OwnState, session: Session, nowMs: number): HeartbeatFrame {
    this.#dueMs = nowMs + this.#intervalMs;
    const sentAtMs = this.#ports.clusterClock.nowMs();
    this.#durable.note(head, session.held);
    const { own: durableOwn, theirs: durableYours } = this.#durable.durable;
    const { role } = this.#ports;
    const lacks = lacksForeign(this.#ports.absentAddresses(), this.#twin?.listeners ?? []);
    const place = { ready: this.#ports.isReady(), lacksForeign: lacks, roleTakenAtMs: role.takenAtMs };
    const self = { synced, inSync, ...place };
    return { sentAtMs, ...this.#clock.echo(sentAtMs), ...self, head, durableOwn, durableYours };
  }

  /** Calls `done` once: whether the twin's disk, and this node's, came to hold what they must for the noted dead to go. */
  prove(noted: LogPositions, done: (isProved: boolean) => void): void {
    this.#proof.begin(noted, done);
  }
}
