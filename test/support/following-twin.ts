import type { Test } from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import type { AorState } from '../../lib/location/record.ts';
import { FRAME, HEAD_BYTES, TAIL_BYTES } from '../../lib/replication/frame-type.ts';
import {
  ackFrame,
  doneFrame,
  endFrame,
  frame,
  heartbeatFrame,
  pairsFrame,
  readHeartbeat,
  readStart,
  readWant,
  wantFrame,
} from '../../lib/replication/frames.ts';
import type { Hello } from '../../lib/replication/hello.ts';
import { readState, writeState } from '../../lib/replication/state-codec.ts';
import { WireReader } from '../../lib/replication/wire-reader.ts';
import { RawTwin, type Greeting, type TwinPlace } from './raw-twin.ts';

export interface Following extends Greeting {
  /** What this end has and the daemon has not. */
  readonly has?: readonly AorState[];
  /** Whether it says that it has something in every bucket, so that both ends compare AoR by AoR. */
  readonly asks?: boolean;
  /** Whether it takes over the daemon's time when both have met. */
  readonly adopts?: boolean;
}

const DIGESTS_PER_FRAME = 1024;

/**
 * A twin that keeps to the protocol as far as the daemon can see: it compares, takes, acknowledges at once and answers
 * heartbeats. It merges nothing, and remembers only which AoRs it was told of. What it sends beside that is the test's.
 */
export class FollowingTwin {
  readonly raw: RawTwin;
  readonly theirHello: Hello;
  /** AoRs that the daemon told, by the log or by a comparison. */
  readonly aors = new Set<string>();
  /** The last state that came of each AoR. */
  readonly states = new Map<string, AorState>();
  /** Position up to which the daemon's log is held. */
  applied: number;
  /** Positions at which log frames ended, as they came. */
  readonly logEnds: number[] = [];
  /** Octets of reconciliation frames that came. */
  bulkBytes = 0;
  /** Whether log frames are acknowledged, and heartbeats answered. */
  acknowledges = true;
  readonly #options: Following;
  readonly #inSync = Promise.withResolvers<void>();
  #digestsSeen = 0;

  private constructor(raw: RawTwin, theirHello: Hello, head: number, options: Following) {
    this.raw = raw;
    this.theirHello = theirHello;
    this.applied = head;
    this.#options = options;
    void raw.ended().then((goodbye) => this.#inSync.reject(new Error(`not in sync: ${JSON.stringify(goodbye)}`)));
    this.#inSync.promise.catch(() => undefined); // Nobody has to wait for it.
  }

  /** Connects, proves itself, and begins to compare. */
  static async join(t: Test, place: TwinPlace, options: Following = {}): Promise<FollowingTwin> {
    return FollowingTwin.go(await RawTwin.connect(t, place), options);
  }

  /** As `join`, on a connection that is there. */
  static async go(raw: RawTwin, options: Following = {}): Promise<FollowingTwin> {
    const { hello, startBody } = await raw.link(options);
    if (options.adopts === true) raw.aheadMs = 0;
    const twin = new FollowingTwin(raw, hello, readStart(new WireReader(startBody)).head, options);
    for (let first = 0; first < BUCKETS; first += DIGESTS_PER_FRAME)
      raw.send(digestsFrame(first, options.asks === true));
    raw.follow((type, body) => twin.#take(type, body));
    return twin;
  }

  /** Connects and resolves when the daemon waits for this twin before it answers phones. */
  static async inSync(t: Test, place: TwinPlace, options: Following = {}): Promise<FollowingTwin> {
    const twin = await FollowingTwin.join(t, place, options);
    await twin.inSync();
    return twin;
  }

  /** Resolves when the daemon says that this twin is in sync; rejects when the connection ends before. */
  inSync(): Promise<void> {
    return this.#inSync.promise;
  }

  heartbeat(fields: Partial<Parameters<typeof heartbeatFrame>[0]> = {}): void {
    const sentAtMs = this.raw.clockMs();
    const quiet = { echoSentAtMs: 0, echoHeldMs: 0, roleTakenAtMs: undefined, head: 0, durableOwn: 0, durableYours: 0 };
    const well = { synced: true, inSync: true, ready: true, lacksForeign: false };
    this.raw.send(heartbeatFrame({ sentAtMs, ...quiet, ...well, ...fields }));
  }

  #take(type: number, body: Buffer): void {
    const reader = new WireReader(body);
    switch (type) {
      case FRAME.log:
        return this.#takeLog(reader);
      case FRAME.heartbeat:
        return this.#takeHeartbeat(reader);
      case FRAME.done:
      case FRAME.ack:
        return;
    }
    this.bulkBytes += HEAD_BYTES + body.length + TAIL_BYTES;
    this.#takeBulk(type, reader);
    this.acknowledge();
  }

  acknowledge(applied = this.applied, bulkBytes = this.bulkBytes): void {
    this.raw.send(ackFrame({ applied, bulkBytes }));
  }

  #takeBulk(type: number, reader: WireReader): void {
    switch (type) {
      case FRAME.digests:
        return this.#takeDigests(reader);
      case FRAME.want:
        for (const bucket of readWant(reader)) this.raw.send(pairsFrame({ bucket, overflow: false, pairs: [] }));
        return;
      case FRAME.states:
        for (let left = reader.u16(); left > 0; left -= 1) this.#told(readState(reader));
        return;
      case FRAME.end:
        this.raw.send(doneFrame());
        return;
    }
  }

  /** When all of them have come, what the daemon is missing, and the end. */
  #takeDigests(reader: WireReader): void {
    reader.u16();
    this.#digestsSeen += reader.u16();
    if (this.#digestsSeen % BUCKETS !== 0) return;
    if (this.#options.asks === true) this.raw.send(wantFrame([0, 1, 2]));
    const { has = [] } = this.#options;
    if (has.length > 0) this.raw.send(statesFrame(has));
    this.raw.send(endFrame(this.#options.start?.head ?? 0));
  }

  #takeLog(reader: WireReader): void {
    const first = reader.u48();
    const count = reader.u16();
    for (let left = count; left > 0; left -= 1) this.#told(readState(reader));
    this.applied = first + count - 1;
    this.logEnds.push(this.applied);
    if (this.acknowledges) this.acknowledge();
  }

  #takeHeartbeat(reader: WireReader): void {
    const { sentAtMs, inSync } = readHeartbeat(reader);
    if (inSync) this.#inSync.resolve();
    if (this.acknowledges) this.heartbeat({ echoSentAtMs: sentAtMs });
  }

  #told(state: AorState): void {
    this.aors.add(state.aor);
    this.states.set(state.aor, state);
  }
}

/** Digests of as many buckets as the daemon sends at a time: of empty ones, or of ones that nobody has like this. */
export function digestsFrame(firstBucket: number, isFull: boolean, count = DIGESTS_PER_FRAME): Buffer {
  return frame(FRAME.digests, (out) => {
    out.u16(firstBucket);
    out.u16(count);
    out.octets(Buffer.alloc(count * 8, isFull ? 0x5a : 0));
  });
}

export function statesFrame(states: readonly AorState[]): Buffer {
  return frame(FRAME.states, (out) => {
    out.u16(states.length);
    for (const state of states) writeState(out, state);
  });
}

/** @param first position of the first of them */
export function logFrame(first: number, states: readonly AorState[]): Buffer {
  return frame(FRAME.log, (out) => {
    out.u48(first);
    out.u16(states.length);
    for (const state of states) writeState(out, state);
  });
}
