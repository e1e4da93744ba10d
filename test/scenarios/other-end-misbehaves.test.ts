import t, { type Test } from 'tap';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Hello } from '../../lib/replication/hello.ts';
import { helloFrame } from '../../lib/replication/hello.ts';
import { authFrame } from '../../lib/replication/auth.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { frame, sealFrame, startFrame } from '../../lib/replication/frames.ts';
import { goodbyeFrame } from '../../lib/replication/goodbye.ts';
import type { LogLine } from '../support/daemon.ts';
import { BesiegedDaemon, BIN_PORT } from '../support/besieged-daemon.ts';
import { FollowingTwin } from '../support/following-twin.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { bodyOf, helloWith, RawTwin, type Greeting } from '../support/raw-twin.ts';
import { until } from '../support/until.ts';

const LOAD = { perSecond: 500, phones: 100 };
const HOUR_MS = 3_600_000;
const OTHER_SECRET = 'fedcba9876543210fedcba9876543210';

/** What has been stamped by now is no clean daemon's any more. */
const USED: Partial<Hello> = { clean: false };

interface Refused {
  readonly name: string;
  readonly greeting: Greeting;
  readonly reason: string;
  readonly text: RegExp;
}

const rules = (fields: Partial<Hello['keyRules']>): Greeting => ({
  hello: { keyRules: { ...helloWith({}).keyRules, ...fields } },
});

const REFUSED: readonly Refused[] = [
  {
    name: 'another secret',
    greeting: { secrets: [OTHER_SECRET] },
    reason: 'wrong-secret',
    text: /node 2 did not prove that it knows the secret of node 1/,
  },
  {
    name: 'a secret on one side only',
    greeting: { secrets: [] },
    reason: 'wrong-secret',
    text: /node 1 has a secret and node 2 has none/,
  },
  {
    name: 'a secret that is said to be there, and no proof',
    greeting: { secrets: [], hello: { usesSecret: true } },
    reason: 'wrong-secret',
    text: /did not prove/,
  },
  {
    name: 'another cluster',
    greeting: { hello: { clusterId: 7 } },
    reason: 'wrong-cluster',
    text: /cluster 7.*cluster 1/,
  },
  {
    name: 'a node that nobody knows',
    greeting: { hello: { nodeId: 3 } },
    reason: 'unknown-node',
    text: /node 3 is not known to node 1, where node 2 is named for cluster 1/,
  },
  {
    name: 'the same node id',
    greeting: { hello: { nodeId: 1 } },
    reason: 'same-node-id',
    text: /both nodes have the id 1/,
  },
  {
    name: 'an older protocol',
    greeting: { hello: { versionLeast: 0, versionMost: 0 } },
    reason: 'protocol-version',
    text: /version 0, this node 1: upgrade the older one/,
  },
  {
    name: 'a newer protocol',
    greeting: { hello: { versionLeast: 2, versionMost: 9 } },
    reason: 'protocol-version',
    text: /version 2 to 9, this node 1: upgrade the older one/,
  },
  {
    name: 'another H',
    greeting: { hello: { horizonS: 7200 } },
    reason: 'horizon',
    text: /7200 s at node 2 and 86400 s at node 1/,
  },
  {
    name: 'another matching_mode',
    greeting: rules({ matchingMode: 1 }),
    reason: 'key-rules',
    text: /matching_mode is 1 at node 2 and 0 at node 1/,
  },
  {
    name: 'another use_domain',
    greeting: rules({ useDomain: false }),
    reason: 'key-rules',
    text: /use_domain is 0 at node 2 and 1 at node 1/,
  },
  {
    name: 'another case_sensitive',
    greeting: rules({ caseSensitive: false }),
    reason: 'key-rules',
    text: /case_sensitive is 0 at node 2/,
  },
  {
    name: 'another realm_prefix',
    greeting: rules({ realmPrefix: 'sip.' }),
    reason: 'key-rules',
    text: /realm_prefix is "sip\." at node 2 and "" at node 1/,
  },
  {
    name: 'a clock an hour ahead, and both have stamped',
    greeting: { hello: USED, aheadMs: HOUR_MS },
    reason: 'clock',
    text: /it is \S+Z at node 2 and \S+Z at node 1, more than 60 s apart: set the wrong clock right/,
  },
  {
    name: 'a clock an hour behind, and both have stamped',
    greeting: { hello: USED, aheadMs: -HOUR_MS },
    reason: 'clock',
    text: /more than 60 s apart/,
  },
];

t.test('whoever is not the twin, or is set up otherwise, does no harm', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { load: LOAD });
  await t.test('a twin that is set up otherwise is told why, and so is the operator', (t) => refusals(t, besieged));
  await t.test('whoever does not speak the protocol is sent away with a word', (t) => strangers(t, besieged));
  await t.test('what was recorded, or is sent back, proves nothing', (t) => replays(t, besieged));
  await t.test('a twin whose clock is an hour off and who has not used it comes over to the daemon', async (t) => {
    const twin = await FollowingTwin.inSync(t, besieged, { aheadMs: HOUR_MS, adopts: true });
    await besieged.serves(t);
    t.same(besieged.lines('cluster time taken over'), [], 'whose own time stays');
    await twin.raw.close();
  });
  await besieged.unharmed(t);
});

async function refusals(t: Test, besieged: BesiegedDaemon): Promise<void> {
  for (const refused of REFUSED) await t.test(refused.name, (t) => isRefused(t, besieged, refused));

  await t.test('the reasons stand in the log, each once a minute', async (t) => {
    const lines = besieged.lines('replication link refused');
    t.same(new Set(lines.map(({ reason }) => reason)), new Set(REFUSED.map(({ reason }) => reason)));
    const said = lines.map(({ by, reason, text }) => `${by} ${reason} ${String(text).replaceAll(/\d+/g, '#')}`);
    t.same(said, [...new Set(said)], 'and not more often');
    t.equal(lines.filter(({ reason }) => reason === 'clock').length, 1, 'two wrong clocks are one sentence');
  });
  await t.test('another max_contacts is warned about, and no more', async (t) => {
    const twin = await FollowingTwin.inSync(t, besieged, rules({ maxContacts: 3 }));
    const line = await besieged.daemon.logged('max_contacts differs between the nodes: the smaller one counts on both');
    t.match(line, { ours: 0, theirs: 3, level: 40 });
    await besieged.serves(t);
    await twin.raw.close();
  });
  await t.test('a later version that still speaks this one may say more in its hello', async (t) => {
    const own = sealedWith(helloFrame(helloWith({ versionMost: 2 })), Buffer.from('what version 2 adds'));
    const raw = await RawTwin.connect(t, besieged);
    raw.send(own);
    raw.prove(own, (await raw.theirHello()).body);
    t.ok(await raw.frame(FRAME.start), 'it is let in');
    await raw.close();
  });
  await t.test('`twinreg status --json` says what MI says', async (t) => {
    const { out } = await besieged.daemon.twinreg('status', '--json');
    const { replication } = JSON.parse(out) as { readonly replication?: object };
    t.match(replication, { twin_id: 2, last_refusal: { reason: /./, text: /./ } });
  });
}

async function isRefused(t: Test, besieged: BesiegedDaemon, { greeting, reason, text }: Refused): Promise<void> {
  const raw = await RawTwin.connect(t, besieged);
  await besieged.serves(t, 'a phone is served before the hello');
  // A refused hello is answered with a goodbye at once, so that no proof can be sent any more.
  await raw.greet(greeting);
  t.match(await raw.ended(), { reason, text }, 'the other end is told');
  t.match(await besieged.refusal(), { by: 'us', reason, text }, 'the operator is told');
  await besieged.serves(t, 'a phone is served afterwards');
}

t.test('a node without a secret refuses one that has one', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { cluster: { clusterer: ['no_secret: yes'] } });
  const text = /node 2 has a secret and node 1 has none/;
  await isRefused(t, besieged, { name: '', greeting: {}, reason: 'wrong-secret', text });
  const raw = await RawTwin.connect(t, besieged);
  const own = helloFrame(helloWith({ usesSecret: false }));
  raw.send(own);
  raw.prove(own, (await raw.theirHello()).body);
  t.match(await raw.ended(), { reason: 'wrong-secret' }, 'a proof where none is due');
  const twin = await FollowingTwin.inSync(t, besieged, { secrets: [] });
  await twin.raw.close();
  await besieged.unharmed(t);
});

t.test('two daemons with one node id find out, and both go on', async (t) => {
  const [first, second] = [loopbackAddress(), loopbackAddress()];
  const clusterer = ['secret: 0123456789abcdef0123456789abcdef', 'node_timeout: 1'];
  const daemons = await Promise.all([
    BesiegedDaemon.start(t, { address: first, cluster: { twinAddress: second, clusterer }, load: LOAD }),
    BesiegedDaemon.start(t, { address: second, cluster: { twinAddress: first, clusterer }, load: LOAD }),
  ]);
  for (const besieged of daemons) {
    const line = await besieged.daemon.logged('replication link refused');
    t.match(line, { reason: 'same-node-id', text: /both nodes have the id 1: give one of them another my_node_id/ });
    t.match(await besieged.refusal(), { reason: 'same-node-id', text: /my_node_id/ });
    const { replication } = await besieged.look();
    t.match(replication?.waits_for, /my_node_id/, 'what it waits for says so');
    await besieged.unharmed(t);
  }
});

t.test('a daemon that has not used its clock takes over the time of a twin that has, an hour off', async (t) => {
  const besieged = await BesiegedDaemon.start(t);
  const twin = await FollowingTwin.join(t, besieged, { hello: USED, aheadMs: HOUR_MS });
  const line = await besieged.daemon.logged('cluster time taken over');
  t.ok(Math.abs(Number(line['shiftedMs']) - HOUR_MS) < 60_000, `moved by ${String(line['shiftedMs'])} ms`);
  t.equal(line.level, 40);
  await twin.inSync();
  await besieged.serves(t);
  const [record] = twin.states.get('witness1@example.com')?.records ?? [];
  const aheadMs = (record?.version.ms ?? 0) - Date.now();
  t.ok(Math.abs(aheadMs - HOUR_MS) < 60_000, `it stamps by it: ${aheadMs} ms ahead`);
  const [contact] = await besieged.daemon.contactsOf('witness1@example.com');
  t.ok(contact !== undefined && contact.Expires > 3500 && contact.Expires <= 3600, 'lifetimes are what they were');
  await twin.raw.close();
  await isRefused(t, besieged, { name: '', greeting: { hello: USED }, reason: 'clock', text: /60 s apart/ });
  await besieged.unharmed(t);
});

interface Broken {
  readonly name: string;
  /** Sent before anything else; the frames of a hello, if they are wanted, among them. */
  readonly octets: (twin: RawTwin) => Promise<void> | void;
  readonly code: string;
}

const STRANGERS: readonly Broken[] = [
  ...[1, 2, 3].map((seed): Broken => ({
    name: `octets at random (${seed})`,
    octets: (twin) => twin.send(pseudoRandom(seed, 100_000)),
    code: 'frame-too-long',
  })),
  {
    name: 'an HTTP request',
    octets: (twin) => twin.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
    code: 'frame-too-long',
  },
  {
    name: 'a SIP request',
    octets: (twin) => twin.send(Buffer.from('REGISTER sip:example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n')),
    code: 'frame-too-long',
  },
  {
    name: 'a TLS hello',
    octets: (twin) => twin.send(Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(190)),
    code: 'frame-too-long',
  },
  {
    name: 'a frame that claims 4 GB',
    octets: (twin) => twin.send(Buffer.from('ffffffff01', 'hex'), Buffer.alloc(65_536)),
    code: 'frame-too-long',
  },
  {
    name: 'a frame of 255 KB before the proof',
    octets: (twin) => twin.send(frame(FRAME.hello, (out) => out.octets(Buffer.alloc(255 * 1024)))),
    code: 'frame-too-long',
  },
  {
    name: 'a frame with a wrong check sum',
    octets: (twin) => twin.send(damaged(helloFrame(helloWith({})))),
    code: 'frame-damaged',
  },
  {
    name: 'a hello without its first letters',
    octets: (twin) => twin.send(withBody(FRAME.hello, Buffer.alloc(90, 1))),
    code: 'frame-malformed',
  },
  {
    name: 'a hello that ends too soon',
    octets: (twin) => twin.send(withBody(FRAME.hello, bodyOf(helloFrame(helloWith({}))).subarray(0, 40))),
    code: 'frame-malformed',
  },
  {
    name: 'a hello with a matching_mode that does not exist',
    octets: (twin) => twin.send(withMatchingMode(7)),
    code: 'frame-malformed',
  },
  {
    name: 'an empty frame of type 0',
    octets: (twin) => twin.send(withBody(0, Buffer.alloc(0))),
    code: 'frame-unexpected',
  },
  {
    name: 'a frame of an unknown type',
    octets: (twin) => twin.send(withBody(99, Buffer.from('x'))),
    code: 'frame-unexpected',
  },
  {
    name: 'a proof before any hello',
    octets: (twin) => twin.send(authFrame([], Buffer.alloc(1), Buffer.alloc(1), { helloReceivedAtMs: 1, sentAtMs: 1 })),
    code: 'frame-unexpected',
  },
  {
    name: 'two hellos',
    octets: (twin) => twin.send(helloFrame(helloWith({})), helloFrame(helloWith({}))),
    code: 'frame-unexpected',
  },
  {
    name: 'a start in place of the proof',
    octets: (twin) => twin.send(helloFrame(helloWith({})), startFrame({ canResume: true, resumeAfter: 0, head: 0 })),
    code: 'frame-unexpected',
  },
  {
    name: 'two hundred proofs',
    octets: (twin) => {
      const body = Buffer.alloc(13);
      body[12] = 200;
      twin.send(helloFrame(helloWith({})), withBody(FRAME.auth, body));
    },
    code: 'frame-malformed',
  },
];

async function strangers(t: Test, besieged: BesiegedDaemon): Promise<void> {
  for (const { name, octets, code } of STRANGERS) {
    await t.test(name, async (t) => {
      const raw = await RawTwin.connect(t, besieged);
      await octets(raw);
      await besieged.serves(t, 'a phone is served meanwhile');
      t.match(await raw.ended(), { reason: 'protocol-error', text: new RegExp(`^${code}: `) }, 'the other end is told');
      const told = { reason: 'protocol-error', text: new RegExp(`^${code}: `) };
      t.match(await besieged.stranger(), told, 'the operator is told');
      const isCode = (line: LogLine) => line['code'] === code;
      t.ok(besieged.lines('replication protocol broken by the other end').some(isCode), 'and so is the log');
      await besieged.serves(t, 'a phone is served afterwards');
    });
  }
  await t.test('what terminals obey in a goodbye is shown to none', async (t) => {
    const text = '\u001b]0;gotcha\u0007\u001b[2J\r\n{"level":60}';
    const goodbye = goodbyeFrame({ reason: 'wrong-secret', text });
    const raw = await RawTwin.connect(t, besieged);
    raw.send(goodbye);
    await raw.ended();
    t.notMatch(await besieged.refusal(), { by: 'twin' }, 'of a stranger it is not even the twin that said it');
    const twin = await FollowingTwin.inSync(t, besieged);
    twin.raw.send(goodbye);
    await twin.raw.ended();
    t.match(await besieged.refusal(), { by: 'twin', reason: 'wrong-secret', text: /gotcha/ });
    const { out } = await besieged.daemon.twinreg('status');
    const isObeyed = (octet: number) => (octet < 0x20 && octet !== 0x0a) || octet === 0x7f;
    t.match(out, /gotcha/);
    t.notOk(Buffer.from(out).some(isObeyed));
    await besieged.serves(t);
  });
}

async function replays(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const recorded = await FollowingTwin.inSync(t, besieged);
  const [hello = Buffer.alloc(0), auth = Buffer.alloc(0), ...further] = recorded.raw.sent;
  await recorded.raw.close();

  await t.test('a recorded hello and proof', async (t) => {
    const raw = await RawTwin.connect(t, besieged);
    raw.send(hello, auth, ...further);
    t.match(await raw.ended(), { reason: 'wrong-secret', text: /did not prove/ });
    t.match(await besieged.refusal(), { by: 'us', reason: 'wrong-secret', text: /did not prove/ });
  });
  await t.test("the daemon's own proof, reflected", async (t) => {
    const raw = await RawTwin.connect(t, besieged);
    raw.send(helloFrame(helloWith({})));
    raw.send(withBody(FRAME.auth, await raw.frame(FRAME.auth)));
    t.match(await raw.ended(), { reason: 'wrong-secret', text: /did not prove/ });
    t.match(await besieged.refusal(), { by: 'us', reason: 'wrong-secret' });
  });
  await t.test("the daemon's own hello and proof, reflected", async (t) => {
    const raw = await RawTwin.connect(t, besieged);
    raw.send(withBody(FRAME.hello, (await raw.theirHello()).body));
    t.match(await raw.ended(), { reason: 'same-node-id' });
    t.match(await besieged.refusal(), { by: 'us', reason: 'same-node-id' });
  });
  await t.test('a proof from one connection on another', async (t) => {
    const [first, second] = [await RawTwin.connect(t, besieged), await RawTwin.connect(t, besieged)];
    const own = helloFrame(helloWith({}));
    first.send(own);
    second.send(own);
    // The daemon that dials would prove itself to the one that listens; its proof for one connection is sent on the other.
    second.send(withBody(FRAME.auth, await first.frame(FRAME.auth)));
    t.match(await second.ended(), { reason: 'wrong-secret' });
    await first.close();
  });
  t.ok(besieged.lines('replication link refused').some(({ reason }) => reason === 'wrong-secret'));
}

interface Dialled {
  readonly name: string;
  readonly answers: (raw: RawTwin) => unknown;
  /** What the daemon then says that it waits for. */
  readonly trouble: RegExp;
}

/** What a daemon may find at the address that its table names. */
const DIALLED: readonly Dialled[] = [
  {
    name: 'somebody who closes at once',
    answers: ({ socket }) => socket.destroy(),
    trouble: /closed the connection before/,
  },
  {
    name: 'a web server',
    answers: ({ socket }) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    trouble: /frame-too-long/,
  },
  {
    name: 'somebody with another secret',
    answers: (raw) => raw.greet({ hello: { nodeId: 1 }, secrets: [OTHER_SECRET] }),
    trouble: /did not prove/,
  },
  {
    name: 'somebody who refuses',
    answers: ({ socket }) => socket.end(goodbyeFrame({ reason: 'unknown-node', text: 'node 2 is not known here' })),
    trouble: /node 2 is not known here/,
  },
  { name: 'somebody who says nothing', answers: () => undefined, trouble: /no proof of who is there within 3 s/ },
];

t.test('a daemon that dials somebody who is not its twin goes on dialling', async (t) => {
  const twinAddress = loopbackAddress();
  const arrivals: RawTwin[] = [];
  const server = createServer((socket) => arrivals.push(RawTwin.accepted(t, socket)));
  server.listen(BIN_PORT, twinAddress);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const besieged = await BesiegedDaemon.start(t, { cluster: { nodeId: 2, twinAddress }, load: LOAD });
  for (const { name, answers, trouble } of DIALLED) {
    await t.test(name, async (t) => {
      const raw = await until(() => arrivals.shift());
      await answers(raw);
      await besieged.serves(t, 'a phone is served meanwhile');
      await raw.ended();
      await until(() => arrivals.length > 0);
      t.pass('the daemon dials again');
      const { replication } = await besieged.look();
      t.match(replication?.waits_for, trouble, 'the operator is told');
    });
  }
  const raw = await until(() => arrivals.shift());
  const twin = await FollowingTwin.go(raw, { hello: { nodeId: 1 } });
  await twin.inSync();
  t.pass('the twin, when it is there at last, comes in sync');
  await raw.close();
  await besieged.unharmed(t);
});

/** The same octets at each run. */
function pseudoRandom(seed: number, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let part = 0; part * 32 < length; part += 1) parts.push(createHash('sha256').update(`${seed} ${part}`).digest());
  return Buffer.concat(parts, length);
}

function withBody(type: number, body: Buffer): Buffer {
  return frame(type, (out) => out.octets(body));
}

function sealedWith(whole: Buffer, more: Buffer): Buffer {
  return withBody(FRAME.hello, Buffer.concat([bodyOf(whole), more]));
}

function damaged(whole: Buffer): Buffer {
  const bytes = sealFrame(Buffer.from(whole), FRAME.hello);
  bytes[20] = (bytes[20] ?? 0) ^ 0x10;
  return bytes;
}

/** The octet stands behind the role's time, by the layout of a hello. */
function withMatchingMode(mode: number): Buffer {
  const body = Buffer.from(bodyOf(helloFrame(helloWith({}))));
  body[4 + 2 + 4 + 2 + 4 + 6 + 16 + 4 + 1 + 6] = mode;
  return withBody(FRAME.hello, body);
}
