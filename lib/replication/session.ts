import type { CommittedChangeSet } from '../location/change.ts';
import type { AorState } from '../location/record.ts';
import type { ChangeLog } from './change-log.ts';
import type { LogPositions } from './durable-positions.ts';
import { FRAME, HEAD_BYTES, TAIL_BYTES } from './frame-type.ts';
import type { AckFrame, DigestsFrame, HeartbeatFrame, StartFrame } from './frames.ts';
import {
  ackFrame,
  doneFrame,
  endFrame,
  heartbeatFrame,
  readAck,
  readDigests,
  readHeartbeat,
  readPairs,
  readStart,
  readWant,
  startFrame,
} from './frames.ts';
import type { Goodbye } from './goodbye.ts';
import { readGoodbye } from './goodbye.ts';
import type { HeldLog, Hello } from './hello.ts';
import { MERGED_RECORDS_MAX } from './limits.ts';
import { Outbox } from './outbox.ts';
import type { ReplicatedTable } from './ports.ts';
import { ProtocolError } from './protocol-error.ts';
import { Pull } from './pull.ts';
import { readState } from './state-codec.ts';
import { Supply } from './supply.ts';
import { WireReader } from './wire-reader.ts';

/** What a session tells the one who holds it. */
export interface SessionOwner {
  /** All batches of the log up to this one are acknowledged. */
  batchesAcknowledged(batch: number): void;
  /** The twin agreed on how this connection goes on. */
  started(mode: SessionMode): void;
  /** What the twin says of itself. */
  heartbeat(heartbeat: HeartbeatFrame): void;
  /** A round of the incoming reconciliation ended. */
  pulled(round: PulledRound): void;
  goodbye(goodbye: Goodbye): void;
}

/** One round in which this node got what it was missing. */
export interface PulledRound {
  readonly tookMs: number;
  /** AoRs that came, and of these how many changed something here. */
  readonly received: number;
  readonly changed: number;
}

export interface SessionParts {
  readonly link: number;
  readonly peer: Hello;
  /** As this node's hello on this connection said. */
  readonly ownHello: Hello;
  readonly log: ChangeLog;
  readonly table: ReplicatedTable;
  readonly clusterClock: { nowMs(): number };
  readonly send: (bytes: Buffer) => void;
  readonly owner: SessionOwner;
}

/** A round that the twin began is answered by one of our own, unless the last one began this short a while ago. */
const COMPARE_AGAIN_MS = 10_000;

/** How this connection goes on from what was before it. */
export type SessionMode = 'starting' | 'resume' | 'reconcile';

/**
 * A connection to the twin that has proved who it is: both logs, their acknowledgements, and a reconciliation in each
 * direction unless both go on where the last connection between the same two processes ended.
 */
export class Session {
  readonly link: number;
  readonly peer: Hello;
  readonly #parts: SessionParts;
  readonly #outbox: Outbox;
  readonly #pull: Pull;
  readonly #supply: Supply;
  readonly #ownStart: StartFrame;
  #mode: SessionMode = 'starting';
  /** Last position of the twin's log that was applied on this connection, or before it. */
  #applied = 0;
  /** Of this node's log, as the twin acknowledged it. */
  #acknowledged = 0;
  #bulkReceived = 0;
  #ackDue = false;
  #hasPulled = false;
  #hasSupplied = false;
  /** What the last end mark said, until the twin has dealt with it. */
  #endHead: number | undefined;
  #roundBeganMs = 0;
  #roundChanged = 0;
  #lastHeardMs: number;
  #nowMs: number;

  constructor(parts: SessionParts, nowMs: number) {
    const { log, table, peer, ownHello } = parts;
    this.link = parts.link;
    this.peer = peer;
    this.#parts = parts;
    this.#pull = new Pull(table);
    this.#supply = new Supply(table);
    this.#outbox = new Outbox(log, { nextBulk: () => this.#nextBulk() }, parts.send);
    this.#lastHeardMs = nowMs;
    this.#nowMs = nowMs;
    log.cut(nowMs);
    const canResume = goesOn(ownHello, peer) && log.canGoOnAfter(peer.holds?.position ?? -1);
    if (!canResume) {
      log.keep();
      parts.owner.batchesAcknowledged(log.openBatch - 1);
    }
    this.#ownStart = { canResume, resumeAfter: peer.holds?.position ?? 0, head: log.head };
    this.#acknowledged = canResume ? this.#ownStart.resumeAfter : log.head;
    this.#outbox.urgent(startFrame(this.#ownStart));
  }

  get mode(): SessionMode {
    return this.#mode;
  }

  /** Each node has all that the other one had when this connection began. */
  get isComplete(): boolean {
    return this.#hasPulled && this.#hasSupplied;
  }

  get hasPulled(): boolean {
    return this.#hasPulled;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get applied(): number {
    return this.#applied;
  }

  /** Monotonic. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** What a next connection between the same processes could go on from; undefined while there are gaps before it. */
  get held(): HeldLog | undefined {
    // Nothing was said of logs yet: what was held is held.
    if (this.#mode === 'starting') return this.#parts.ownHello.holds;
    return this.#hasPulled ? { incarnation: this.peer.incarnation, position: this.#applied } : undefined;
  }

  /** How far the reconciliation in each direction is. */
  get progress(): { readonly received: number; readonly sent: number; readonly bucketsDone: number } {
    return { received: this.#pull.received, sent: this.#supply.sent, bucketsDone: this.#supply.bucketsDone };
  }

  /** Whether a round in which this node gets what it is missing is under way. */
  get isPulling(): boolean {
    return this.#pull.isRunning;
  }

  /** Whether the tables are being compared, in either direction. */
  get isReconciling(): boolean {
    return !this.#hasPulled || !this.#hasSupplied || this.#pull.isRunning || this.#supply.isRunning;
  }

  /** Throws a ProtocolError. */
  take(type: number, body: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#lastHeardMs = nowMs;
    if (type === FRAME.goodbye) return this.#parts.owner.goodbye(readGoodbye(new WireReader(body)));
    const reader = new WireReader(body);
    if (this.#mode === 'starting') this.#takeFirst(type, reader);
    else if (this.#takeBulk(type, reader)) this.#countBulk(body.length);
    else this.#takeLive(type, reader);
    reader.end();
  }

  /** Compares both tables once more, while everything goes on. */
  pullAgain(nowMs: number): void {
    if (this.#mode === 'starting' || this.#pull.isRunning) return;
    this.#beginPull(nowMs);
  }

  heartbeat(heartbeat: HeartbeatFrame): void {
    this.#outbox.urgent(heartbeatFrame(heartbeat));
  }

  /** Sends what is due and what may go. */
  pump(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#ackDue) {
      this.#ackDue = false;
      const ack: AckFrame = { applied: this.#applied, bulkBytes: this.#bulkReceived };
      this.#outbox.urgent(ackFrame(ack));
    }
    if (this.#mode !== 'starting') this.#outbox.pump();
  }

  /** Where both logs stand. */
  positions(): LogPositions {
    return { own: this.#parts.log.head, theirs: this.#applied };
  }

  #takeFirst(type: number, reader: WireReader): void {
    if (type !== FRAME.start) throw unexpected(type);
    this.#takeStart(readStart(reader));
  }

  #takeStart(start: StartFrame): void {
    this.#mode = start.canResume && this.#ownStart.canResume ? 'resume' : 'reconcile';
    this.#parts.owner.started(this.#mode);
    if (this.#mode === 'resume') this.#resume(start);
    else {
      // What went before is covered by the reconciliation, here and there.
      this.#acknowledge(this.#ownStart.head);
      this.#applied = start.head;
      this.#outbox.beginLog(this.#ownStart.head);
      this.#beginPull(this.#nowMs);
    }
  }

  #resume(start: StartFrame): void {
    const { holds } = this.#parts.ownHello;
    if (start.resumeAfter !== holds?.position)
      throw new ProtocolError(
        'log-gap',
        `the log goes on behind ${start.resumeAfter}, ${holds?.position ?? 0} is held`,
      );
    this.#applied = holds.position;
    this.#hasPulled = true;
    this.#hasSupplied = true;
    this.#outbox.beginLog(this.#ownStart.resumeAfter);
    this.#acknowledge(this.#ownStart.resumeAfter);
  }

  #beginPull(nowMs: number): void {
    this.#roundBeganMs = nowMs;
    this.#roundChanged = 0;
    this.#pull.begin();
  }

  /** @returns whether it was a frame of a reconciliation */
  #takeBulk(type: number, reader: WireReader): boolean {
    switch (type) {
      case FRAME.digests:
        this.#takeDigests(readDigests(reader));
        return true;
      case FRAME.want:
        this.#pull.want(readWant(reader));
        return true;
      case FRAME.pairs:
        this.#supply.pairs(readPairs(reader));
        return true;
      case FRAME.states:
        this.#takeStates(reader);
        return true;
      case FRAME.end:
        this.#takeEnd(reader.u48());
        return true;
      default:
        return false;
    }
  }

  /** Whoever is compared with compares, too, so that one order makes both alike. */
  #takeDigests(digests: DigestsFrame): void {
    this.#supply.digests(digests);
    const isAnswered = this.#pull.isRunning || this.#nowMs - this.#roundBeganMs < COMPARE_AGAIN_MS;
    if (digests.firstBucket === 0 && !isAnswered) this.#beginPull(this.#nowMs);
  }

  #takeLive(type: number, reader: WireReader): void {
    switch (type) {
      case FRAME.log:
        return this.#takeLog(reader);
      case FRAME.ack:
        return this.#takeAck(readAck(reader));
      case FRAME.heartbeat:
        return this.#parts.owner.heartbeat(readHeartbeat(reader));
      case FRAME.done:
        return this.#takeDone();
      default:
        throw unexpected(type);
    }
  }

  #takeLog(reader: WireReader): void {
    const first = reader.u48();
    const count = reader.u16();
    if (first !== this.#applied + 1 || count === 0)
      throw new ProtocolError('log-gap', `${count} changes from ${first} on, ${this.#applied + 1} was expected`);
    for (let index = 0; index < count; index++) this.#merge(readState(reader));
    this.#applied = first + count - 1;
    this.#ackDue = true;
  }

  #takeStates(reader: WireReader): void {
    const count = reader.u16();
    this.#pull.took(count);
    for (let index = 0; index < count; index++) {
      const { writes, floor } = this.#merge(readState(reader));
      if (writes.length > 0 || floor !== undefined) this.#roundChanged++;
    }
  }

  #merge(state: AorState): CommittedChangeSet {
    const { table, clusterClock } = this.#parts;
    if (table.read(state.aor).records.length + state.records.length > MERGED_RECORDS_MAX)
      throw new ProtocolError('record-invalid', 'more records of one AoR than any node may hold');
    return table.merge(state, 'peer', clusterClock.nowMs());
  }

  /** The whole log up to `head` came before it, so that from here on there is no gap. */
  #takeEnd(head: number): void {
    if (head !== this.#applied)
      throw new ProtocolError('log-gap', `an end mark behind position ${head}, the log came up to ${this.#applied}`);
    this.#pull.end();
    this.#hasPulled = true;
    this.#outbox.urgent(doneFrame());
    const tookMs = this.#nowMs - this.#roundBeganMs;
    this.#parts.owner.pulled({ tookMs, received: this.#pull.received, changed: this.#roundChanged });
  }

  /** The twin has dealt with the end mark, and so with the log up to it. */
  #takeDone(): void {
    if (this.#endHead === undefined) throw unexpected(FRAME.done);
    if (this.#endHead > this.#acknowledged) {
      this.#outbox.logAcknowledged(this.#endHead);
      this.#acknowledge(this.#endHead);
    }
    this.#endHead = undefined;
    this.#hasSupplied = true;
  }

  #takeAck({ applied, bulkBytes }: AckFrame): void {
    if (!this.#outbox.bulkAcknowledged(bulkBytes))
      throw new ProtocolError('frame-unexpected', 'more was acknowledged than sent');
    const isBehind = this.#mode === 'reconcile' && applied <= this.#ownStart.head;
    if (isBehind || applied === this.#acknowledged) return;
    if (applied < this.#acknowledged || !this.#outbox.logAcknowledged(applied))
      throw new ProtocolError('frame-unexpected', `position ${applied} was acknowledged, which was not sent`);
    this.#acknowledge(applied);
  }

  #acknowledge(position: number): void {
    this.#acknowledged = position;
    const batch = this.#parts.log.acknowledged(position);
    if (batch > 0) this.#parts.owner.batchesAcknowledged(batch);
  }

  #countBulk(bodyLength: number): void {
    this.#bulkReceived += HEAD_BYTES + bodyLength + TAIL_BYTES;
    this.#ackDue = true;
  }

  /** What this node asks goes before what it gives: it is short, and the twin waits for it. */
  #nextBulk(): Buffer | undefined {
    const clusterMs = this.#parts.clusterClock.nowMs();
    const question = this.#pull.nextFrame(clusterMs);
    if (question !== undefined) return question;
    const supplied = this.#supply.next(clusterMs);
    return supplied?.kind === 'end' ? this.#endMark() : supplied?.bytes;
  }

  /** The end mark overtakes nothing: it goes when the log up to now went. */
  #endMark(): Buffer | undefined {
    const { log } = this.#parts;
    log.cut(this.#nowMs);
    this.#outbox.pumpLog();
    if (!this.#outbox.isLogSent) return undefined;
    this.#supply.ended();
    this.#endHead = log.head;
    return endFrame(log.head);
  }
}

/** Both processes are those of the last connection, and each holds the other's log without a gap. */
function goesOn(own: Hello, peer: Hello): boolean {
  return own.holds?.incarnation === peer.incarnation && peer.holds?.incarnation === own.incarnation;
}

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(FRAME));

function unexpected(type: number): ProtocolError {
  if (!KNOWN_TYPES.has(type)) return new ProtocolError('frame-unknown', `a frame of the unknown type ${type}`);
  return new ProtocolError('frame-unexpected', `a frame of type ${type} that has no place here`);
}
