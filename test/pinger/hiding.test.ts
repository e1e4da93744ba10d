import t from 'tap';
import { GUARDED_LEAST } from '../../lib/pinger/recent-contacts.ts';
import { contactOf, INTERVAL_MS, PingerWorld, THRESHOLD_MS, TICK_MS } from './support/pinger-world.ts';

/** A node out of sync with its twin; phones do not answer. */
function cutOff(lostMax = 1): PingerWorld {
  const world = new PingerWorld({ settings: { lostMax } });
  world.removal.mayRemove = false;
  world.answerOf = () => undefined;
  return world;
}

/** Until so many pings of each contact were sent and judged. */
function rounds(world: PingerWorld, count: number): void {
  world.clock.advance(count * INTERVAL_MS + THRESHOLD_MS + TICK_MS);
}

t.test('a node out of sync hides a contact that does not answer, when it would have removed it', async (t) => {
  const world = cutOff(3);
  world.register('alice');
  const writes: unknown[] = [];
  world.table.addListener({ committed: (set) => writes.push(set) });
  world.untilPinged();
  world.untilPinged();
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS - 1);
  t.ok(world.isShown('alice'));
  world.clock.advance(TICK_MS);
  t.notOk(world.isShown('alice'));
  t.match(world.stats, { lost: 3, removed: 0, hidden: 1, enrolled: 1 });
  t.same(writes, []);
  t.equal(world.table.read('alice').records[0]?.kind, 'put');
  t.same(world.infos, ['contact hidden: it does not answer pings, and the twin is out of sync']);
});

t.test('observers are told of lost pings, and once of the hiding', async (t) => {
  const world = cutOff(2);
  const told: string[] = [];
  world.pinger.addObserver({
    lost: (aor, _, lostInARow) => told.push(`lost ${aor} ${lostInARow}`),
    removed: (aor) => told.push(`removed ${aor}`),
    hidden: (aor, contact) => told.push(`hidden ${aor} ${contact}`),
  });
  world.register('alice');
  rounds(world, 4);
  t.same(told.slice(0, 5), [
    'lost alice 1',
    'lost alice 2',
    `hidden alice ${contactOf('alice')}`,
    'lost alice 3',
    'lost alice 4',
  ]);
  t.equal(told.filter((line) => line.startsWith('hidden')).length, 1);
  t.equal(world.stats.hidden, 1);
});

t.test('a hidden contact is pinged on, and shown as soon as it answers', async (t) => {
  for (const observed of [true, false]) {
    const world = cutOff();
    if (observed) world.pinger.addObserver({});
    world.register('alice');
    rounds(world, 2);
    t.notOk(world.isShown('alice'));
    const { sent } = world;
    const before = sent.length;
    world.answerOf = () => 404;
    world.clock.advance(INTERVAL_MS + TICK_MS);
    t.ok(sent.length > before);
    t.ok(world.isShown('alice'));
    t.equal(world.table.hiddenCount, 0);
    t.equal(world.infos.at(-1), 'contact shown again: it answers pings');
    world.answerOf = () => undefined;
    rounds(world, 1);
    t.notOk(world.isShown('alice'), 'and hidden again when it is lost again');
    t.equal(world.stats.hidden, 2);
  }
});

t.test('an answer that is no sign of life shows nobody', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1, ignoredStatuses: new Set([503]) } });
  world.removal.mayRemove = false;
  world.answerOf = () => 503;
  world.register('alice');
  rounds(world, 3);
  t.notOk(world.isShown('alice'));
});

t.test('a contact that registers again is shown, and goes with the next lost ping', async (t) => {
  const world = cutOff(3);
  world.register('alice');
  rounds(world, 3);
  t.notOk(world.isShown('alice'));
  world.register('alice');
  t.ok(world.isShown('alice'));
  rounds(world, 1);
  t.notOk(world.isShown('alice'));
  t.match(world.stats, { hidden: 2, removed: 0 });
});

t.test('a refresh between the ping and the verdict wins over the hiding too', async (t) => {
  const world = cutOff();
  world.register('alice');
  world.untilPinged();
  world.register('alice');
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.ok(world.isShown('alice'));
  t.match(world.stats, { lost: 1, hidden: 0 });
});

t.test('in sync again all are shown, and who still does not answer is removed at the next lost ping', async (t) => {
  const world = cutOff(2);
  for (const name of ['alice', 'bob']) world.register(name);
  rounds(world, 2);
  t.equal(world.shownCount(), 0);
  world.removal.mayRemove = true;
  t.equal(world.table.showHidden(), 2);
  t.equal(world.shownCount(), 2);
  world.answerOf = (contact) => (contact === contactOf('bob') ? 200 : undefined);
  rounds(world, 1);
  t.notOk(world.isShown('alice'));
  t.ok(world.isShown('bob'));
  t.match(world.stats, { hidden: 2, removed: 1 });
  t.equal(world.table.read('alice').records[0]?.kind, 'judged');
});

t.test('without its branch flag a contact is not hidden either', async (t) => {
  const world = cutOff();
  world.register('alice', { cflags: 'SIPPING_ENABLE' });
  rounds(world, 3);
  t.ok(world.isShown('alice'));
  t.equal(world.stats.hidden, 0);
});

t.test('while most pings are lost nobody is hidden: our own network is the likelier culprit', async (t) => {
  const world = cutOff();
  world.registerMany(3 * GUARDED_LEAST);
  rounds(world, 3);
  t.equal(world.shownCount(), 3 * GUARDED_LEAST);
  t.equal(world.stats.hidden, 0);
});
