import t, { type Test } from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import { HORIZON_MS } from '../../lib/location/horizon.ts';
import { PERMANENT, type AorState } from '../../lib/location/record.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { doneFrame, endFrame, frame, pairsFrame, startFrame, wantFrame } from '../../lib/replication/frames.ts';
import { helloFrame } from '../../lib/replication/hello.ts';
import { BODY_BYTES_MAX } from '../../lib/replication/limits.ts';
import { put, version } from '../location/support/states.ts';
import { BesiegedDaemon, clusterText, BIN_PORT } from '../support/besieged-daemon.ts';
import { Daemon, type DumpedAor } from '../support/daemon.ts';
import { digestsFrame, FollowingTwin, logFrame, statesFrame, type Following } from '../support/following-twin.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { bodyOf, helloWith, RawTwin } from '../support/raw-twin.ts';
import { until } from '../support/until.ts';

const LOAD = { perSecond: 500, phones: 100 };
const SECOND_MS = 1000;

/** What the twin has at position 1 of its log unless a test says otherwise. */
function state(aor: string, fields: Parameters<typeof put>[1] = {}): AorState {
  const nowMs = Date.now();
  const record = put('sip:x@192.0.2.1', {
    version: version(nowMs, 0, 2),
    expiresAtMs: nowMs + 60 * SECOND_MS,
    ...fields,
  });
  return { aor, floor: undefined, records: [record] };
}

interface Violation {
  readonly name: string;
  /** What a twin in sync does. */
  readonly commits: (twin: FollowingTwin) => Promise<void> | void;
  readonly code: string;
}

const good = () => state('good@example.com');
const now = () => Date.now();

/** Of a twin that is in sync, and whose log is at position 0. */
const VIOLATIONS: readonly Violation[] = [
  {
    name: 'a log with a gap',
    commits: ({ raw }) => raw.send(logFrame(1, [good()]), logFrame(3, [good()])),
    code: 'log-gap',
  },
  {
    name: 'a log that goes back',
    commits: ({ raw }) => raw.send(logFrame(1, [good(), good()]), logFrame(2, [good()])),
    code: 'log-gap',
  },
  { name: 'a log frame with nothing in it', commits: ({ raw }) => raw.send(logFrame(1, [])), code: 'log-gap' },
  {
    name: 'a log frame that ends before its entries do',
    commits: ({ raw }) => raw.send(withBody(FRAME.log, bodyOf(logFrame(1, [good()])).subarray(0, -5))),
    code: 'frame-malformed',
  },
  {
    name: 'a log frame that goes on behind its entries',
    commits: ({ raw }) =>
      raw.send(withBody(FRAME.log, Buffer.concat([bodyOf(logFrame(1, [good()])), Buffer.from('x')]))),
    code: 'frame-malformed',
  },
  {
    name: 'a permanent binding that does not say so',
    commits: ({ raw }) => raw.send(logFrame(1, [state('bad@example.com', { expiresAtMs: PERMANENT, sticky: false })])),
    code: 'record-invalid',
  },
  {
    name: 'a binding that lives longer than any may',
    commits: ({ raw }) =>
      raw.send(logFrame(1, [state('bad@example.com', { expiresAtMs: now() + HORIZON_MS + 60 * SECOND_MS })])),
    code: 'record-invalid',
  },
  {
    name: 'two records with one key',
    commits: ({ raw }) => {
      const { aor, floor, records } = good();
      raw.send(logFrame(1, [{ aor, floor, records: [...records, ...records] }]));
    },
    code: 'record-invalid',
  },
  { name: 'an AoR without a name', commits: ({ raw }) => raw.send(logFrame(1, [state('')])), code: 'record-invalid' },
  {
    name: 'a version of no node',
    commits: ({ raw }) => raw.send(logFrame(1, [state('bad@example.com', { version: version(now(), 0, 0) })])),
    code: 'record-invalid',
  },
  {
    name: 'an acknowledgement of what was never sent',
    commits: (twin) => twin.acknowledge(twin.applied + 1_000_000),
    code: 'frame-unexpected',
  },
  { name: 'an acknowledgement that goes back', commits: acknowledgesAgain, code: 'frame-unexpected' },
  {
    name: 'more of a reconciliation acknowledged than was sent',
    commits: (twin) => twin.acknowledge(twin.applied, twin.bulkBytes + 1),
    code: 'frame-unexpected',
  },
  { name: 'an end mark that nobody waits for', commits: ({ raw }) => raw.send(endFrame(0)), code: 'frame-unexpected' },
  { name: 'an end mark of another position', commits: ({ raw }) => raw.send(endFrame(7)), code: 'log-gap' },
  { name: 'an answer to no end mark', commits: ({ raw }) => raw.send(doneFrame()), code: 'frame-unexpected' },
  {
    name: 'a question that nobody can answer any more',
    commits: ({ raw }) => raw.send(wantFrame([1])),
    code: 'frame-unexpected',
  },
  {
    name: 'AoRs of a bucket that nobody asked about',
    commits: ({ raw }) => raw.send(pairsFrame({ bucket: 5, overflow: false, pairs: [] })),
    code: 'frame-unexpected',
  },
  {
    name: 'states that nobody asked for',
    commits: ({ raw }) => raw.send(statesFrame([good()])),
    code: 'frame-unexpected',
  },
  {
    name: 'digests from the middle',
    commits: ({ raw }) => raw.send(digestsFrame(1024, true)),
    code: 'frame-unexpected',
  },
  {
    name: 'digests of buckets that do not exist',
    commits: ({ raw }) => raw.send(digestsFrame(0, true, 16_000), digestsFrame(16_000, true, 1000)),
    code: 'frame-unexpected',
  },
  {
    name: 'a second start',
    commits: ({ raw }) => raw.send(startFrame({ canResume: false, resumeAfter: 0, head: 0 })),
    code: 'frame-unexpected',
  },
  { name: 'a second hello', commits: ({ raw }) => raw.send(helloFrame(helloWith({}))), code: 'frame-unexpected' },
  { name: 'a second proof', commits: ({ raw }) => raw.send(raw.sent[1] ?? Buffer.alloc(0)), code: 'frame-unexpected' },
  {
    name: 'a frame of an unknown type',
    commits: ({ raw }) => raw.send(withBody(99, Buffer.from('x'))),
    code: 'frame-un(expected|known)',
  },
  {
    name: 'a frame with a wrong check sum',
    commits: ({ raw }) => {
      const bytes = Buffer.from(logFrame(1, [good()]));
      bytes[30] = (bytes[30] ?? 0) ^ 1;
      raw.send(bytes);
    },
    code: 'frame-damaged',
  },
  {
    name: 'a frame that is longer than any may be',
    commits: ({ raw }) => raw.send(withBody(FRAME.log, Buffer.alloc(BODY_BYTES_MAX + 1))),
    code: 'frame-too-long',
  },
  {
    name: 'a heartbeat that is cut short',
    commits: ({ raw }) => raw.send(withBody(FRAME.heartbeat, Buffer.alloc(9))),
    code: 'frame-malformed',
  },
];

/** What goes wrong before the twin is in sync: right behind its start, or while both compare. */
const EARLY: readonly (Following & {
  readonly name: string;
  readonly frames: readonly Buffer[];
  readonly code: string;
})[] = [
  { name: 'an end mark before the digests', frames: [endFrame(0)], code: 'frame-unexpected' },
  { name: 'a question about a bucket that does not exist', frames: [wantFrame([BUCKETS])], code: 'frame-unexpected' },
  {
    name: 'questions about more buckets than there are',
    frames: [wantFrame(Array.from({ length: BUCKETS }, (_, bucket) => bucket)), wantFrame([0])],
    code: 'frame-unexpected',
  },
  { name: 'an answer to an end mark that has not come', frames: [doneFrame()], code: 'frame-unexpected' },
];

t.test('a twin that breaks the protocol loses its link, and nothing else happens', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { load: LOAD });
  for (const { name, commits, code } of VIOLATIONS) {
    await t.test(name, async (t) => {
      const twin = await FollowingTwin.inSync(t, besieged);
      await besieged.serves(t, 'a phone is served in sync');
      await commits(twin);
      await besieged.serves(t, 'a phone is served meanwhile');
      await isSentAway(t, besieged, twin.raw, code);
    });
  }
  for (const { name, frames, code } of EARLY) {
    await t.test(name, async (t) => {
      const raw = await RawTwin.connect(t, besieged);
      await raw.greet();
      await raw.frame(FRAME.start);
      raw.send(Buffer.concat([startFrame({ canResume: false, resumeAfter: 0, head: 0 }), ...frames]));
      await isSentAway(t, besieged, raw, code);
    });
  }
  await t.test('a log that does not go on where it was agreed', (t) => resumesElsewhere(t, besieged));
  await t.test('nothing of it is in the table, and what came before it is', async (t) => {
    const dump = await besieged.daemon.dump();
    t.same(
      dump.filter(({ AOR }) => AOR.startsWith('bad@')),
      [],
    );
    t.equal(dump.filter(({ AOR }) => AOR === 'good@example.com').length, 1);
  });
  await besieged.unharmed(t);
  await t.test('a twin that keeps to the protocol comes in sync', (t) => comesInSync(t, besieged));
});

async function isSentAway(t: Test, besieged: BesiegedDaemon, raw: RawTwin, code: string): Promise<void> {
  const text = new RegExp(`^${code}: `);
  t.match(await raw.ended(), { reason: 'protocol-error', text }, 'the other end is told');
  t.match(await besieged.refusal(), { by: 'us', reason: 'protocol-error', text }, 'the operator is told');
  const lines = besieged.lines('replication protocol broken by the other end');
  t.ok(
    lines.some((line) => new RegExp(`^${code}$`).test(String(line['code']))),
    'and so is the log',
  );
  await besieged.serves(t, 'a phone is served afterwards');
}

/** Two log frames were acknowledged as they came; then the first of them once more. */
async function acknowledgesAgain(twin: FollowingTwin): Promise<void> {
  while (twin.logEnds.length < 2) await new Promise((resolve) => twin.raw.socket.once('data', resolve));
  twin.acknowledges = false;
  twin.acknowledge(twin.logEnds.at(-2));
}

async function resumesElsewhere(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const incarnation = 77;
  const first = await FollowingTwin.inSync(t, besieged, { hello: { incarnation } });
  await besieged.serves(t);
  first.acknowledges = false;
  const { applied, theirHello } = first;
  await first.raw.close();
  const raw = await RawTwin.connect(t, besieged);
  const holds = { incarnation: theirHello.incarnation, position: applied };
  const theirs = await raw.greet({ hello: { incarnation, holds } });
  t.match(theirs.holds, { incarnation, position: 0 }, 'the daemon would go on');
  const start = await raw.frame(FRAME.start);
  t.equal(start[0], 1, 'and says so');
  raw.send(startFrame({ canResume: true, resumeAfter: 5, head: 5 }));
  await isSentAway(t, besieged, raw, 'log-gap');
}

/** A real one, with its own table. */
async function comesInSync(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const address = loopbackAddress();
  const config = clusterText({ nodeId: 2, address, twinAddress: besieged.address });
  const twin = await Daemon.start(t, { address, bin: BIN_PORT, config });
  await until(async () => (await twin.status()).replication?.outgoing === 'in-sync');
  await besieged.rest(t);
  t.same(shown(await twin.dump()), shown(await besieged.daemon.dump()), 'and both show the same');
  await twin.stop();
}

function shown(dump: readonly DumpedAor[]): readonly string[] {
  return dump
    .flatMap(({ AOR, Contacts }) => Contacts.map(({ Contact, Callid, Cseq }) => `${AOR} ${Contact} ${Callid} ${Cseq}`))
    .toSorted();
}

function withBody(type: number, body: Buffer): Buffer {
  return frame(type, (out) => out.octets(body));
}
