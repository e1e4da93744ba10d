import t from 'tap';
import { mostFrequent, OTHER_REASON, ReasonCounts } from '../../lib/core/reason-counts.ts';

t.test('so many reasons are told apart, whatever arrives; the others count as one', async (t) => {
  const counts = new ReasonCounts(2);
  for (const reason of ['a', 'b', 'b', 'c', 'd', 'c', 'a']) counts.count(reason);
  for (let i = 0; i < 1000; i++) counts.count(`reason ${i}`);
  t.same(
    [...counts.all()],
    [
      ['a', 2],
      ['b', 2],
      [OTHER_REASON, 1003],
    ],
  );
});

t.test('the most frequent come first', async (t) => {
  t.same(
    mostFrequent(
      new Map([
        ['a', 1],
        ['b', 3],
        ['c', 2],
      ]),
      2,
    ),
    [
      ['b', 3],
      ['c', 2],
    ],
  );
});
