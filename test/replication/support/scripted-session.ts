import type { LocationTable } from '../../../lib/location/location-table.ts';
import type { AorState } from '../../../lib/location/record.ts';
import { BUCKETS } from '../../../lib/location/bucket-digests.ts';
import { ChangeLog } from '../../../lib/replication/change-log.ts';
import { FRAME } from '../../../lib/replication/frame-type.ts';
import type { HeartbeatFrame } from '../../../lib/replication/frames.ts';
import type { Goodbye } from '../../../lib/replication/goodbye.ts';
import type { HeldLog } from '../../../lib/replication/hello.ts';
import type { PulledRound, SessionMode } from '../../../lib/replication/session.ts';
import { Session } from '../../../lib/replication/session.ts';
import { put, T0, table } from '../../location/support/states.ts';
import { hello, helloBack } from './hellos.ts';
import * as naive from './naive-codec.ts';

interface ScriptOptions {
  /** What this node holds of the twin's log, as its hello said; and the twin of this node's. */
  readonly holds?: HeldLog;
  readonly twinHolds?: HeldLog;
  readonly log?: ChangeLog;
  readonly table?: LocationTable;
}

/** Node 1's session, and in place of node 2 a script that says what a test wants it to, by the naive codec. */
export class ScriptedSession {
  readonly log: ChangeLog;
  readonly table: LocationTable;
  readonly session: Session;
  readonly modes: SessionMode[] = [];
  readonly heartbeats: HeartbeatFrame[] = [];
  readonly rounds: PulledRound[] = [];
  readonly goodbyes: Goodbye[] = [];
  /** Numbers of batches, as they were acknowledged. */
  readonly batches: number[] = [];
  nowMs = 0;
  readonly #sent: Buffer[] = [];

  constructor({ holds, twinHolds, log, table: at }: ScriptOptions = {}) {
    this.log = log ?? new ChangeLog(64 * 1024 * 1024);
    this.table = at ?? table();
    const owner = {
      batchesAcknowledged: (batch: number) => this.batches.push(batch),
      started: (mode: SessionMode) => this.modes.push(mode),
      heartbeat: (heartbeat: HeartbeatFrame) => this.heartbeats.push(heartbeat),
      pulled: (round: PulledRound) => this.rounds.push(round),
      goodbye: (goodbye: Goodbye) => this.goodbyes.push(goodbye),
    };
    const clusterClock = { nowMs: () => T0 + this.nowMs };
    const ownHello = helloBack({ holds });
    const peer = hello({ holds: twinHolds });
    const send = (bytes: Buffer) => this.#sent.push(Buffer.from(bytes));
    const parts = { link: 1, peer, ownHello, log: this.log, table: this.table, clusterClock, send, owner };
    this.session = new Session(parts, 0);
  }

  /** The twin says this. */
  hear(type: number, body: naive.Octets = []): void {
    this.session.take(type, Buffer.from(body), this.nowMs);
  }

  /** It says this in one chunk with others, and all is answered at the end. */
  tell(type: number, body: naive.Octets = []): void {
    this.hear(type, body);
    this.session.pump(this.nowMs);
  }

  /** The twin's first frame: nothing to go on from, and a log that stands at `head`. */
  start(head = 0): this {
    this.tell(FRAME.start, naive.writeStart({ canResume: false, resumeAfter: 0, head }));
    return this;
  }

  /** The twin goes on behind `resumeAfter`. */
  resume(resumeAfter: number, head = resumeAfter): this {
    this.tell(FRAME.start, naive.writeStart({ canResume: true, resumeAfter, head }));
    return this;
  }

  /** The twin has nothing, asks for it all, and gets it. */
  askForAll(): void {
    const digests = Array.from({ length: BUCKETS }, () => ({ high: 0, low: 0 }));
    this.tell(FRAME.digests, naive.writeDigests({ firstBucket: 0, digests }));
  }

  /** The twin says that it has applied all that went out. */
  acknowledge(applied: number, bulkBytes = 0): void {
    this.tell(FRAME.ack, naive.writeAck({ applied, bulkBytes }));
  }

  /** A change set of the twin's. */
  hearLog(first: number, ...states: readonly AorState[]): void {
    this.tell(FRAME.log, naive.writeLog({ first, states }));
  }

  /** A change set of this node's, sent if it may be. */
  change(aor = 'alice'): void {
    this.log.append(aor, undefined, [put('sip:1')]);
    this.log.cut(this.nowMs);
    this.session.pump(this.nowMs);
  }

  /** What went out since the last look. */
  said(): naive.NaiveFrame[] {
    return naive.readFrames(Buffer.concat(this.#sent.splice(0)));
  }

  saidTypes(): number[] {
    return this.said().map(({ type }) => type);
  }

  /** The bodies of the frames of this type that went out since the last look. */
  saidOf(type: number): naive.Octets[] {
    return this.said().flatMap((frame) => (frame.type === type ? [frame.body] : []));
  }
}
