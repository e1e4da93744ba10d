import t from 'tap';
import type { PingObserver } from '../../lib/pinger/ports.ts';
import { PROBES_MAX } from '../../lib/pinger/probe-ring.ts';
import { contactOf, DEFAULTS, INTERVAL_MS, PingerWorld, THRESHOLD_MS, TICK_MS } from './support/pinger-world.ts';

function turnGate(world: PingerWorld, isOpen: boolean): void {
  world.gate.isOpen = isOpen;
  world.pinger.gateChanged();
}

t.test('a gate that closes drops what is out without a word, and when it opens the losses start at 0', async (t) => {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice');
  world.untilPinged();
  world.untilPinged();
  const { token } = world.untilPinged();
  turnGate(world, false);
  t.match(world.stats, { unanswered: 0, lost: 2 });
  world.clock.advance(5 * INTERVAL_MS);
  t.strictSame(world.log.lines, []);
  world.pinger.onReply(token, 200);
  t.match(world.stats, { optionsSent: 3, lost: 2, answered: 0, lagMs: 0 }, 'nothing is sent or judged');
  turnGate(world, true);
  world.untilPinged();
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.ok(world.isShown('alice'), 'two lost since it opened');
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.notOk(world.isShown('alice'));
  t.strictSame(world.infos, ['contact removed: it does not answer pings']);
});

t.test('a gate that closes and opens between ping and verdict makes no verdict of it', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.answerOf = () => undefined;
  world.register('alice');
  world.untilPinged();
  turnGate(world, false);
  turnGate(world, true);
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.match(world.stats, { lost: 0, removed: 0 });
});

t.test('behind a closed gate contacts are enrolled; when it opens there is no burst', async (t) => {
  const world = new PingerWorld({ isOpen: false });
  world.registerMany(3000);
  world.clock.advance(10 * INTERVAL_MS);
  t.match(world.stats, { enrolled: 3000, optionsSent: 0 });
  turnGate(world, true);
  world.clock.advance(1000);
  t.ok(world.stats.optionsSent < 150, `${world.stats.optionsSent} in the first second`);
  world.clock.advance(INTERVAL_MS);
  t.ok(world.stats.optionsSent >= 3000, 'but all within an interval');
});

t.test('after stop nothing is sent or judged, and no timer is left', async (t) => {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice');
  world.untilPinged();
  world.pinger.stop();
  t.equal(world.clock.timerCount, 0);
  world.pinger.gateChanged();
  world.clock.advance(10 * INTERVAL_MS);
  t.match(world.stats, { optionsSent: 1, lost: 0, unanswered: 0 });
});

t.test('what came from the disk is enrolled at the start, but what expired is not', async (t) => {
  const world = new PingerWorld({
    before: (early) => {
      early.register('alice');
      early.register('bob');
      early.unregister('bob');
      early.register('carol', {}, { expiresAtMs: early.clusterMs });
    },
  });
  t.equal(world.stats.enrolled, 1);
  t.equal(world.untilPinged().contact, contactOf('alice'));
  world.pinger.enrolExisting();
  t.equal(world.stats.enrolled, 1, 'nobody twice');
});

t.test('the table forgets a contact that expired, and so does the pinger', async (t) => {
  const world = new PingerWorld();
  world.register('alice', {}, { expiresAtMs: world.clusterMs + 60_000 });
  world.clock.advance(60_000);
  world.table.expire(world.clusterMs);
  world.clock.advance(60_000);
  world.table.expire(world.clusterMs);
  const note = world.table.noteDead(world.clusterMs);
  t.equal(note === undefined ? 0 : world.table.dropNoted(note, world.clusterMs), 1);
  t.equal(world.stats.enrolled, 0);
});

t.test('another interval holds at once and keeps the losses', async (t) => {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice');
  world.untilPinged();
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  world.pinger.reconfigure({ ...DEFAULTS, intervalMs: 5000 });
  const { atMs } = world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.notOk(world.isShown('alice'), 'the third loss');
  world.answerOf = () => 200;
  world.register('bob');
  world.untilPinged();
  const first = world.untilPinged();
  t.ok(first.atMs > atMs);
  t.ok(Math.abs(world.untilPinged().atMs - first.atMs - 5000) <= TICK_MS);
});

t.test('another threshold holds for the pings that are out', async (t) => {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice');
  const { atMs } = world.untilPinged();
  world.pinger.reconfigure({ ...DEFAULTS, thresholdMs: 10_000 });
  world.clock.advance(atMs + 9900 - world.nowMs);
  t.equal(world.stats.lost, 0);
  world.clock.advance(200);
  t.equal(world.stats.lost, 1);
});

t.test('interval 0 stops and drops what is out; any other starts again at 0 losses', async (t) => {
  const world = new PingerWorld({ settings: { intervalMs: 0 } });
  world.answerOf = () => undefined;
  world.register('alice');
  world.clock.advance(5 * INTERVAL_MS);
  t.match(world.stats, { optionsSent: 0, lagMs: 0 });
  world.pinger.reconfigure({ ...DEFAULTS, lostMax: 2 });
  world.untilPinged();
  world.untilPinged();
  world.pinger.reconfigure({ ...DEFAULTS, lostMax: 2, intervalMs: 0 });
  world.clock.advance(5 * INTERVAL_MS);
  t.match(world.stats, { optionsSent: 2, lost: 1, unanswered: 0 });
  world.pinger.reconfigure({ ...DEFAULTS, lostMax: 2 });
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.ok(world.isShown('alice'));
});

t.test('flags, rate and statuses change at once', async (t) => {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice');
  const { token } = world.untilPinged();
  world.pinger.reconfigure({ ...DEFAULTS, optionsFlag: 'OTHER', ratePerS: 10, ignoredStatuses: new Set([200]) });
  world.pinger.onReply(token, 200);
  t.equal(world.stats.ignoredReplies, 1);
  t.equal(world.untilPinged().kind, 'keep-alive');
  world.registerMany(1000);
  world.sent.length = 0;
  world.clock.advance(10_000);
  t.ok(world.sent.length >= 80 && world.sent.length <= 100, `${world.sent.length} in ten seconds, 10 a second`);
});

t.test('with as many pings out as there may be nobody is pinged until some are judged', async (t) => {
  const world = new PingerWorld({ settings: { ratePerS: 1_000_000, thresholdMs: INTERVAL_MS } });
  world.isRecording = false;
  world.answerOf = () => undefined;
  world.registerMany(PROBES_MAX + 10_000);
  world.clock.advance(INTERVAL_MS - 10);
  t.match(world.stats, { optionsSent: PROBES_MAX, unanswered: PROBES_MAX, lost: 0 });
  world.clock.advance(INTERVAL_MS / 2);
  t.ok(world.stats.optionsSent > PROBES_MAX);
  t.ok(world.stats.unanswered <= PROBES_MAX);
});

t.test('a contact without the flag for OPTIONS gets keep-alives, which nobody can lose', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.register('alice', { cflags: 'SIPPING_RTO SIPPING_ENABLED', received: 'sip:198.51.100.7:40000' });
  world.clock.advance(5 * INTERVAL_MS);
  t.ok(world.sent.every(({ kind, hop }) => kind === 'keep-alive' && hop.host === '198.51.100.7'));
  t.match(world.stats, { keepAlivesSent: 5, optionsSent: 0, unanswered: 0, lost: 0 });
});

t.test('with ping_nated_only only contacts with nat_bflag are pinged', async (t) => {
  const world = new PingerWorld({ settings: { requiredFlag: 'NAT' } });
  world.register('alice');
  world.register('bob', { cflags: 'NAT SIPPING_ENABLE' });
  world.clock.advance(2 * INTERVAL_MS);
  t.strictSame([...new Set(world.sent.map(({ contact }) => contact))], [contactOf('bob')]);
});

t.test('Path comes before received, and received before Contact; the request carries what is stored', async (t) => {
  const world = new PingerWorld();
  const path = '"edge <1>" <sip:edge.example.com:5070;transport=tcp;lr>;x=1,<sip:inner@10.0.0.1;lr>';
  world.register('path', { path, received: 'sip:198.51.100.7:40000', socket: 'tcp:10.0.0.5:5060' });
  world.clock.advance(INTERVAL_MS);
  t.match(world.requests, [
    {
      nextHop: { transport: 'tcp', host: 'edge.example.com', port: 5070 },
      requestUri: contactOf('path'),
      fromUri: 'sip:pinger@localhost',
      route: path,
      socketName: 'tcp:10.0.0.5:5060',
    },
  ]);
  world.unregister('path');
  world.register('received', { received: 'sip:198.51.100.7:40000' });
  t.match(world.untilPinged().hop, { transport: 'udp', host: '198.51.100.7', port: 40000 });
  world.unregister('received');
  world.register('contact');
  t.match(world.untilPinged().hop, { transport: 'udp', host: '192.0.2.1', port: 5060 });
  t.match(world.requests.at(-1), { route: '', socketName: 'udp:127.0.0.1:5060' });
});

t.test('a contact whose place nobody can read is counted and left alone', async (t) => {
  const world = new PingerWorld();
  world.register('a', { received: 'sip:198.51.100.7;transport=sctp' });
  world.register('b', {}, { key: 'tel:+1', contactUri: 'tel:+1' });
  world.register('c', { path: 'sip:[::1', received: 'sip:198.51.100.7:40000' });
  world.clock.advance(INTERVAL_MS + TICK_MS);
  t.match(world.stats, { optionsSent: 0, skipped: { unreadable: 3 } });
});

t.test('what does not leave is counted by its reason, and is no lost ping', async (t) => {
  for (const outcome of ['no-connection', 'no-socket', 'unresolved', 'refused'] as const) {
    const world = new PingerWorld({ settings: { lostMax: 1 } });
    world.outcomeOf = () => outcome;
    world.register('alice', { received: 'sip:198.51.100.7:40000;transport=tcp' });
    world.clock.advance(5 * INTERVAL_MS);
    t.ok(world.isShown('alice'), outcome);
    t.match(world.stats, { optionsSent: 0, unanswered: 0, lost: 0, skipped: { [outcome]: 5 } });
  }
});

t.test('without natping_tcp only contacts over UDP are pinged', async (t) => {
  const world = new PingerWorld({ settings: { pingsConnections: false } });
  world.register('alice', { received: 'sip:198.51.100.7:40000;transport=tcp' });
  world.register('bob', { cflags: '', received: 'sip:198.51.100.7:40000;transport=ws' });
  world.register('carol');
  world.clock.advance(2 * INTERVAL_MS);
  t.ok(world.sent.length >= 2 && world.sent.every(({ contact }) => contact === contactOf('carol')));
});

t.test('observers hear of each ping in order, several of them, until they leave', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 2 } });
  const heard: unknown[][] = [];
  const observer: PingObserver = {
    sent: (aor, contact, hop, kind) => heard.push(['sent', aor, contact, hop.port, kind]),
    answered: (aor, contact, status, latencyMs) => heard.push(['answered', aor, contact, status, latencyMs]),
    lost: (aor, contact, lostInARow) => heard.push(['lost', aor, contact, lostInARow]),
    removed: (aor, contact) => heard.push(['removed', aor, contact]),
  };
  let sent = 0;
  world.pinger.addObserver(observer);
  world.pinger.addObserver({ sent: () => sent++ });
  world.register('alice');
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS);
  world.answerOf = () => undefined;
  world.clock.advance(2 * INTERVAL_MS + THRESHOLD_MS);
  const contact = contactOf('alice');
  t.strictSame(heard, [
    ['sent', 'alice', contact, 5060, 'options'],
    ['answered', 'alice', contact, 200, 20],
    ['sent', 'alice', contact, 5060, 'options'],
    ['lost', 'alice', contact, 1],
    ['sent', 'alice', contact, 5060, 'options'],
    ['lost', 'alice', contact, 2],
    ['removed', 'alice', contact],
  ]);
  t.equal(sent, 3);
  world.pinger.removeObserver(observer);
  world.register('bob', { cflags: '' });
  world.untilPinged();
  t.equal(heard.length, 7);
  t.equal(sent, 4);
});

t.test(
  'those whose turn fell into the takeover come first, at a quicker pace, and nobody waits longer than that',
  async (t) => {
    const TAKEOVER_MS = 3000;
    const world = new PingerWorld();
    world.registerMany(3000);
    world.clock.advance(INTERVAL_MS);
    turnGate(world, false);
    const silentSinceMs = world.clusterMs;
    world.clock.advance(TAKEOVER_MS);
    Object.assign(world.gate, { silentSinceMs });
    turnGate(world, true);
    const before = world.sent.length;
    world.clock.advance(1000);
    const first = world.sent.length - before;
    t.ok(first > 250 && first < 450, `${first} in the first second, where 100 would be usual`);
    world.clock.advance(INTERVAL_MS + TAKEOVER_MS);
    const lastPing = new Map<string, number>();
    const pauses = world.sent.map(({ contact, atMs }) => {
      const pauseMs = atMs - (lastPing.get(contact) ?? atMs);
      lastPing.set(contact, atMs);
      return pauseMs;
    });
    t.equal(lastPing.size, 3000);
    t.ok(Math.max(...pauses) <= INTERVAL_MS + TAKEOVER_MS + 2 * TICK_MS, `at most ${Math.max(...pauses)} ms`);
  },
);

t.test('a gate that opens after a long time begins a round back at most', async (t) => {
  const world = new PingerWorld({ isOpen: false });
  world.registerMany(3000);
  world.clock.advance(10 * INTERVAL_MS);
  Object.assign(world.gate, { silentSinceMs: world.clusterMs - 5 * INTERVAL_MS });
  turnGate(world, true);
  world.clock.advance(INTERVAL_MS / 4);
  t.ok(world.stats.optionsSent <= 3050, `${world.stats.optionsSent} in a quarter of an interval`);
  world.clock.advance((3 * INTERVAL_MS) / 4 + TICK_MS);
  t.ok(world.stats.optionsSent >= 5900, 'a round more than usual in the first interval');
  t.ok(world.stats.optionsSent <= 6100, `${world.stats.optionsSent} in an interval`);
});
