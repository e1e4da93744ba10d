import { crc32 } from 'node:zlib';
import type { Digest } from '../location/digest.ts';
import { FRAME, HEAD_BYTES, TAIL_BYTES } from './frame-type.ts';
import { CLOCK_MOST_MS } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';
import type { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Follows at once on the proof of who is there: how this connection goes on. */
export interface StartFrame {
  /** The sender has all that the receiver does not hold of its log, and knows the receiver's process. */
  readonly canResume: boolean;
  /** With `canResume`: the sender's log goes on behind this position. */
  readonly resumeAfter: number;
  /** The last position of the sender's log: in a reconciliation its log goes on behind it. */
  readonly head: number;
}

export interface AckFrame {
  /** The last position of the receiver's log that was applied; 0 before the first. */
  readonly applied: number;
  /** Octets of reconciliation frames that came on this connection and were dealt with, heads and tails included. */
  readonly bulkBytes: number;
}

export interface HeartbeatFrame {
  /** Cluster time of the sender. */
  readonly sentAtMs: number;
  /** `sentAtMs` of the last heartbeat that the sender got; 0 before the first. */
  readonly echoSentAtMs: number;
  /** How long ago that was. */
  readonly echoHeldMs: number;
  readonly synced: boolean;
  /** The receiver is in sync, as the sender sees it. */
  readonly inSync: boolean;
  /** The sender would serve phones if their traffic came to it. */
  readonly ready: boolean;
  /** The sender waits for an address that the receiver does not serve. */
  readonly lacksForeign: boolean;
  /** Cluster time at which the sender took the role; undefined = it has none. */
  readonly roleTakenAtMs: number | undefined;
  /** Of the sender's log: its last position, and the last one that is on the sender's disk. */
  readonly head: number;
  readonly durableOwn: number | undefined;
  /** The last position of the receiver's log that is on the sender's disk. Of both: undefined = nothing is known to be. */
  readonly durableYours: number | undefined;
}

/** One AoR in a comparison of buckets: who it is (64 bits of hashes), and a digest of what is known of it. */
export interface Pair {
  readonly hash: number;
  readonly check: number;
  readonly high: number;
  readonly low: number;
}

export interface PairsFrame {
  readonly bucket: number;
  /** There are more AoRs in the bucket than are compared one by one: none is listed. */
  readonly overflow: boolean;
  readonly pairs: readonly Pair[];
}

export interface DigestsFrame {
  readonly firstBucket: number;
  readonly digests: readonly Digest[];
}

const SYNCED = 1;
const IN_SYNC = 2;
const HAS_ROLE = 4;
const READY = 8;
const LACKS_FOREIGN = 16;

/** In place of a position: not even what lies before position 1. */
const NOTHING = 0xffff_ffff_ffff;

const scratch = new WireWriter();

/** A whole frame in memory of its own. */
export function frame(type: number, write: (out: WireWriter) => void): Buffer {
  scratch.clear();
  write(scratch);
  const body = scratch.written();
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + body.length + TAIL_BYTES);
  body.copy(bytes, HEAD_BYTES);
  return sealFrame(bytes, type);
}

/** Fills in head and tail of a frame whose body stands in its place. */
export function sealFrame(bytes: Buffer, type: number): Buffer {
  const tail = bytes.length - TAIL_BYTES;
  bytes.writeUInt32BE(tail - HEAD_BYTES, 0);
  bytes[4] = type;
  bytes.writeUInt32BE(crc32(bytes.subarray(4, tail)), tail);
  return bytes;
}

export function startFrame({ canResume, resumeAfter, head }: StartFrame): Buffer {
  return frame(FRAME.start, (out) => {
    out.u8(canResume ? 1 : 0);
    out.u48(resumeAfter);
    out.u48(head);
  });
}

export function readStart(reader: WireReader): StartFrame {
  return { canResume: reader.flag(), resumeAfter: reader.u48(), head: reader.u48() };
}

export function ackFrame({ applied, bulkBytes }: AckFrame): Buffer {
  return frame(FRAME.ack, (out) => {
    out.u48(applied);
    out.u48(bulkBytes);
  });
}

export function readAck(reader: WireReader): AckFrame {
  return { applied: reader.u48(), bulkBytes: reader.u48() };
}

export function heartbeatFrame(heartbeat: HeartbeatFrame): Buffer {
  const { synced, inSync, roleTakenAtMs, ready, lacksForeign } = heartbeat;
  const role = roleTakenAtMs === undefined ? 0 : HAS_ROLE;
  const lacks = lacksForeign ? LACKS_FOREIGN : 0;
  return frame(FRAME.heartbeat, (out) => {
    out.u48(heartbeat.sentAtMs);
    out.u48(heartbeat.echoSentAtMs);
    out.u32(heartbeat.echoHeldMs);
    out.u8((synced ? SYNCED : 0) | (inSync ? IN_SYNC : 0) | role | (ready ? READY : 0) | lacks);
    out.u48(roleTakenAtMs ?? 0);
    out.u48(heartbeat.head);
    out.u48(heartbeat.durableOwn ?? NOTHING);
    out.u48(heartbeat.durableYours ?? NOTHING);
  });
}

export function readHeartbeat(reader: WireReader): HeartbeatFrame {
  const sentAtMs = reader.u48();
  const echoSentAtMs = reader.u48();
  const echoHeldMs = reader.u32();
  const flags = reader.u8();
  const takenAtMs = reader.u48();
  return {
    sentAtMs,
    echoSentAtMs,
    echoHeldMs,
    synced: (flags & SYNCED) !== 0,
    inSync: (flags & IN_SYNC) !== 0,
    ready: (flags & READY) !== 0,
    lacksForeign: (flags & LACKS_FOREIGN) !== 0,
    roleTakenAtMs: (flags & HAS_ROLE) === 0 ? undefined : checkedRoleTime(takenAtMs),
    head: reader.u48(),
    durableOwn: durableOf(reader.u48()),
    durableYours: durableOf(reader.u48()),
  };
}

function durableOf(position: number): number | undefined {
  return position === NOTHING ? undefined : position;
}

/** A role is taken by a clock that can be (0: nobody has ordered it yet): later times could not be outdone. */
export function checkedRoleTime(ms: number): number {
  if (ms >= CLOCK_MOST_MS) throw new ProtocolError('frame-malformed', `a role that was taken at ${ms}`);
  return ms;
}

export function readDigests(reader: WireReader): DigestsFrame {
  const firstBucket = reader.u16();
  const count = reader.u16();
  const digests: Digest[] = [];
  for (let index = 0; index < count; index++) digests.push({ high: reader.u32(), low: reader.u32() });
  return { firstBucket, digests };
}

export function wantFrame(buckets: readonly number[]): Buffer {
  return frame(FRAME.want, (out) => {
    out.u16(buckets.length);
    for (const bucket of buckets) out.u16(bucket);
  });
}

export function readWant(reader: WireReader): readonly number[] {
  const count = reader.u16();
  return Array.from({ length: count }, () => reader.u16());
}

export function pairsFrame({ bucket, overflow, pairs }: PairsFrame): Buffer {
  return frame(FRAME.pairs, (out) => {
    out.u16(bucket);
    out.u8(overflow ? 1 : 0);
    out.u16(pairs.length);
    for (const pair of pairs) {
      out.u32(pair.hash);
      out.u32(pair.check);
      out.u32(pair.high);
      out.u32(pair.low);
    }
  });
}

export function readPairs(reader: WireReader): PairsFrame {
  const bucket = reader.u16();
  const overflow = reader.flag();
  const count = reader.u16();
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index++) {
    pairs.push({ hash: reader.u32(), check: reader.u32(), high: reader.u32(), low: reader.u32() });
  }
  return { bucket, overflow, pairs };
}

/** @param head the last position of the sender's log, all of which went before */
export function endFrame(head: number): Buffer {
  return frame(FRAME.end, (out) => out.u48(head));
}

export function doneFrame(): Buffer {
  return frame(FRAME.done, () => undefined);
}
