import t, { type Test } from 'tap';
import { LossGuard } from '../../lib/pinger/loss-guard.ts';
import { RecentContacts } from '../../lib/pinger/recent-contacts.ts';
import { contactOf, DEFAULTS, INTERVAL_MS, PingerWorld, THRESHOLD_MS, TICK_MS } from './support/pinger-world.ts';

const BROKEN = 'more than half of the pings are lost: our own network is more likely at fault, nobody is removed';
const MENDED = 'pings are answered again: who does not answer is removed again';

t.test('a dead network removes nobody, and says so once at its beginning and once at its end', async (t) => {
  for (const lostMax of [1, 2, 3]) {
    const world = new PingerWorld({ settings: { lostMax } });
    world.registerMany(300);
    world.clock.advance(3 * INTERVAL_MS);
    world.answerOf = () => undefined;
    world.clock.advance(6 * INTERVAL_MS);
    t.equal(world.shownCount(), 300, `max_pings_lost ${lostMax}`);
    t.ok(world.stats.guardActive);
    t.strictSame(world.warnings, [BROKEN]);
    world.answerOf = () => 200;
    world.clock.advance(4 * INTERVAL_MS);
    t.equal(world.shownCount(), 300, `after it, with max_pings_lost ${lostMax}`);
    t.notOk(world.stats.guardActive);
    t.strictSame(world.warnings, [BROKEN]);
    t.strictSame(world.infos, [MENDED]);
    t.equal(world.stats.removed, 0);
  }
});

t.test('who is over max_pings_lost in such a round goes with the next ping that is lost after it', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 2 } });
  world.registerMany(100);
  world.clock.advance(2 * INTERVAL_MS);
  world.answerOf = () => undefined;
  world.clock.advance(5 * INTERVAL_MS);
  world.answerOf = (contact) => (contact.includes('user7@') ? undefined : 200);
  world.clock.advance(INTERVAL_MS);
  t.equal(world.shownCount(), 100, 'not while the guard holds');
  world.clock.advance(3 * INTERVAL_MS);
  t.equal(world.shownCount(), 99);
  t.notOk(world.isShown('user7'));
});

t.test('a network that is dead for a few seconds removes nobody even with max_pings_lost 1', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.registerMany(300);
  world.clock.advance(3 * INTERVAL_MS);
  world.answerOf = () => undefined;
  world.clock.advance(5000);
  world.answerOf = () => 200;
  world.clock.advance(3 * INTERVAL_MS);
  t.ok(world.stats.lost > 30, 'pings were lost');
  t.equal(world.shownCount(), 300);
  t.strictSame([world.warnings, world.infos], [[BROKEN], [MENDED]]);
});

t.test('a node that starts, or takes over, with a dead network removes nobody in its first round', async (t) => {
  for (const lostMax of [1, 2]) {
    const world = new PingerWorld({ settings: { lostMax }, isOpen: false });
    world.answerOf = () => undefined;
    world.registerMany(100);
    world.clock.advance(INTERVAL_MS);
    world.gate.isOpen = true;
    world.pinger.gateChanged();
    world.clock.advance(3 * INTERVAL_MS);
    t.equal(world.shownCount(), 100, `max_pings_lost ${lostMax}`);
  }
});

t.test('a third of the phones gone is no fault of our network: they are removed, and nobody else', async (t) => {
  const world = new PingerWorld();
  world.registerMany(300);
  world.clock.advance(2 * INTERVAL_MS);
  world.answerOf = (contact) => (Number(/user(\d+)/.exec(contact)?.[1]) % 3 === 0 ? undefined : 200);
  world.clock.advance(4 * INTERVAL_MS + THRESHOLD_MS);
  t.equal(world.shownCount(), 200);
  t.match(world.stats, { removed: 100, lost: 300 }, 'each after exactly three');
  t.strictSame(world.warnings, []);
});

t.test('with fewer than 20 contacts all of them may go', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 2 } });
  world.answerOf = () => undefined;
  world.registerMany(19);
  world.clock.advance(3 * INTERVAL_MS + THRESHOLD_MS);
  t.equal(world.shownCount(), 0);
  t.strictSame(world.warnings, []);
});

t.test('replies that are no sign of life still show that our network works', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1, ignoredStatuses: new Set([503]) } });
  world.registerMany(300);
  world.clock.advance(2 * INTERVAL_MS);
  world.answerOf = () => 503;
  world.clock.advance(THRESHOLD_MS + 2000);
  t.ok(world.stats.removed > 0, 'nobody is silent');
});

t.test(
  'whatever the number of contacts, a network that is cut removes nobody, during the cut or after it',
  async (t) => {
    for (const count of [20, 30, 50, 100, 200, 300]) {
      for (const lostMax of [1, 2, 3, 5]) {
        for (const cutMs of [15_000, INTERVAL_MS + 1000, (lostMax + 1) * INTERVAL_MS]) {
          const world = new PingerWorld({ settings: { lostMax } });
          world.isRecording = false;
          world.registerMany(count);
          world.clock.advance(2 * INTERVAL_MS + 777);
          world.answerOf = () => undefined;
          world.clock.advance(cutMs);
          world.answerOf = () => 200;
          world.clock.advance(2 * INTERVAL_MS);
          const { removed, lost } = world.stats;
          t.ok(lost > 0);
          t.equal(removed, 0, `${count} contacts, max_pings_lost ${lostMax}, cut for ${cutMs} ms`);
        }
      }
    }
  },
);

t.test('nor when the node starts in it', async (t) => {
  for (const count of [20, 50, 200]) {
    for (const lostMax of [1, 2, 3]) {
      const world = new PingerWorld({ settings: { lostMax } });
      world.answerOf = () => undefined;
      world.registerMany(count);
      world.clock.advance((lostMax + 1) * INTERVAL_MS);
      t.equal(world.stats.removed, 0, `${count} contacts, max_pings_lost ${lostMax}`);
      t.strictSame(world.warnings, [BROKEN]);
    }
  }
});

t.test('a threshold as long as the interval makes no difference to that', async (t) => {
  for (const lostMax of [1, 2]) {
    const world = new PingerWorld({ settings: { lostMax, intervalMs: 3000, thresholdMs: 3000 } });
    world.registerMany(100);
    world.clock.advance(9777);
    world.answerOf = () => undefined;
    world.clock.advance(lostMax * 3000 + 300);
    world.answerOf = () => 200;
    world.clock.advance(9000);
    t.equal(world.stats.removed, 0, `max_pings_lost ${lostMax}`);
  }
});

t.test('phones that had lost a ping before a short cut do not go for it', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 2 } });
  world.registerMany(300);
  world.clock.advance(2 * INTERVAL_MS);
  let isCut = false;
  // Every tenth loses one ping, and its next one is lost in the cut.
  world.answerOf = (contact) => (isCut || /[05]@/.test(contact) ? undefined : 200);
  world.clock.advance(INTERVAL_MS - THRESHOLD_MS);
  const { removed } = world.stats;
  isCut = true;
  world.clock.advance(THRESHOLD_MS + 1000);
  isCut = false;
  world.answerOf = () => 200;
  world.clock.advance(2 * INTERVAL_MS);
  t.equal(world.stats.removed, removed);
  t.ok(world.stats.lost > 70);
});

t.test('when our network loses most pings but not all, hardly anybody goes even with max_pings_lost 1', async (t) => {
  for (const [lostMax, removedMost] of [
    [1, 5],
    [2, 0],
    [3, 0],
  ] as const) {
    for (const count of [50, 100, 200, 300]) {
      const world = new PingerWorld({ settings: { lostMax } });
      world.registerMany(count);
      world.clock.advance(2 * INTERVAL_MS);
      let turn = 0;
      // Four of five, in no pattern.
      world.answerOf = () => ((turn = (turn * 1103515245 + 12345) % 2147483648) / 2147483648 < 0.2 ? 200 : undefined);
      world.clock.advance(6 * INTERVAL_MS);
      const { removed } = world.stats;
      t.ok(removed <= removedMost, `${removed} of ${count} with max_pings_lost ${lostMax}`);
      t.ok(world.stats.guardActive);
    }
  }
});

t.test('when all is well a phone that is gone goes at the very verdict, however many others there are', async (t) => {
  for (const count of [5, 19, 50, 100, 300]) {
    for (const lostMax of [1, 2, 3]) {
      const world = new PingerWorld({ settings: { lostMax } });
      world.registerMany(count);
      world.clock.advance(2 * INTERVAL_MS);
      const gone = contactOf('user3');
      world.answerOf = (contact) => (contact === gone ? undefined : 200);
      const since = world.sent.length;
      world.clock.advance((lostMax + 1) * INTERVAL_MS);
      const asked = world.sent.slice(since).filter(({ contact }) => contact === gone);
      t.equal(asked.length, lostMax, `${count} contacts, max_pings_lost ${lostMax}`);
      t.equal(world.stats.removed, 1);
    }
  }
});

/** Twenty contacts, and the one behind whom the longest pause is, so that it is overdue before the next one is asked. */
function beforePause(t: Test): { readonly world: PingerWorld; readonly gone: string; readonly atMs: number } {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.registerMany(20);
  world.clock.advance(2 * INTERVAL_MS);
  world.sent.length = 0;
  world.clock.advance(INTERVAL_MS);
  const pauses = world.sent.slice(0, -1).map(({ contact, atMs }, index) => ({
    ...{ contact, atMs },
    ms: (world.sent[index + 1]?.atMs ?? 0) - atMs,
  }));
  const [longest = { contact: '', atMs: 0, ms: 0 }] = pauses.sort((a, b) => b.ms - a.ms);
  t.ok(longest.ms > THRESHOLD_MS + TICK_MS, `there is such a pause, ${longest.ms} ms`);
  return { world, gone: longest.contact, atMs: longest.atMs };
}

t.test('where nobody else was asked meanwhile the next reply decides', async (t) => {
  const { world, gone } = beforePause(t);
  world.answerOf = (contact) => (contact === gone ? undefined : 200);
  let last = world.untilPinged();
  while (last.contact !== gone) last = world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.match(world.stats, { lost: 1, removed: 0 }, 'a cut of our network would look like that');
  world.untilPinged();
  world.clock.advance(TICK_MS);
  t.equal(world.stats.removed, 1);
});

t.test('what was lost before the gate opened is no part of a row', async (t) => {
  const { world, gone, atMs } = beforePause(t);
  world.answerOf = () => undefined;
  world.clock.advance(atMs + 2 * INTERVAL_MS - TICK_MS - world.nowMs);
  const { lost } = world.stats;
  for (const isOpen of [false, true]) {
    world.gate.isOpen = isOpen;
    world.pinger.gateChanged();
  }
  world.answerOf = (contact) => (contact === gone ? undefined : 200);
  t.equal(world.untilPinged().contact, gone);
  world.untilPinged();
  world.clock.advance(TICK_MS);
  t.match(world.stats, { lost: lost + 1, removed: 1 });
});

t.test('who waits and registers again meanwhile stays', async (t) => {
  for (const registers of [true, false]) {
    const world = new PingerWorld({ settings: { lostMax: 1 } });
    world.registerMany(20);
    world.clock.advance(2 * INTERVAL_MS);
    world.answerOf = () => undefined;
    const name = /sip:(.*)@/.exec(world.untilPinged().contact)?.[1] ?? '';
    world.clock.advance(THRESHOLD_MS + 10);
    t.match(world.stats, { lost: 1, removed: 0 });
    if (registers) world.register(name);
    world.answerOf = () => 200;
    world.untilPinged();
    world.clock.advance(TICK_MS);
    t.equal(world.isShown(name), registers);
  }
});

t.test('who waits stays when other settings ask for more lost pings', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.registerMany(20);
  world.clock.advance(2 * INTERVAL_MS);
  world.answerOf = () => undefined;
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + 10);
  t.match(world.stats, { lost: 1, removed: 0 });
  world.pinger.reconfigure(DEFAULTS);
  world.answerOf = () => 200;
  world.clock.advance(INTERVAL_MS);
  t.equal(world.stats.removed, 0);
});

t.test('a reply that is no sign of life shows that the network between its neighbours works', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1, ignoredStatuses: new Set([503]) } });
  world.registerMany(100);
  world.clock.advance(INTERVAL_MS);
  world.sent.length = 0;
  world.clock.advance(INTERVAL_MS);
  const [before, heard, after] = world.sent.slice(40, 43).map(({ contact }) => contact);
  world.answerOf = (contact) => (contact === heard ? 503 : contact === before || contact === after ? undefined : 200);
  world.clock.advance(INTERVAL_MS + THRESHOLD_MS + TICK_MS);
  t.match(world.stats, { lost: 3, removed: 3 });
});

t.test('when most contacts have left, the others go as in a small table', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.registerMany(40);
  world.clock.advance(2 * INTERVAL_MS);
  for (let index = 5; index < 40; index++) world.unregister(`user${index}`);
  world.clock.advance(3 * INTERVAL_MS);
  world.answerOf = () => undefined;
  world.clock.advance(INTERVAL_MS + THRESHOLD_MS);
  t.match(world.stats, { lost: 5, removed: 5 });
});

t.test('three lost in a row keep each other for a round where one lost ping is enough', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.registerMany(100);
  world.clock.advance(INTERVAL_MS);
  world.sent.length = 0;
  world.clock.advance(INTERVAL_MS);
  const gone = new Set(world.sent.slice(40, 43).map(({ contact }) => contact));
  const pair = new Set(world.sent.slice(70, 72).map(({ contact }) => contact));
  world.answerOf = (contact) => (gone.has(contact) || pair.has(contact) ? undefined : 200);
  world.clock.advance(INTERVAL_MS + THRESHOLD_MS + TICK_MS);
  t.match(world.stats, { lost: 5, removed: 2 });
  world.clock.advance(INTERVAL_MS);
  t.match(world.stats, { lost: 8, removed: 5 }, 'the second one lost decides');
});

t.test('contacts that get keep-alives, or are not shown, do not count', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 } });
  world.registerMany(100, { cflags: '' });
  world.answerOf = () => undefined;
  world.register('alice');
  world.clock.advance(2 * INTERVAL_MS);
  t.notOk(world.isShown('alice'), 'it may be the only one that is asked');
});

t.test(
  'replies that are no sign of life count as lost in a round, so that a broken network behind a proxy is noticed',
  async (t) => {
    const world = new PingerWorld({ settings: { ignoredStatuses: new Set([503]) } });
    world.registerMany(100);
    world.clock.advance(2 * INTERVAL_MS);
    world.answerOf = () => 503;
    world.clock.advance(5 * INTERVAL_MS);
    t.match(world.stats, { removed: 0, guardActive: true });
  },
);

/** A guard that knows of this many contacts, all asked at 0. */
function guardOf(contacts: number, intervalMs = 16_000): LossGuard {
  const recent = new RecentContacts();
  for (let id = 0; id < contacts; id++) recent.asked(id, 0);
  return new LossGuard(recent, intervalMs, 3000, 0);
}

const GONE = { sentAtMs: 20_000, lostInARow: 3, row: 1, isOpen: false };

t.test('a round is the interval before the ping: half lost is not bad, one more is', async (t) => {
  const guard = guardOf(20);
  const at = GONE.sentAtMs;
  for (let count = 0; count < 10; count++) {
    guard.answered(at);
    guard.lost(at, false);
  }
  t.equal(guard.judge(GONE, 20, at), 'remove');
  t.notOk(guard.isBad(at));
  guard.lost(at, false);
  t.equal(guard.judge(GONE, 20, at), 'keep');
  t.ok(guard.isBad(at + 3000));
  t.strictSame(guard.round, { answered: 10, lost: 11 });
  t.equal(guard.judge({ ...GONE, sentAtMs: at + 15_999 }, 20, at), 'keep', 'for an interval it counts');
  t.equal(guard.judge({ ...GONE, sentAtMs: at + 16_000 }, 20, at), 'remove');
  t.ok(guard.isBad(at + 18_999), 'until the last of these are judged');
  t.notOk(guard.isBad(at + 19_000));
  guard.answered(at + 17_001);
  t.strictSame(guard.round, { answered: 1, lost: 0 }, 'older than an interval and a bucket');

  const few = guardOf(19);
  for (let count = 0; count < 30; count++) few.lost(at, false);
  few.unheardSince(30, at);
  t.notOk(few.isBad(at), 'with fewer than twenty contacts it has no opinion');
  t.equal(few.judge(GONE, 19, at), 'remove');
});

t.test('twenty in a row are a cut, three for a single lost ping, and without a later reply it waits', async (t) => {
  const guard = guardOf(20);
  t.equal(guard.judge({ ...GONE, row: 19 }, 20, 23_000), 'remove');
  t.equal(guard.judge({ ...GONE, row: 20 }, 20, 23_000), 'keep');
  t.equal(guard.judge({ ...GONE, row: 2, lostInARow: 1 }, 20, 23_000), 'remove');
  t.equal(guard.judge({ ...GONE, row: 3, lostInARow: 1 }, 20, 23_000), 'keep');
  t.equal(guard.judge({ ...GONE, isOpen: true }, 20, 23_000), 'wait');
  guard.unheardSince(19, 23_000);
  t.notOk(guard.isBad(23_000));
  guard.unheardSince(20, 23_000);
  t.ok(guard.isBad(23_000));
  t.equal(guard.judge({ ...GONE, isOpen: true }, 20, 23_000), 'keep');
});

t.test('a single lost ping is not enough when more than half of the last twenty are lost', async (t) => {
  const guard = guardOf(20);
  const alone = { ...GONE, lostInARow: 1 };
  for (let count = 0; count < 40; count++) guard.answered(10_000);
  for (let count = 0; count < 10; count++) guard.lost(12_000, false);
  guard.lost(12_000, true);
  t.equal(guard.judge(alone, 20, 23_000), 'remove');
  guard.lost(12_000, false);
  t.equal(guard.judge(alone, 20, 23_000), 'keep');
  t.equal(guard.judge({ ...alone, lostInARow: 2 }, 20, 23_000), 'remove');
});

t.test('while the first round is not over, however little came in of it counts', async (t) => {
  const guard = guardOf(20);
  const early = { ...GONE, sentAtMs: 2000 };
  guard.lost(2000, false);
  t.equal(guard.judge(early, 20, 5000), 'keep');
  t.notOk(guard.isBad(5000));
  t.equal(guard.judge({ ...early, sentAtMs: 16_000 }, 20, 19_000), 'remove', 'the first round is over');

  const unsure = guardOf(5);
  t.ok(unsure.hasNoOpinion(19, 5000), 'there are not twenty');
  t.notOk(unsure.hasNoOpinion(20, 5000), 'there may be');
  t.ok(unsure.hasNoOpinion(20, 17_000), 'there were not');
});
