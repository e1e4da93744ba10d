import t, { type Test } from 'tap';
import { once } from 'node:events';
import { FRAME } from '../../lib/replication/frame-type.ts';
import type { Goodbye } from '../../lib/replication/goodbye.ts';
import { helloFrame } from '../../lib/replication/hello.ts';
import { GREETING_LINKS_MAX } from '../../lib/replication/limits.ts';
import { put, version } from '../location/support/states.ts';
import { BesiegedDaemon, BIN_PORT, clusterText } from '../support/besieged-daemon.ts';
import { Daemon, type DumpedAor, type LogLine } from '../support/daemon.ts';
import { DRACHTIO } from '../support/engines.ts';
import { FollowingTwin, type Following } from '../support/following-twin.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { CLUSTER_SECRET, helloWith, RawTwin } from '../support/raw-twin.ts';
import { inTest } from '../support/soak.ts';
import { until } from '../support/until.ts';

const LOAD = { perSecond: 400, phones: 100 };
const HELLOS = 100_000;
const HELLOS_AT_ONCE = 1000;
/** On connections of their own; in a soak as many as in the test on one. */
const HELLO_CONNECTIONS = inTest(1000, { inSoak: HELLOS });
const ATTACKERS = 100;
const SILENT = 300;
const SLOW = 20;

t.test('strangers who come in crowds, slowly, or never to the point', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { load: LOAD });
  await t.test('a hundred thousand hellos on one connection', (t) => hellosOnOne(t, besieged));
  await t.test('a hello each on as many connections as there can be', (t) => hellosOnMany(t, besieged));
  await t.test('three hundred connections that say nothing', (t) => silence(t, besieged));
  await t.test('hellos of an octet a second', (t) => slowHellos(t, besieged));
  await besieged.unharmed(t);
});

async function hellosOnOne(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const raw = await RawTwin.connect(t, besieged);
  const hellos = Buffer.concat(Array.from({ length: HELLOS_AT_ONCE }, () => helloFrame(helloWith({}))));
  for (let sent = 0; sent < HELLOS && raw.socket.writable; sent += HELLOS_AT_ONCE) {
    if (!raw.socket.write(hellos)) await Promise.race([once(raw.socket, 'drain'), raw.ended()]);
  }
  t.match(await raw.ended(), { reason: 'protocol-error', text: /^frame-unexpected: / }, 'the other end is told');
  await besieged.serves(t);
}

/** Each attacker opens the next connection when its last one was ended; a proper twin gets in between. */
async function hellosOnMany(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const ends = new Map<string, number>();
  let left = HELLO_CONNECTIONS;
  let isIn = false;
  const attack = async () => {
    while (left > 0 || !isIn) {
      left -= 1;
      const raw = await RawTwin.connect(t, besieged).catch(() => undefined);
      raw?.send(helloFrame(helloWith({})), helloFrame(helloWith({})));
      const reason = (await raw?.ended())?.reason ?? 'none';
      ends.set(reason, (ends.get(reason) ?? 0) + 1);
    }
  };
  const attackers = Array.from({ length: ATTACKERS }, attack);
  const twin = await comesIn(t, besieged);
  isIn = true;
  t.pass('the twin comes in sync meanwhile');
  await besieged.serves(t, 'a phone is served meanwhile');
  await besieged.look();
  await Promise.all(attackers);
  t.ok((ends.get('protocol-error') ?? 0) > 0, `they are told, as far as they are let in: ${JSON.stringify([...ends])}`);
  t.notOk(twin.raw.socket.closed, 'the link of the twin stays');
  await twin.raw.close();
}

/** As a daemon does, it tries again. */
function comesIn(t: Test, besieged: BesiegedDaemon): Promise<FollowingTwin> {
  return until(() => FollowingTwin.inSync(t, besieged).catch(() => undefined));
}

async function silence(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const silent = await Promise.all(Array.from({ length: SILENT }, () => RawTwin.connect(t, besieged)));
  const ends = Promise.all(silent.map((raw) => raw.ended()));
  await besieged.serves(t, 'a phone is served meanwhile');
  const twin = await FollowingTwin.inSync(t, besieged);
  t.pass('the twin comes in sync meanwhile');
  const open = silent.filter(({ socket }) => !socket.closed).length;
  t.ok(open <= GREETING_LINKS_MAX, `${open} are still open`);
  await besieged.look();
  await isTold(t, besieged, await ends, ['too-many', 'timeout']);
  t.notOk(twin.raw.socket.closed, 'the link of the twin stays');
  await twin.raw.close();
}

async function slowHellos(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const slow = await Promise.all(Array.from({ length: SLOW }, () => RawTwin.connect(t, besieged)));
  const hello = helloFrame(helloWith({}));
  let at = 0;
  const drip = setInterval(() => {
    for (const raw of slow) if (raw.socket.writable) raw.send(hello.subarray(at, at + 1));
    at += 1;
  }, 1000);
  t.teardown(() => clearInterval(drip));
  const ends = await Promise.all(slow.map((raw) => raw.ended()));
  clearInterval(drip);
  t.ok(at < 10, `the last one was ended after ${at} octets`);
  await isTold(t, besieged, ends, ['timeout']);
  await besieged.serves(t, 'a phone is served afterwards');
}

/** All of them, and the operator, in the status and in the log. */
async function isTold(
  t: Test,
  besieged: BesiegedDaemon,
  ends: readonly (Goodbye | undefined)[],
  reasons: readonly string[],
): Promise<void> {
  // More connections than the listener takes at once never get so far as to be told.
  const told = new Set(ends.map((goodbye) => goodbye?.reason).filter((reason) => reason !== undefined));
  t.same([...told].toSorted(), [...reasons].toSorted(), 'they are told why');
  const stranger = await besieged.stranger();
  t.ok(reasons.includes(stranger?.reason ?? ''), `the operator is told: ${JSON.stringify(stranger)}`);
  const logged = besieged.daemon.log.filter(({ reason }) => reasons.includes(String(reason)));
  t.ok(logged.length > 0, 'and so is the log');
}

const HEAVY = { perSecond: 2000, phones: inTest(1000, { inSoak: 2000 }) };
/** For so long the other end does not read. */
const UNREAD_MS = inTest(1000, { inSoak: 60_000 });
const LOG_MIB = inTest(1, { inSoak: 16 });

t.test('a twin that reads nothing under load', async (t) => {
  const clusterer = [`secret: ${CLUSTER_SECRET}`, `log_size: ${LOG_MIB}`, 'ping_interval: 1'];
  const besieged = await BesiegedDaemon.start(t, { load: HEAVY, cluster: { clusterer } });
  const { phones } = besieged;

  await t.test('and says nothing either', (t) => isSilent(t, besieged));

  await t.test('but lives, for as long as it may, and then reads', async (t) => {
    const twin = await FollowingTwin.inSync(t, besieged);
    twin.raw.socket.pause();
    const from = besieged.daemon.log.length;
    const alive = setInterval(() => twin.heartbeat(), 200);
    t.teardown(() => clearInterval(alive));
    await movesOn(besieged, from, 'in-sync', 'lagging');
    await besieged.serves(t, 'a phone is served meanwhile');
    await besieged.look();
    twin.raw.socket.resume();
    await movesOn(besieged, from, 'lagging', 'in-sync');
    t.pass('it is in sync again when it has read all');
    clearInterval(alive);
    await twin.raw.close();
  });

  await t.test('but lives, until the log is full', async (t) => {
    const twin = await FollowingTwin.inSync(t, besieged);
    twin.raw.socket.pause();
    const from = besieged.daemon.log.length;
    const alive = setInterval(() => twin.heartbeat(), 200);
    t.teardown(() => clearInterval(alive));
    await new Promise((resolve) => setTimeout(resolve, UNREAD_MS));
    await besieged.look();
    await besieged.serves(t, 'a phone is served meanwhile');
    await movesOn(besieged, from, 'lagging', 'down');
    clearInterval(alive);
    t.match(await besieged.refusal(), { by: 'us', reason: 'log-overrun', text: /more changes wait/ });
    t.ok(
      besieged.lines('replication link ended').some(({ reason }) => reason === 'log-overrun'),
      'and so is the log',
    );
    await twin.raw.close();
  });

  await besieged.unharmed(t);
  await t.test('a daemon then comes in sync, with all bindings', async (t) => {
    const address = loopbackAddress();
    const config = clusterText({ nodeId: 2, address, twinAddress: besieged.address });
    const twin = await Daemon.start(t, { address, bin: BIN_PORT, config });
    await until(async () => (await twin.status()).replication?.outgoing === 'in-sync');
    await besieged.rest(t);
    t.same(shown(await twin.dump()), shown(await besieged.daemon.dump()));
    t.same(phones?.refusals, []);
  });
});

t.test(`a twin that reads nothing and says nothing under load (${DRACHTIO.name})`, async (t) => {
  const clusterer = [`secret: ${CLUSTER_SECRET}`, 'ping_interval: 1'];
  const besieged = await BesiegedDaemon.start(t, { engine: DRACHTIO, load: DRACHTIO.load, cluster: { clusterer } });
  await isSilent(t, besieged);
  await besieged.unharmed(t);
});

async function isSilent(t: Test, besieged: BesiegedDaemon): Promise<void> {
  const twin = await FollowingTwin.inSync(t, besieged);
  twin.raw.socket.pause();
  const from = besieged.daemon.log.length;
  await movesOn(besieged, from, 'in-sync', 'lagging');
  t.pass('nobody waits for it any more');
  await besieged.serves(t, 'a phone is served meanwhile');
  await movesOn(besieged, from, 'lagging', 'down');
  t.match(await besieged.refusal(), { by: 'us', reason: 'timeout', text: /nothing was heard of node 2/ });
  await twin.raw.close();
}

const isChange = ({ msg, ...line }: LogLine, from: string, to: string) =>
  msg === 'replication state changed' && line['from'] === from && line['to'] === to;

/** Resolves when the state of the link has gone so in a line of the log behind line `since`. */
async function movesOn({ daemon }: BesiegedDaemon, since: number, from: string, to: string): Promise<void> {
  await until(() => daemon.log.slice(since).some((line) => isChange(line, from, to)));
}

function shown(dump: readonly DumpedAor[]): readonly string[] {
  return dump
    .flatMap(({ AOR, Contacts }) => Contacts.map(({ Contact, Callid, Cseq }) => `${AOR} ${Contact} ${Callid} ${Cseq}`))
    .toSorted();
}

/** What the cut twin has, so that all kinds of frames go in both directions. */
function possessions(): NonNullable<Following['has']> {
  const nowMs = Date.now();
  const record = put('sip:theirs@192.0.2.1', { version: version(nowMs, 0, 2), expiresAtMs: nowMs + 600_000 });
  return ['one', 'two', 'three'].map((user) => ({ aor: `${user}@example.com`, floor: undefined, records: [record] }));
}

/** Of the greeting each octet in a soak, each seventh in a test. */
const GREETING_STEP = inTest(7, { inSoak: 1 });
/** Frames of each type that are cut. */
const CUTS_PER_TYPE = inTest(2, { inSoak: Infinity });
const TYPE_AT = 4;

t.test('a twin that closes in the middle of anything does no harm', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { load: { perSecond: 100, phones: 30 } });
  const options = { asks: true, has: possessions() };
  const whole = await FollowingTwin.inSync(t, besieged, options);
  await whole.raw.close();
  const kinds = new Set(whole.raw.sent.map((bytes) => bytes[4]));
  const { hello, auth, start, ack, digests, want, pairs, states, end, done } = FRAME;
  for (const type of [hello, auth, start, ack, digests, want, pairs, states, end, done]) {
    t.ok(kinds.has(type), `there is a frame of type ${type} to be cut`);
  }
  const points = cutPoints(whole.raw.sent);
  const late: number[] = [];
  for (const point of points) {
    const raw = await RawTwin.connect(t, besieged);
    raw.cutAfter(point);
    const cut = FollowingTwin.go(raw, options).then(async (twin) => twin.inSync());
    await Promise.allSettled([cut, raw.ended()]);
    const proper = await FollowingTwin.inSync(t, besieged, { has: options.has });
    if (!proper.aors.has('phone1@example.com') && !proper.aors.has('phone2@example.com')) late.push(point);
    await proper.raw.close();
  }
  t.same(late, [], `after each of ${points.length} cuts a proper twin gets all bindings`);
  await besieged.unharmed(t);
});

/** Positions in the stream of what the twin sends: throughout the greeting, and around the edges of frames of each type. */
function cutPoints(frames: readonly Buffer[]): readonly number[] {
  const points = new Set<number>();
  const seen = new Map<number, number>();
  let at = 0;
  for (const [index, { length, [TYPE_AT]: type = 0 }] of frames.entries()) {
    const before = seen.get(type) ?? 0;
    seen.set(type, before + 1);
    if (index < 3) for (let point = at; point < at + length; point += GREETING_STEP) points.add(point);
    const edges = [at, at + 3, at + 5, at + (length >> 1), at + length - 1, at + length];
    if (before < CUTS_PER_TYPE) for (const point of edges) points.add(point);
    at += length;
  }
  return [...points].toSorted((a, b) => a - b);
}
