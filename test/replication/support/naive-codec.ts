/*
 * A second codec for the replication protocol, written from docs/REPLICATION.md alone: octets are lists of numbers, nothing
 * is fast, and nothing but types comes from lib/replication. What it and the real one disagree about is wrong in one of the two,
 * or on the page.
 */
import { createHmac } from 'node:crypto';
import type { AuthFrame, AuthTimes } from '../../../lib/replication/auth.ts';
import type {
  AckFrame,
  DigestsFrame,
  HeartbeatFrame,
  Pair,
  PairsFrame,
  StartFrame,
} from '../../../lib/replication/frames.ts';
import type { Hello } from '../../../lib/replication/hello.ts';
import type { AorState, Binding, Floor, LocationRecord } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';

export type Octets = readonly number[];

export interface NaiveFrame {
  readonly type: number;
  readonly body: Octets;
}

export interface NaiveLog {
  readonly first: number;
  readonly states: readonly AorState[];
}

export interface NaiveGoodbye {
  readonly reason: number;
  readonly text: string;
}

/* §2 Frames */

/** Of the nine octets `123456789` it is cbf43926. */
export function naiveCrc32(octets: Octets): number {
  let sum = 0xffffffff;
  for (const octet of octets) {
    sum ^= octet;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

export function writeFrame(type: number, body: Octets): Buffer {
  return Buffer.from([...number(body.length, 4), type, ...body, ...number(naiveCrc32([type, ...body]), 4)]);
}

/** All frames of a stream that ends with one. */
export function readFrames(stream: Uint8Array): NaiveFrame[] {
  const frames: NaiveFrame[] = [];
  const cursor = new Cursor([...stream]);
  while (cursor.left > 0) {
    const length = cursor.number(4);
    const type = cursor.number(1);
    const body = cursor.raw(length);
    if (cursor.number(4) !== naiveCrc32([type, ...body])) throw new Error('the check sum is wrong');
    frames.push({ type, body });
  }
  return frames;
}

/** The one frame that these octets are. */
export function readFrame(bytes: Uint8Array, type: number): Octets {
  const frames = readFrames(bytes);
  const [frame] = frames;
  if (frames.length !== 1 || frame?.type !== type) throw new Error(`not one frame of type ${type}`);
  return frame.body;
}

class Cursor {
  readonly #octets: Octets;
  #at = 0;

  constructor(octets: Octets) {
    this.#octets = octets;
  }

  get left(): number {
    return this.#octets.length - this.#at;
  }

  raw(count: number): Octets {
    if (count > this.left) throw new Error(`${count} octets are wanted, ${this.left} are left`);
    const octets = this.#octets.slice(this.#at, this.#at + count);
    this.#at += count;
    return octets;
  }

  number(count: number): number {
    return this.raw(count).reduce((value, octet) => value * 256 + octet, 0);
  }

  text(): string {
    return String.fromCharCode(...this.raw(this.number(2)));
  }

  list<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }

  /** What was read of the whole. */
  end<T>(value: T): T {
    if (this.left > 0) throw new Error(`${this.left} octets are left over`);
    return value;
  }
}

function number(value: number, count: number): Octets {
  const octets: number[] = [];
  let rest = value;
  for (let index = 0; index < count; index++) {
    octets.unshift(rest % 256);
    rest = Math.floor(rest / 256);
  }
  return octets;
}

function text(value: string): Octets {
  return [...number(value.length, 2), ...Array.from(value, (char) => char.charCodeAt(0))];
}

/* §4.1 HELLO */

export function writeHello(hello: Hello): Octets {
  const { keyRules: rules, holds, roleTakenAtMs } = hello;
  const flags = [hello.clean, hello.synced, roleTakenAtMs !== undefined, hello.usesSecret, holds !== undefined];
  return [
    ...[0x54, 0x57, 0x4e, 0x52],
    ...number(hello.versionLeast, 1),
    ...number(hello.versionMost, 1),
    ...number(hello.clusterId, 4),
    ...number(hello.nodeId, 2),
    ...number(hello.incarnation, 4),
    ...number(hello.clockMs, 6),
    ...hello.nonce,
    ...number(hello.horizonS, 4),
    ...number(bits(flags), 1),
    ...number(roleTakenAtMs ?? 0, 6),
    ...number(rules.matchingMode, 1),
    ...number(bits([rules.useDomain, rules.caseSensitive]), 1),
    ...number(rules.maxContacts, 4),
    ...text(rules.realmPrefix),
    ...number(holds?.incarnation ?? 0, 4),
    ...number(holds?.position ?? 0, 6),
    ...listenersOf(hello),
  ];
}

function listenersOf({ listeners }: Hello): Octets {
  const each = listeners.map(({ transport, address, port }) => [
    ...text(transport),
    ...text(address),
    ...number(port, 2),
  ]);
  return [listeners.length, ...each.flat()];
}

export function readHello(body: Octets): Hello {
  const cursor = new Cursor(body);
  if (cursor.number(4) !== 0x54574e52) throw new Error('not TWNR');
  const versions = { versionLeast: cursor.number(1), versionMost: cursor.number(1) };
  const who = { clusterId: cursor.number(4), nodeId: cursor.number(2), incarnation: cursor.number(4) };
  const clockMs = cursor.number(6);
  const nonce = Buffer.from(cursor.raw(16));
  const horizonS = cursor.number(4);
  const flags = cursor.number(1);
  const takenAtMs = cursor.number(6);
  const matchingMode = cursor.number(1) === 0 ? 0 : 1;
  const rules = cursor.number(1);
  const keyRules = {
    matchingMode,
    useDomain: has(rules, 1),
    caseSensitive: has(rules, 2),
    maxContacts: cursor.number(4),
    realmPrefix: cursor.text(),
  } as const;
  const holds = { incarnation: cursor.number(4), position: cursor.number(6) };
  const listener = () => ({ transport: cursor.text(), address: cursor.text(), port: cursor.number(2) });
  const listeners = cursor.left === 0 ? [] : cursor.list(cursor.number(1), listener);
  return cursor.end({
    ...versions,
    ...who,
    clockMs,
    nonce,
    horizonS,
    clean: has(flags, 1),
    synced: has(flags, 2),
    roleTakenAtMs: has(flags, 4) ? takenAtMs : undefined,
    usesSecret: has(flags, 8),
    keyRules,
    holds: has(flags, 16) ? holds : undefined,
    listeners,
  });
}

/** The first is the bit of 1. */
function bits(flags: readonly boolean[]): number {
  return flags.reduce((sum, flag, index) => sum + (flag ? 2 ** index : 0), 0);
}

function has(flags: number, bit: number): boolean {
  return Math.floor(flags / bit) % 2 === 1;
}

/* §4.2 AUTH */

export function naiveProof(secret: string, sent: Octets, received: Octets, times: AuthTimes): Buffer {
  const octets = [
    ...Buffer.from('twinreg replication 1'),
    ...number(sent.length, 2),
    ...sent,
    ...number(received.length, 2),
    ...received,
    ...number(times.helloReceivedAtMs, 6),
    ...number(times.sentAtMs, 6),
  ];
  return createHmac('sha256', Buffer.from(secret)).update(Buffer.from(octets)).digest();
}

export function writeAuth({ times, proofs }: AuthFrame): Octets {
  const octets = [...number(times.helloReceivedAtMs, 6), ...number(times.sentAtMs, 6), ...number(proofs.length, 1)];
  return [...octets, ...proofs.flatMap((proof) => [...proof])];
}

export function readAuth(body: Octets): AuthFrame {
  const cursor = new Cursor(body);
  const times = { helloReceivedAtMs: cursor.number(6), sentAtMs: cursor.number(6) };
  return cursor.end({ times, proofs: cursor.list(cursor.number(1), () => Buffer.from(cursor.raw(32))) });
}

/* §4.5 GOODBYE */

export function writeGoodbye({ reason, text: sentence }: NaiveGoodbye): Octets {
  return [...number(reason, 1), ...text(sentence)];
}

export function readGoodbye(body: Octets): NaiveGoodbye {
  const cursor = new Cursor(body);
  return cursor.end({ reason: cursor.number(1), text: cursor.text() });
}

/* §5 START */

export function writeStart({ canResume, resumeAfter, head }: StartFrame): Octets {
  return [...number(canResume ? 1 : 0, 1), ...number(resumeAfter, 6), ...number(head, 6)];
}

export function readStart(body: Octets): StartFrame {
  const cursor = new Cursor(body);
  return cursor.end({ canResume: cursor.number(1) === 1, resumeAfter: cursor.number(6), head: cursor.number(6) });
}

/* §6.1 State */

const KINDS = ['put', 'removed', 'judged'] as const;
const NEVER = 0xffffffffffff;

export function writeState({ aor, floor, records }: AorState): Octets {
  const octets = [...text(aor), ...number(floor === undefined ? 0 : 1, 1)];
  if (floor !== undefined) octets.push(...writeVersion(floor.version), ...number(floor.cseq, 4), ...text(floor.callId));
  octets.push(...number(records.length, 2));
  for (const record of records) octets.push(...writeRecord(record));
  return octets;
}

function writeVersion(version: Version): Octets {
  const { ms, counter, nodeId, incarnation } = version;
  return [...number(ms, 6), ...number(counter, 2), ...number(nodeId, 2), ...number(incarnation, 4)];
}

function writeRecord(record: LocationRecord): Octets {
  const hasKey = record.key !== record.contactUri;
  const form = KINDS.indexOf(record.kind) + (record.sticky ? 4 : 0) + (hasKey ? 8 : 0);
  return [
    ...number(form, 1),
    ...writeVersion(record.version),
    ...number(record.cseq, 4),
    ...number(record.expiresAtMs === Infinity ? NEVER : record.expiresAtMs, 6),
    ...text(record.contactUri),
    ...text(record.callId),
    ...(hasKey ? text(record.key) : []),
    ...(record.kind === 'put' ? writeBinding(record.binding) : []),
  ];
}

const BINDING_TEXTS = ['received', 'path', 'instance', 'userAgent', 'socket', 'cflags', 'attr'] as const;

function writeBinding(binding: Binding): Octets {
  const { q, methods, flags } = binding;
  const numbers = [...number(q === -1 ? 0 : q + 1, 2), ...number(methods, 4), ...number(flags, 4)];
  return [...numbers, ...BINDING_TEXTS.flatMap((name) => text(binding[name]))];
}

export function readState(body: Octets): AorState {
  const cursor = new Cursor(body);
  return cursor.end(stateAt(cursor));
}

function stateAt(cursor: Cursor): AorState {
  const aor = cursor.text();
  const floor = cursor.number(1) === 1 ? floorAt(cursor) : undefined;
  return { aor, floor, records: cursor.list(cursor.number(2), () => recordAt(cursor)) };
}

function floorAt(cursor: Cursor): Floor {
  return { version: versionAt(cursor), cseq: cursor.number(4), callId: cursor.text() };
}

function versionAt(cursor: Cursor): Version {
  return { ms: cursor.number(6), counter: cursor.number(2), nodeId: cursor.number(2), incarnation: cursor.number(4) };
}

function recordAt(cursor: Cursor): LocationRecord {
  const form = cursor.number(1);
  const kind = KINDS[form % 4];
  if (kind === undefined || form > 15) throw new Error(`form ${form}`);
  const version = versionAt(cursor);
  const cseq = cursor.number(4);
  const expires = cursor.number(6);
  const contactUri = cursor.text();
  const callId = cursor.text();
  const key = has(form, 8) ? cursor.text() : contactUri;
  const expiresAtMs = expires === NEVER ? Infinity : expires;
  const base = { key, version, sticky: has(form, 4), contactUri, callId, cseq, expiresAtMs };
  return kind === 'put' ? { kind, ...base, binding: bindingAt(cursor) } : { kind, ...base };
}

function bindingAt(cursor: Cursor): Binding {
  const q = cursor.number(2) - 1;
  const methods = cursor.number(4);
  const flags = cursor.number(4);
  const [received = '', path = '', instance = '', userAgent = '', socket = '', cflags = '', attr = ''] = cursor.list(
    7,
    () => cursor.text(),
  );
  return { q, methods, flags, received, path, instance, userAgent, socket, cflags, attr };
}

/* §6.2 LOG, §6.3 ACK */

export function writeLog({ first, states }: NaiveLog): Octets {
  return [...number(first, 6), ...number(states.length, 2), ...states.flatMap(writeState)];
}

export function readLog(body: Octets): NaiveLog {
  const cursor = new Cursor(body);
  return cursor.end({ first: cursor.number(6), states: cursor.list(cursor.number(2), () => stateAt(cursor)) });
}

export function writeAck({ applied, bulkBytes }: AckFrame): Octets {
  return [...number(applied, 6), ...number(bulkBytes, 6)];
}

export function readAck(body: Octets): AckFrame {
  const cursor = new Cursor(body);
  return cursor.end({ applied: cursor.number(6), bulkBytes: cursor.number(6) });
}

/* §8 HEARTBEAT */

export function writeHeartbeat(heartbeat: HeartbeatFrame): Octets {
  const { synced, inSync, roleTakenAtMs, ready, lacksForeign } = heartbeat;
  return [
    ...number(heartbeat.sentAtMs, 6),
    ...number(heartbeat.echoSentAtMs, 6),
    ...number(heartbeat.echoHeldMs, 4),
    ...number(bits([synced, inSync, roleTakenAtMs !== undefined, ready, lacksForeign]), 1),
    ...number(roleTakenAtMs ?? 0, 6),
    ...number(heartbeat.head, 6),
    ...number(heartbeat.durableOwn ?? 2 ** 48 - 1, 6),
    ...number(heartbeat.durableYours ?? 2 ** 48 - 1, 6),
  ];
}

/** All ones in place of a position: nothing. */
function unlessNothing(position: number): number | undefined {
  return position === 2 ** 48 - 1 ? undefined : position;
}

export function readHeartbeat(body: Octets): HeartbeatFrame {
  const cursor = new Cursor(body);
  const times = { sentAtMs: cursor.number(6), echoSentAtMs: cursor.number(6), echoHeldMs: cursor.number(4) };
  const flags = cursor.number(1);
  const takenAtMs = cursor.number(6);
  return cursor.end({
    ...times,
    synced: has(flags, 1),
    inSync: has(flags, 2),
    roleTakenAtMs: has(flags, 4) ? takenAtMs : undefined,
    ready: has(flags, 8),
    lacksForeign: has(flags, 16),
    head: cursor.number(6),
    durableOwn: unlessNothing(cursor.number(6)),
    durableYours: unlessNothing(cursor.number(6)),
  });
}

/* §9.4 the frames of a reconciliation */

export function writeDigests({ firstBucket, digests }: DigestsFrame): Octets {
  const octets = digests.flatMap(({ high, low }) => [...number(high, 4), ...number(low, 4)]);
  return [...number(firstBucket, 2), ...number(digests.length, 2), ...octets];
}

export function readDigests(body: Octets): DigestsFrame {
  const cursor = new Cursor(body);
  const firstBucket = cursor.number(2);
  const digests = cursor.list(cursor.number(2), () => ({ high: cursor.number(4), low: cursor.number(4) }));
  return cursor.end({ firstBucket, digests });
}

export function writeWant(buckets: readonly number[]): Octets {
  return [...number(buckets.length, 2), ...buckets.flatMap((bucket) => number(bucket, 2))];
}

export function readWant(body: Octets): readonly number[] {
  const cursor = new Cursor(body);
  return cursor.end(cursor.list(cursor.number(2), () => cursor.number(2)));
}

export function writePairs({ bucket, overflow, pairs }: PairsFrame): Octets {
  const words = pairs.flatMap(({ hash, check, high, low }) => [hash, check, high, low]);
  const head = [...number(bucket, 2), ...number(overflow ? 1 : 0, 1), ...number(pairs.length, 2)];
  return [...head, ...words.flatMap((word) => number(word, 4))];
}

export function readPairs(body: Octets): PairsFrame {
  const cursor = new Cursor(body);
  const bucket = cursor.number(2);
  const overflow = cursor.number(1) === 1;
  return cursor.end({ bucket, overflow, pairs: cursor.list(cursor.number(2), () => pairAt(cursor)) });
}

function pairAt(cursor: Cursor): Pair {
  return { hash: cursor.number(4), check: cursor.number(4), high: cursor.number(4), low: cursor.number(4) };
}

export function writeStates(states: readonly AorState[]): Octets {
  return [...number(states.length, 2), ...states.flatMap(writeState)];
}

export function readStates(body: Octets): readonly AorState[] {
  const cursor = new Cursor(body);
  return cursor.end(cursor.list(cursor.number(2), () => stateAt(cursor)));
}

export function writeEnd(head: number): Octets {
  return number(head, 6);
}

export function readEnd(body: Octets): number {
  const cursor = new Cursor(body);
  return cursor.end(cursor.number(6));
}
