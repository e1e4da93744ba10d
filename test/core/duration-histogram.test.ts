import t from 'tap';
import { DurationHistogram } from '../../lib/core/duration-histogram.ts';

t.test('durations are counted at the least bound that holds them', async (t) => {
  const durations = new DurationHistogram([1, 10, 100]);
  for (const ms of [0, 1, 1.001, 10, 99, 100.5, 5000]) durations.observe(ms);
  t.same(durations.cumulative(), [2, 4, 5]);
  t.equal(durations.count, 7);
  t.equal(durations.sumMs, 5211.501);
});
