/* Rule 18, clause by clause: whose cluster time counts when two nodes meet. */
import fc from 'fast-check';
import assert from 'node:assert/strict';
import t from 'tap';
import type { ClockParty } from '../../lib/replication/clock-agreement.ts';
import {
  adoptsFrom,
  agreeOnClock,
  clocksApart,
  impossibleClock,
  isClockPossible,
} from '../../lib/replication/clock-agreement.ts';
import { CLOCK_LEAST_MS, CLOCK_MOST_MS, CLOCK_OFFSET_MAX_MS } from '../../lib/replication/limits.ts';

const NEAR = { offsetMs: 2500, roundTripMs: 2 };
const FAR = { offsetMs: CLOCK_OFFSET_MAX_MS + 1, roundTripMs: 2 };

function node(nodeId: number, state: 'synced' | 'unsynced', use: 'clean' | 'used' = 'used'): ClockParty {
  return { nodeId, synced: state === 'synced', clean: use === 'clean' };
}

/** What both do, each by its own measurement, neither having stamped since its hello. */
function meet(one: ClockParty, two: ClockParty, { offsetMs, roundTripMs }: typeof NEAR, haveAgreed = false): string[] {
  const history = (own: ClockParty) => ({ isStillClean: own.clean, haveAgreed });
  return [
    agreeOnClock(one, two, { offsetMs, roundTripMs }, history(one)).kind,
    agreeOnClock(two, one, { offsetMs: -offsetMs, roundTripMs }, history(two)).kind,
  ];
}

const STRANGERS = { isStillClean: false, haveAgreed: false };
const FRIENDS = { isStillClean: false, haveAgreed: true };

t.test('the node that is not synced takes over the time of the one that is', async (t) => {
  t.same(meet(node(1, 'unsynced'), node(2, 'synced'), NEAR), ['adopt', 'keep']);
  t.same(meet(node(1, 'synced'), node(2, 'unsynced'), NEAR), ['keep', 'adopt']);
});

t.test("when both are synced, or none, the greater node id takes over the lesser one's", async (t) => {
  t.same(meet(node(1, 'synced'), node(2, 'synced'), NEAR), ['keep', 'adopt']);
  t.same(meet(node(1, 'unsynced'), node(2, 'unsynced'), NEAR), ['keep', 'adopt']);
});

t.test('it moves its time by what was measured, forwards or back', async (t) => {
  for (const offsetMs of [2500, -2500]) {
    const verdict = agreeOnClock(node(2, 'unsynced'), node(1, 'synced'), { offsetMs, roundTripMs: 0 }, STRANGERS);
    t.same(verdict, { kind: 'adopt', shiftMs: offsetMs });
  }
});

t.test('near clocks are brought together whether they were used or not', async (t) => {
  t.same(meet(node(1, 'unsynced', 'clean'), node(2, 'synced'), NEAR), ['adopt', 'keep']);
  t.same(meet(node(1, 'unsynced'), node(2, 'synced', 'clean'), NEAR), ['adopt', 'keep']);
});

t.test('two that agreed before still do, unless the measurement says otherwise', async (t) => {
  const [two, one] = [node(2, 'unsynced'), node(1, 'synced')];
  const kind = (offsetMs: number, roundTripMs: number) =>
    agreeOnClock(two, one, { offsetMs, roundTripMs }, FRIENDS).kind;
  t.equal(kind(700, 1400), 'keep');
  t.equal(kind(-700, 1400), 'keep');
  t.equal(kind(701, 1400), 'adopt');
  t.equal(kind(-701, 1400), 'adopt');
  t.equal(kind(500, 999), 'keep', 'the offset is rounded');
  t.equal(kind(0, 0), 'keep');
});

t.test('two that never did take the best that they know', async (t) => {
  const verdict = agreeOnClock(node(2, 'unsynced'), node(1, 'synced'), { offsetMs: 700, roundTripMs: 1400 }, STRANGERS);
  t.same(verdict, { kind: 'adopt', shiftMs: 700 });
});

t.test('sixty seconds are near, and anything above is far', async (t) => {
  const [two, one] = [node(2, 'synced'), node(1, 'synced')];
  t.equal(agreeOnClock(two, one, { offsetMs: CLOCK_OFFSET_MAX_MS, roundTripMs: 0 }, STRANGERS).kind, 'adopt');
  t.equal(agreeOnClock(two, one, FAR, STRANGERS).kind, 'refuse');
  t.equal(agreeOnClock(two, one, { offsetMs: -FAR.offsetMs, roundTripMs: 0 }, STRANGERS).kind, 'refuse');
});

t.test('far apart, the only clean node gives up its clock, even a synced one or the lesser id', async (t) => {
  t.same(meet(node(1, 'unsynced', 'clean'), node(2, 'synced'), FAR), ['adopt', 'keep']);
  t.same(meet(node(1, 'synced', 'clean'), node(2, 'unsynced'), FAR), ['adopt', 'keep']);
  t.same(meet(node(1, 'synced'), node(2, 'synced', 'clean'), FAR), ['keep', 'adopt']);
});

t.test('far apart and both clean, it goes as if they were near', async (t) => {
  t.same(meet(node(1, 'unsynced', 'clean'), node(2, 'unsynced', 'clean'), FAR), ['keep', 'adopt']);
  t.same(meet(node(1, 'unsynced', 'clean'), node(2, 'synced', 'clean'), FAR), ['adopt', 'keep']);
});

t.test('far apart and both used, both refuse', async (t) => {
  t.same(meet(node(1, 'synced'), node(2, 'unsynced'), FAR), ['refuse', 'refuse']);
});

t.test('far apart, a node that has stamped since it called itself clean refuses to give up its clock', async (t) => {
  const [clean, used] = [node(2, 'unsynced', 'clean'), node(1, 'synced')];
  t.equal(agreeOnClock(clean, used, FAR, { ...STRANGERS, isStillClean: true }).kind, 'adopt');
  t.equal(agreeOnClock(clean, used, FAR, STRANGERS).kind, 'refuse');
  t.equal(agreeOnClock(used, clean, FAR, STRANGERS).kind, 'keep', 'the other one cannot know and waits to be told');
});

t.test('of two nodes that measure the same never both move, and never none but for a reason', async () => {
  const party = (nodeId: number) =>
    fc.record({ nodeId: fc.constant(nodeId), synced: fc.boolean(), clean: fc.boolean() });
  const offsets = fc.oneof(
    fc.integer({ min: -100_000, max: 100_000 }),
    fc.constantFrom(0, CLOCK_OFFSET_MAX_MS, -CLOCK_OFFSET_MAX_MS, CLOCK_OFFSET_MAX_MS + 1),
  );
  fc.assert(
    fc.property(party(1), party(2), offsets, fc.nat(3000), fc.boolean(), (one, two, offsetMs, roundTripMs, friends) => {
      const kinds = meet(one, two, { offsetMs, roundTripMs }, friends);
      assert.notDeepEqual(kinds, ['adopt', 'adopt']);
      if (kinds[0] === 'keep' && kinds[1] === 'keep')
        assert.ok(friends && Math.abs(offsetMs) <= Math.ceil(roundTripMs / 2));
      const isRefused = kinds.includes('refuse');
      assert.equal(isRefused, Math.abs(offsetMs) > CLOCK_OFFSET_MAX_MS && !one.clean && !two.clean);
    }),
  );
});

t.test('exactly one of two nodes follows the other', async (t) => {
  for (const own of [node(1, 'synced'), node(1, 'unsynced')]) {
    for (const other of [node(2, 'synced'), node(2, 'unsynced')]) t.not(adoptsFrom(own, other), adoptsFrom(other, own));
  }
});

t.test('the goodbye names both nodes with their times, and what to do', async (t) => {
  const nowMs = Date.UTC(2027, 0, 15, 8);
  const { reason, text } = clocksApart(1, nowMs, 2, 3_600_000);
  t.equal(reason, 'clock');
  t.match(text, '2027-01-15T09:00:00.000Z at node 2');
  t.match(text, '2027-01-15T08:00:00.000Z at node 1');
  t.match(text, 'restart');
});

t.test('a time before this program was written, or in another century, is none', async (t) => {
  t.ok(isClockPossible(CLOCK_LEAST_MS));
  t.ok(isClockPossible(CLOCK_MOST_MS));
  for (const ms of [0, CLOCK_LEAST_MS - 1, CLOCK_MOST_MS + 1, -5]) t.notOk(isClockPossible(ms));
  t.match(impossibleClock(2, 0), { reason: 'clock', text: /1970-01-01T00:00:00.000Z at node 2.*cannot be/ });
});
