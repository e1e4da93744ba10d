/*
 * docs/REPLICATION.md says in octets what each frame is. Here its examples are decoded and encoded by the code, and by a
 * second codec that was written from the page: page, test and code cannot drift apart.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { summaryOf } from '../../lib/location/aor-summary.ts';
import { bucketOf, BUCKETS } from '../../lib/location/bucket-digests.ts';
import { DigestShare } from '../../lib/location/digest-share.ts';
import { HORIZON_S } from '../../lib/location/horizon.ts';
import { LocationTable } from '../../lib/location/location-table.ts';
import type { AorState } from '../../lib/location/record.ts';
import { authFrame, isProved, readAuth } from '../../lib/replication/auth.ts';
import { ChangeLog } from '../../lib/replication/change-log.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import type { HeartbeatFrame, PairsFrame } from '../../lib/replication/frames.ts';
import {
  ackFrame,
  doneFrame,
  endFrame,
  frame,
  heartbeatFrame,
  pairsFrame,
  readAck,
  readDigests,
  readHeartbeat,
  readPairs,
  readStart,
  readWant,
  startFrame,
  wantFrame,
} from '../../lib/replication/frames.ts';
import { FrameSplitter } from '../../lib/replication/frame-splitter.ts';
import { GOODBYE_REASONS, goodbyeFrame, readGoodbye } from '../../lib/replication/goodbye.ts';
import type { Hello } from '../../lib/replication/hello.ts';
import { helloFrame, readHello, readHelloVersions } from '../../lib/replication/hello.ts';
import * as limits from '../../lib/replication/limits.ts';
import { readState } from '../../lib/replication/state-codec.ts';
import { Supply } from '../../lib/replication/supply.ts';
import { WireReader } from '../../lib/replication/wire-reader.ts';
import { settings } from '../location/support/states.ts';
import * as naive from './support/naive-codec.ts';
import {
  naiveBucketHash,
  naiveCheckHash,
  naiveDigestOf,
  naiveShareOfFloor,
  naiveShareOfRecord,
} from './support/naive-digest.ts';

const PAGE = readFileSync(new URL('../../docs/REPLICATION.md', import.meta.url), 'utf8');
const EXAMPLES = examplesOf(PAGE);

/** The octets of each fenced block `frame NAME`: what stands before the bar, line by line. */
function examplesOf(page: string): ReadonlyMap<string, Buffer> {
  const examples = new Map<string, Buffer>();
  for (const [, name = '', lines = ''] of page.matchAll(/^```frame (\S+)\n(.*?)^```$/gms)) {
    const hex = lines.split('\n').map((line) => line.replace(/\|.*/, ''));
    examples.set(name, Buffer.from(hex.join('').replaceAll(/\s/g, ''), 'hex'));
  }
  return examples;
}

function example(name: string): Buffer {
  const bytes = EXAMPLES.get(name);
  if (bytes === undefined) throw new Error(`the page has no example ${name}`);
  return bytes;
}

/** The one frame's body, by the real splitter. */
function bodyOf(bytes: Buffer, type: number): Buffer {
  const bodies: Buffer[] = [];
  new FrameSplitter(limits.BODY_BYTES_MAX).push(bytes, (found, body) => {
    if (found !== type) throw new Error(`a frame of type ${found}, ${type} was expected`);
    bodies.push(Buffer.from(body));
    return true;
  });
  if (bodies.length !== 1) throw new Error(`${bodies.length} frames`);
  return bodies[0] ?? Buffer.alloc(0);
}

function readerOf(name: string, type: number): WireReader {
  return new WireReader(bodyOf(example(name), type));
}

const NOON = 1_800_000_000_000;
const ONE = 0x11121314;
const TWO = 0x2a2b2c2d;
const SECRET = 'a secret that both nodes know';

const HELLO: Hello = {
  versionLeast: 1,
  versionMost: 1,
  clusterId: 1,
  nodeId: 2,
  incarnation: TWO,
  clockMs: NOON,
  nonce: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  horizonS: 86_400,
  clean: false,
  synced: true,
  usesSecret: true,
  roleTakenAtMs: NOON - 60_000,
  keyRules: { matchingMode: 0, useDomain: true, caseSensitive: true, realmPrefix: 'sip.', maxContacts: 5 },
  holds: { incarnation: ONE, position: 4711 },
  listeners: [],
};

const LISTENERS = [
  { transport: 'udp', address: '10.0.0.150', port: 5060 },
  { transport: 'tcp', address: '10.0.0.150', port: 5060 },
];

const HELLO_BACK: Hello = {
  ...HELLO,
  nodeId: 1,
  incarnation: ONE,
  clockMs: NOON + 1,
  nonce: Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex'),
  synced: false,
  roleTakenAtMs: undefined,
  holds: { incarnation: TWO, position: 902 },
};

const ALICE: AorState = {
  aor: 'alice@example.com',
  floor: undefined,
  records: [
    {
      kind: 'put',
      key: 'sip:alice@10.1.1.7',
      version: { ms: NOON + 5, counter: 0, nodeId: 1, incarnation: ONE },
      sticky: false,
      contactUri: 'sip:alice@10.1.1.7',
      callId: 'c1',
      cseq: 7,
      expiresAtMs: NOON + 5 + 3_600_000,
      binding: {
        q: 700,
        received: 'sip:192.0.2.7:40001',
        path: '',
        instance: '',
        userAgent: 'phone/1',
        socket: 'udp:10.0.0.150:5060',
        methods: 0xffffffff,
        flags: 0,
        cflags: 'SIPPING_ENABLE',
        attr: '',
      },
    },
  ],
};

const BOB: AorState = {
  aor: 'bob@example.com',
  floor: { version: { ms: NOON + 6, counter: 1, nodeId: 1, incarnation: ONE }, callId: 'c2', cseq: 9 },
  records: [],
};

const CAROL: AorState = {
  aor: 'carol@example.com',
  floor: { version: { ms: NOON - 9000, counter: 0, nodeId: 1, incarnation: ONE }, callId: 'c4', cseq: 3 },
  records: [
    {
      kind: 'removed',
      key: 'sip:carol@10.1.1.8',
      version: { ms: NOON - 8000, counter: 0, nodeId: 2, incarnation: TWO },
      sticky: false,
      contactUri: 'sip:carol@10.1.1.8',
      callId: 'c5',
      cseq: 12,
      expiresAtMs: NOON - 8000,
    },
    {
      kind: 'judged',
      key: 'sip:carol@10.1.1.9;c6',
      version: { ms: NOON - 7000, counter: 2, nodeId: 1, incarnation: ONE },
      sticky: true,
      contactUri: 'sip:Carol@10.1.1.9',
      callId: 'c6',
      cseq: 1,
      expiresAtMs: Infinity,
    },
  ],
};

t.test('the page has an example of each type of frame, and no other', async (t) => {
  t.same([...EXAMPLES.keys()].sort(), [...Object.keys(FRAME), 'hello-back', 'hello-listeners'].sort());
  for (const name of Object.keys(FRAME)) t.equal(example(name)[4], FRAME[name as keyof typeof FRAME], name);
});

t.test('HELLO of a node that does not say where it serves SIP', async (t) => {
  for (const [name, hello] of [
    ['hello', HELLO],
    ['hello-back', HELLO_BACK],
  ] as const) {
    const reader = readerOf(name, FRAME.hello);
    t.strictSame(readHello(readHelloVersions(reader), reader), hello);
    t.strictSame(naive.readHello(naive.readFrame(example(name), FRAME.hello)), hello);
  }
});

t.test(
  'a HELLO that says where SIP is served begins as one that does not, and what a later one has behind it is left alone',
  async (t) => {
    const [without, body] = ['hello', 'hello-listeners'].map((name) => bodyOf(example(name), FRAME.hello));
    t.same(body?.subarray(0, without?.length), without);
    const hello = { ...HELLO, listeners: LISTENERS };
    t.same(helloFrame(hello), example('hello-listeners'));
    t.strictSame(naive.readHello(naive.readFrame(example('hello-listeners'), FRAME.hello)), hello);
    t.same(naive.writeFrame(FRAME.hello, naive.writeHello(hello)), example('hello-listeners'));
    const reader = new WireReader(Buffer.concat([body ?? Buffer.alloc(0), Buffer.from('more')]));
    t.strictSame(readHello(readHelloVersions(reader), reader), hello);
  },
);

t.test('a HELLO keeps within its bound: of too many listeners it names none', async (t) => {
  const address = '2001:db8:1111:2222:3333:4444:5555:6666';
  const listeners = (count: number) => Array.from({ length: count }, () => ({ transport: 'udp', address, port: 5060 }));
  const keyRules = { ...HELLO.keyRules, realmPrefix: 'p'.repeat(64) };
  const sized = (count: number) => bodyOf(helloFrame({ ...HELLO, keyRules, listeners: listeners(count) }), FRAME.hello);
  t.ok(sized(limits.HELLO_LISTENERS_MAX).length <= limits.GREETING_BYTES_MAX);
  t.equal(sized(limits.HELLO_LISTENERS_MAX + 1).length, sized(0).length);
});

t.test('AUTH proves that node 2 knows the secret and has seen the hello of node 1', async (t) => {
  const sent = bodyOf(example('hello'), FRAME.hello);
  const received = bodyOf(example('hello-back'), FRAME.hello);
  const times = { helloReceivedAtMs: NOON + 3, sentAtMs: NOON + 3 };
  t.same(authFrame([SECRET], sent, received, times), example('auth'));
  const auth = readAuth(readerOf('auth', FRAME.auth));
  t.strictSame(auth.times, times);
  t.ok(isProved(auth, [SECRET], sent, received));
  t.notOk(isProved(auth, [SECRET], received, sent), 'it is worth nothing the other way round');
  const proofs = [naive.naiveProof(SECRET, [...sent], [...received], times)];
  t.strictSame(naive.readAuth(naive.readFrame(example('auth'), FRAME.auth)), { times, proofs });
  t.same(naive.writeFrame(FRAME.auth, naive.writeAuth({ times, proofs })), example('auth'));
});

t.test('GOODBYE', async (t) => {
  const text = 'node 1 stops';
  t.strictSame(readGoodbye(readerOf('goodbye', FRAME.goodbye)), { reason: 'stopping', text });
  t.same(goodbyeFrame({ reason: 'stopping', text }), example('goodbye'));
  t.strictSame(naive.readGoodbye(naive.readFrame(example('goodbye'), FRAME.goodbye)), { reason: 1, text });
  t.same(naive.writeFrame(FRAME.goodbye, naive.writeGoodbye({ reason: 1, text })), example('goodbye'));
});

t.test('START', async (t) => {
  const start = { canResume: true, resumeAfter: 4711, head: 4713 };
  t.strictSame(readStart(readerOf('start', FRAME.start)), start);
  t.same(startFrame(start), example('start'));
  t.strictSame(naive.readStart(naive.readFrame(example('start'), FRAME.start)), start);
  t.same(naive.writeFrame(FRAME.start, naive.writeStart(start)), example('start'));
});

t.test('LOG: a registration and a Contact: *', async (t) => {
  const reader = readerOf('log', FRAME.log);
  t.equal(reader.u48(), 4712);
  t.equal(reader.u16(), 2);
  t.strictSame([readState(reader), readState(reader)], [ALICE, BOB]);
  t.equal(reader.left, 0);
  t.same(logFrame(4711, [ALICE, BOB]), example('log'));
  const log = { first: 4712, states: [ALICE, BOB] };
  t.strictSame(naive.readLog(naive.readFrame(example('log'), FRAME.log)), log);
  t.same(naive.writeFrame(FRAME.log, naive.writeLog(log)), example('log'));
});

/** As a node sends it whose log stands at `head`. */
function logFrame(head: number, states: readonly AorState[]): Buffer | undefined {
  const log = new ChangeLog(1_000_000);
  for (let position = 1; position <= head; position++) log.append('x', undefined, []);
  log.keep();
  for (const { aor, floor, records } of states) log.append(aor, floor, records);
  log.cut(0);
  return log.after(head)?.bytes;
}

t.test('ACK', async (t) => {
  const ack = { applied: 4713, bulkBytes: 0 };
  t.strictSame(readAck(readerOf('ack', FRAME.ack)), ack);
  t.same(ackFrame(ack), example('ack'));
  t.strictSame(naive.readAck(naive.readFrame(example('ack'), FRAME.ack)), ack);
  t.same(naive.writeFrame(FRAME.ack, naive.writeAck(ack)), example('ack'));
});

t.test('HEARTBEAT', async (t) => {
  const heartbeat: HeartbeatFrame = {
    sentAtMs: NOON + 2000,
    echoSentAtMs: NOON + 1500,
    echoHeldMs: 480,
    synced: true,
    inSync: true,
    ready: true,
    lacksForeign: false,
    roleTakenAtMs: NOON - 60_000,
    head: 905,
    durableOwn: 902,
    durableYours: 4711,
  };
  t.strictSame(readHeartbeat(readerOf('heartbeat', FRAME.heartbeat)), heartbeat);
  t.same(heartbeatFrame(heartbeat), example('heartbeat'));
  t.strictSame(naive.readHeartbeat(naive.readFrame(example('heartbeat'), FRAME.heartbeat)), heartbeat);
  t.same(naive.writeFrame(FRAME.heartbeat, naive.writeHeartbeat(heartbeat)), example('heartbeat'));
});

t.test('DIGESTS', async (t) => {
  const digests = {
    firstBucket: 16_382,
    digests: [
      { high: 0, low: 0 },
      { high: 0xaf4d3663, low: 0xf79fa386 },
    ],
  };
  t.strictSame(readDigests(readerOf('digests', FRAME.digests)), digests);
  t.strictSame(naive.readDigests(naive.readFrame(example('digests'), FRAME.digests)), digests);
  t.same(naive.writeFrame(FRAME.digests, naive.writeDigests(digests)), example('digests'));
});

t.test('WANT', async (t) => {
  t.same(readWant(readerOf('want', FRAME.want)), [5, 9329]);
  t.same(wantFrame([5, 9329]), example('want'));
  t.same(naive.readWant(naive.readFrame(example('want'), FRAME.want)), [5, 9329]);
  t.same(naive.writeFrame(FRAME.want, naive.writeWant([5, 9329])), example('want'));
});

t.test('PAIRS names an AoR by its hashes and digest', async (t) => {
  const pairs: PairsFrame = { bucket: 9329, overflow: false, pairs: [{ ...summaryOf(ALICE) }] };
  t.strictSame(readPairs(readerOf('pairs', FRAME.pairs)), pairs);
  t.same(pairsFrame(pairs), example('pairs'));
  t.strictSame(naive.readPairs(naive.readFrame(example('pairs'), FRAME.pairs)), pairs);
  t.same(naive.writeFrame(FRAME.pairs, naive.writePairs(pairs)), example('pairs'));
});

t.test('STATES: a floor, a removal and a judgement of a contact that was permanent', async (t) => {
  const reader = readerOf('states', FRAME.states);
  t.equal(reader.u16(), 1);
  t.strictSame(readState(reader), CAROL);
  t.equal(reader.left, 0);
  t.same(statesFrame(CAROL), example('states'));
  t.strictSame(naive.readStates(naive.readFrame(example('states'), FRAME.states)), [CAROL]);
  t.same(naive.writeFrame(FRAME.states, naive.writeStates([CAROL])), example('states'));
});

/** As a node sends it that holds only this, to one that holds nothing. */
function statesFrame(state: AorState): Buffer | undefined {
  const table = new LocationTable(settings());
  table.merge(state, 'peer', NOON);
  const supply = new Supply(table);
  supply.digests({ firstBucket: 0, digests: Array.from({ length: BUCKETS }, () => ({ high: 0, low: 0 })) });
  const next = supply.next(NOON);
  return next?.kind === 'frame' ? next.bytes : undefined;
}

t.test('END and DONE', async (t) => {
  t.equal(readerOf('end', FRAME.end).u48(), 4713);
  t.same(endFrame(4713), example('end'));
  t.equal(naive.readEnd(naive.readFrame(example('end'), FRAME.end)), 4713);
  t.same(naive.writeFrame(FRAME.end, naive.writeEnd(4713)), example('end'));
  t.equal(bodyOf(example('done'), FRAME.done).length, 0);
  t.same(doneFrame(), example('done'));
  t.same(naive.writeFrame(FRAME.done, []), example('done'));
});

t.test('the check sum of the page is the one of the code', async (t) => {
  t.match(PAGE.replaceAll(/\s+/g, ' '), 'of the nine octets `123456789` it is cbf43926');
  t.equal(naive.naiveCrc32([...Buffer.from('123456789')]), 0xcbf43926);
  const sealed = frame(FRAME.want, (out) => out.octets(Buffer.from('anything')));
  t.same(naive.writeFrame(FRAME.want, [...Buffer.from('anything')]), sealed);
});

/** The cells of each row of the table with this heading. */
function tableOf(heading: string): string[][] {
  const [, rows = ''] = PAGE.split(`\n${heading}\n`);
  const lines = rows.split('\n').slice(1);
  return lines.slice(0, lines.indexOf('')).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

t.test('the hashes and digests of the page are those of the code', async (t) => {
  const rows = tableOf('| AoR | part | bucket hash | check hash | bucket | high | low |');
  const share = new DigestShare();
  const { hash, check, high, low } = summaryOf(CAROL);
  const carol = (part: string, digest: { readonly high: number; readonly low: number }) => [
    CAROL.aor,
    part,
    hex(hash),
    hex(check),
    String(bucketOf(hash)),
    hex(digest.high),
    hex(digest.low),
  ];
  const [removed, judged] = CAROL.records;
  if (removed === undefined || judged === undefined || CAROL.floor === undefined) throw new Error('incomplete');
  const alice = summaryOf(ALICE);
  const expected = [
    [ALICE.aor, 'the record', hex(alice.hash), hex(alice.check), '9329', hex(alice.high), hex(alice.low)],
    carol('the removed record', (share.ofRecord(hash, removed), { ...share })),
    carol('the judged record', (share.ofRecord(hash, judged), { ...share })),
    carol('the floor', (share.ofFloor(hash, CAROL.floor.version), { ...share })),
    carol('all', { high, low }),
  ];
  t.same(rows, expected);
  t.same(rows.at(1)?.slice(5), words(naiveShareOfRecord(CAROL.aor, removed)));
  t.same(rows.at(2)?.slice(5), words(naiveShareOfRecord(CAROL.aor, judged)));
  t.same(rows.at(3)?.slice(5), words(naiveShareOfFloor(CAROL.aor, CAROL.floor)));
  t.same(rows.at(4)?.slice(5), words(naiveDigestOf(CAROL)));
  t.same([naiveBucketHash(CAROL.aor), naiveCheckHash(CAROL.aor)], [hash, check]);
});

function words({ high, low }: { readonly high: number; readonly low: number }): string[] {
  return [hex(high), hex(low)];
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

t.test('the table of types is that of the code', async (t) => {
  const rows = tableOf('| type | name | body | when |').map(([number, name]) => [name?.toLowerCase(), Number(number)]);
  t.same(rows, Object.entries(FRAME));
});

t.test('the table of goodbyes is that of the code', async (t) => {
  const rows = tableOf('| number | reason | meaning |').map(([number, reason]) => [Number(number), reason]);
  t.same(
    rows,
    GOODBYE_REASONS.map((reason, index) => [index + 1, reason]),
  );
  for (const [number, reason] of rows) {
    const bytes = goodbyeFrame({ reason: reason as (typeof GOODBYE_REASONS)[number], text: '' });
    t.equal(naive.readGoodbye(naive.readFrame(bytes, FRAME.goodbye)).reason, number);
  }
});

t.test('the table of limits is that of the code', async (t) => {
  const rows = tableOf('| name | value | at or beyond it |').map(([name, value]) => [
    name?.replaceAll('`', ''),
    Number(value?.replaceAll(' ', '')),
  ]);
  t.same(Object.fromEntries(rows), { ...limits });
  t.equal(BUCKETS, 16_384);
  t.equal(HORIZON_S, 86_400);
});
