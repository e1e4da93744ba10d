import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { planMerge } from '../../lib/location/merge.ts';
import { carryOut, emptyState } from '../../lib/location/plan.ts';
import type { AorState } from '../../lib/location/record.ts';
import { historyOf, histories } from './support/histories.ts';
import { AOR, inKeyOrder, judged, put, removed, state, T0, version } from './support/states.ts';

function merge(mine: AorState, theirs: AorState): AorState {
  return inKeyOrder(carryOut(mine, planMerge(mine, theirs)));
}

t.test('merging is commutative over any two histories', async () => {
  fc.assert(
    fc.property(histories(2), (steps) => {
      const [a, b] = historyOf(steps, 2);
      assert.deepEqual(merge(a, b), merge(b, a));
    }),
    { numRuns: 300 },
  );
});

t.test('merging is associative over any three histories', async () => {
  fc.assert(
    fc.property(histories(3), (steps) => {
      const [a, b, c] = historyOf(steps, 3);
      assert.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)));
    }),
    { numRuns: 300 },
  );
});

t.test('merging is idempotent: with itself or a second time nothing changes', async () => {
  fc.assert(
    fc.property(histories(2), (steps) => {
      const [a, b] = historyOf(steps, 2);
      const merged = merge(a, b);
      assert.deepEqual(planMerge(a, a), { writes: [], floor: undefined });
      assert.deepEqual(planMerge(merged, b), { writes: [], floor: undefined });
      assert.deepEqual(merge(emptyState(AOR), a), inKeyOrder(a));
    }),
    { numRuns: 300 },
  );
});

t.test('the greater version wins, whichever side it is on and whatever the CSeq says', async (t) => {
  const older = put('sip:a', { version: version(T0), cseq: 99 });
  const newer = removed('sip:a', { version: version(T0 + 1), cseq: 1 });
  t.same(merge(state([older]), state([newer])).records, [newer]);
  t.same(merge(state([newer]), state([older])).records, [newer]);
});

t.test('versions of one millisecond are ordered by counter, then node, then incarnation', async (t) => {
  const first = put('sip:a', { version: version(T0, 0, 2, 9) });
  const byCounter = put('sip:a', { version: version(T0, 1, 1, 1) });
  const byNode = put('sip:a', { version: version(T0, 1, 2, 1) });
  const byIncarnation = put('sip:a', { version: version(T0, 1, 2, 5) });
  for (const [low, high] of [
    [first, byCounter],
    [byCounter, byNode],
    [byNode, byIncarnation],
  ] as const) {
    t.same(merge(state([high]), state([low])).records, [high]);
    t.same(merge(state([low]), state([high])).records, [high]);
  }
});

t.test('a judgement outranks the put that it judged, and loses to any later order', async (t) => {
  const refreshed = put('sip:a', { version: version(T0 + 1) });
  t.same(merge(state([put('sip:a')]), state([judged('sip:a')])).records, [judged('sip:a')]);
  t.same(merge(state([judged('sip:a')]), state([put('sip:a')])).records, [judged('sip:a')]);
  t.same(merge(state([judged('sip:a')]), state([refreshed])).records, [refreshed]);
});

t.test('a key that was permanent on either side is sticky afterwards, also when that side loses', async (t) => {
  const permanent = put('sip:a', { sticky: true });
  const later = put('sip:a', { version: version(T0 + 1) });
  t.same(merge(state([later]), state([permanent])).records, [{ ...later, sticky: true }]);
  t.same(merge(state([permanent]), state([later])).records, [{ ...later, sticky: true }]);
});

t.test('the greater floor stays, and records below it stay too', async (t) => {
  const [low, high] = [state([put('sip:a')], version(T0 - 1)), state([], version(T0 + 5))];
  t.same(merge(low, high), { ...high, records: low.records });
  t.same(merge(high, low), { ...high, records: low.records });
});
