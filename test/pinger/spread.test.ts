import t from 'tap';
import { pingPhase } from '../../lib/pinger/ping-phase.ts';
import { contactOf, INTERVAL_MS, PingerWorld, TICK_MS } from './support/pinger-world.ts';

/** Answers in bulk what was sent, every 100 ms; calls back for each ping. */
function runAnswering(world: PingerWorld, forMs: number, onPing: (contact: string, atMs: number) => void): void {
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs += 100) {
    world.clock.advance(100);
    for (const { contact, atMs, token } of world.sent.splice(0)) {
      onPing(contact, atMs);
      world.pinger.onReply(token, 200);
    }
    world.requests.length = 0;
  }
}

t.test(
  '100 000 contacts are each pinged once an interval, and no second has more than 1.2 times the mean',
  async (t) => {
    const world = new PingerWorld({ isOpen: false });
    world.answerOf = () => undefined;
    world.registerMany(100_000);
    world.gate.isOpen = true;
    world.pinger.gateChanged();
    const endMs = 3 * INTERVAL_MS;
    const tickMs = 20;
    const perSecond = new Array<number>(endMs / 1000 + 1).fill(0);
    const timesOf = new Map<string, number[]>();
    runAnswering(world, endMs, (contact, atMs) => {
      const second = Math.floor(atMs / 1000);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
      const times = timesOf.get(contact);
      if (times === undefined) timesOf.set(contact, [atMs]);
      else times.push(atMs);
    });
    const mean = 100_000 / (INTERVAL_MS / 1000);
    const busiest = Math.max(...perSecond);
    t.ok(busiest <= 1.2 * mean, `busiest second ${busiest}, mean ${Math.round(mean)}`);
    t.equal(timesOf.size, 100_000);
    const isOnTime = ([first = 0, ...later]: number[]) =>
      later.every((atMs, index) => Math.abs(atMs - first - (index + 1) * INTERVAL_MS) <= tickMs) &&
      (later.length === 2 || (later.length === 1 && first + 2 * INTERVAL_MS >= endMs - tickMs));
    t.ok([...timesOf.values()].every(isOnTime), 'each exactly once in each of three intervals');
    t.match(world.stats, { enrolled: 100_000, lost: 0, strayReplies: 0, unanswered: 0 });
    t.strictSame(world.log.lines, []);
  },
);

t.test('the moment of a contact is the same on every node, in cluster time', async (t) => {
  t.equal(pingPhase('alice@example.com', 'sip:alice@192.0.2.1'), 164_330_281);
  const phases = new Set(Array.from({ length: 1000 }, (_, index) => pingPhase('alice', `sip:${index}`) >>> 16));
  t.ok(phases.size > 980, 'contacts of one AoR have moments of their own');

  const one = new PingerWorld();
  one.register('alice');
  one.untilPinged();
  const first = one.untilPinged();
  const other = new PingerWorld({ isOpen: false });
  other.clock.advance(17_000);
  other.register('alice');
  other.gate.isOpen = true;
  other.pinger.gateChanged();
  const taken = other.untilPinged();
  t.ok(Math.abs((taken.atMs % INTERVAL_MS) - (first.atMs % INTERVAL_MS)) <= TICK_MS, 'who takes over goes on there');
});

t.test('no second has more pings than natping_max_rate, and what does not fit waits in order', async (t) => {
  const world = new PingerWorld({ settings: { ratePerS: 50 } });
  world.registerMany(3000);
  const times: number[] = [];
  const order: string[] = [];
  runAnswering(world, 5 * INTERVAL_MS, (contact, atMs) => {
    times.push(atMs);
    order.push(contact);
  });
  const counts = times.map((at, index) => times.slice(index, index + 60).filter((time) => time < at + 1000).length);
  t.ok(Math.max(...counts) <= 50, `at most ${Math.max(...counts)} in any second`);
  t.ok(times.length > 5 * 30 * 50 * 0.9, 'and hardly less over all');
  const firstRound = new Set(order.slice(0, 3000));
  t.equal(firstRound.size, 3000, 'nobody comes twice before all came once');
  t.strictSame(world.warnings, ['a round of pings takes longer than natping_interval']);

  for (let index = 100; index < 3000; index++) world.unregister(`user${index}`);
  runAnswering(world, 4 * INTERVAL_MS, () => {});
  t.strictSame(world.infos, ['rounds of pings take no longer than natping_interval again']);
  t.ok(world.stats.lagMs <= TICK_MS);
  t.equal(world.warnings.length, 1);
});

t.test('one turn sends a hundred at most, and then others have their turn', async (t) => {
  const world = new PingerWorld({ isOpen: false });
  world.registerMany(3000);
  world.gate.isOpen = true;
  world.pinger.gateChanged();
  world.clock.jump(10_000);
  world.clock.advance(0);
  t.equal(world.sent.length, 100);
  world.clock.advance(200);
  t.ok(world.sent.length > 900, 'but soon all that are due');
});

t.test('without contacts, or closed, it wakes once a second', async (t) => {
  const world = new PingerWorld();
  let wakes = 0;
  const after = world.clock.after.bind(world.clock);
  world.clock.after = (delayMs, run) => {
    wakes++;
    return after(delayMs, run);
  };
  world.clock.advance(10_000);
  t.ok(wakes <= 10, `${wakes} with nobody to ping`);
  world.registerMany(50);
  world.gate.isOpen = false;
  world.pinger.gateChanged();
  wakes = 0;
  world.clock.advance(10_000);
  t.ok(wakes <= 10, `${wakes} behind a closed gate`);
  t.equal(world.sent.length, 0);
});

t.test('contacts that come and go in the slot that is being pinged disturb nobody else', async (t) => {
  const world = new PingerWorld({ settings: { ratePerS: 10 } });
  // All in one slot: one AoR and key cannot be twice, so the phase is what has to agree.
  const slotMates: string[] = [];
  const slot = pingPhase('u0', contactOf('u0')) >>> 16;
  for (let index = 0; slotMates.length < 5; index++) {
    if (pingPhase(`u${index}`, contactOf(`u${index}`)) >>> 16 === slot) slotMates.push(`u${index}`);
  }
  for (const name of slotMates) world.register(name);
  const first = world.untilPinged().contact;
  // The list is pinged from the newest to the oldest; the next in turn goes away, and a new one comes.
  const [, , , next = ''] = slotMates;
  t.equal(first, contactOf(slotMates[4] ?? ''));
  world.unregister(next);
  world.clock.advance(5000);
  const pinged = world.sent.map(({ contact }) => contact);
  const [a = '', b = '', c = ''] = slotMates;
  t.strictSame(pinged, [first, contactOf(c), contactOf(b), contactOf(a)]);
});

t.test('when the nodes agree on an earlier cluster time, pinging goes on there', async (t) => {
  let stepMs = 0;
  const world = new PingerWorld();
  Object.defineProperty(world, 'clusterMs', { get: () => Math.floor(1_700_000_000_000 + stepMs + world.nowMs) });
  world.register('alice');
  world.untilPinged();
  stepMs = -3_600_000;
  const { atMs } = world.untilPinged();
  t.ok(atMs < 2 * INTERVAL_MS + 1000);
});
