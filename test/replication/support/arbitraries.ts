/* Values that frames may carry, of all that the page allows: the edges of each field come often. */
import fc from 'fast-check';
import { HORIZON_MS } from '../../../lib/location/horizon.ts';
import type { AorState, Binding, Floor, LocationRecord } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';
import type {
  AckFrame,
  DigestsFrame,
  HeartbeatFrame,
  PairsFrame,
  StartFrame,
} from '../../../lib/replication/frames.ts';
import type { Hello } from '../../../lib/replication/hello.ts';
import { CLOCK_MOST_MS, HELLO_LISTENERS_MAX } from '../../../lib/replication/limits.ts';

/** As objects are that somebody wrote down. */
function plain<T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

const U16 = 0xffff;
const U32 = 0xffffffff;
const U48 = 0xffffffffffff;
const VERSION_MS_MAX = 2 ** 47;

export const u16 = upTo(U16);
export const u32 = upTo(U32);
export const u48 = upTo(U48);

function upTo(max: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max }) }, fc.constantFrom(0, 1, max - 1, max));
}

/** A byte string: any octets, none of them special. */
export const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }).map((octets) => String.fromCharCode(...octets)),
  fc.constant(''),
);

const version: fc.Arbitrary<Version> = plain({
  ms: fc.oneof(fc.integer({ min: 1, max: VERSION_MS_MAX }), fc.constantFrom(1, VERSION_MS_MAX)),
  counter: u16,
  nodeId: fc.integer({ min: 1, max: U16 }),
  incarnation: u32,
});

const binding: fc.Arbitrary<Binding> = plain({
  q: fc.oneof(fc.integer({ min: -1, max: 1000 }), fc.constantFrom(-1, 0, 1000)),
  methods: u32,
  flags: u32,
  received: text,
  path: text,
  instance: text,
  userAgent: text,
  socket: text,
  cflags: text,
  attr: text,
});

const floor: fc.Arbitrary<Floor> = plain({ version, cseq: u32, callId: text });

const record: fc.Arbitrary<LocationRecord> = plain({
  kind: fc.constantFrom('put', 'removed', 'judged'),
  version,
  sticky: fc.boolean(),
  cseq: u32,
  /** After the version's time; beyond H only what is permanent. */
  lifetimeMs: fc.oneof(fc.integer({ min: 0, max: HORIZON_MS }), fc.constantFrom(0, HORIZON_MS, Infinity)),
  contactUri: text,
  callId: text,
  key: fc.option(text, { nil: undefined }),
  binding,
}).map((fields) => recordOf(fields));

interface RecordFields extends Omit<LocationRecord, 'key' | 'expiresAtMs' | 'binding'> {
  readonly lifetimeMs: number;
  readonly key: string | undefined;
  readonly binding: Binding;
}

function recordOf({ kind, lifetimeMs, key, binding: bound, ...fields }: RecordFields): LocationRecord {
  const { version: stamp, sticky, cseq, contactUri, callId } = fields;
  const base = {
    key: key ?? contactUri,
    version: stamp,
    sticky: sticky || lifetimeMs === Infinity,
    contactUri,
    callId,
    cseq,
    expiresAtMs: stamp.ms + lifetimeMs,
  };
  return kind === 'put' ? { kind, ...base, binding: bound } : { kind, ...base };
}

export const state: fc.Arbitrary<AorState> = plain({
  aor: text.filter((aor) => aor !== ''),
  floor: fc.option(floor, { nil: undefined }),
  records: fc.uniqueArray(record, { maxLength: 5, selector: ({ key }) => key }),
});

/** A role that nobody has ordered has the time 0. */
const roleTime = fc.integer({ min: 0, max: CLOCK_MOST_MS - 1 });

export const hello: fc.Arbitrary<Hello> = plain({
  versionLeast: fc.integer({ min: 0, max: 255 }),
  versionMost: fc.integer({ min: 0, max: 255 }),
  clusterId: u32,
  nodeId: u16,
  incarnation: u32,
  clockMs: u48,
  nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => Buffer.from(octets)),
  horizonS: u32,
  clean: fc.boolean(),
  synced: fc.boolean(),
  usesSecret: fc.boolean(),
  roleTakenAtMs: fc.option(roleTime, { nil: undefined }),
  keyRules: plain({
    matchingMode: fc.constantFrom(0 as const, 1 as const),
    useDomain: fc.boolean(),
    caseSensitive: fc.boolean(),
    realmPrefix: text,
    maxContacts: u32,
  }),
  holds: fc.option(plain({ incarnation: u32, position: u48 }), { nil: undefined }),
  listeners: fc.array(plain({ transport: text, address: text, port: u16 }), { maxLength: HELLO_LISTENERS_MAX }),
});

export const start: fc.Arbitrary<StartFrame> = plain({ canResume: fc.boolean(), resumeAfter: u48, head: u48 });

export const ack: fc.Arbitrary<AckFrame> = plain({ applied: u48, bulkBytes: u48 });

export const heartbeat: fc.Arbitrary<HeartbeatFrame> = plain({
  sentAtMs: u48,
  echoSentAtMs: u48,
  echoHeldMs: u32,
  synced: fc.boolean(),
  inSync: fc.boolean(),
  ready: fc.boolean(),
  lacksForeign: fc.boolean(),
  roleTakenAtMs: fc.option(roleTime, { nil: undefined }),
  head: u48,
  durableOwn: fc.option(fc.integer({ min: 0, max: 2 ** 48 - 2 }), { nil: undefined }),
  durableYours: fc.option(fc.integer({ min: 0, max: 2 ** 48 - 2 }), { nil: undefined }),
});

const digest = plain({ high: u32, low: u32 });

export const digests: fc.Arbitrary<DigestsFrame> = plain({
  firstBucket: u16,
  digests: fc.array(digest, { maxLength: 30 }),
});

export const want = fc.array(u16, { maxLength: 64 });

export const pairs: fc.Arbitrary<PairsFrame> = plain({
  bucket: u16,
  overflow: fc.boolean(),
  pairs: fc.array(plain({ hash: u32, check: u32, high: u32, low: u32 }), { maxLength: 30 }),
});

export const authTimes = plain({ helloReceivedAtMs: u48, sentAtMs: u48 });
