import t from 'tap';
import fc from 'fast-check';
import { IdSet } from '../../lib/storage/id-set.ts';

const id = fc.oneof(fc.nat({ max: 130 }), fc.constantFrom(31, 32, 63, 64, 32_767, 32_768, 100_000));
const operation = fc.tuple(fc.constantFrom('add' as const, 'delete' as const), id);

t.test('an id set behaves like a set of numbers, and walks in order', (t) => {
  const property = fc.property(fc.array(operation, { maxLength: 80 }), id, id, (operations, from, to) => {
    const ids = new IdSet();
    const model = new Set<number>();
    for (const [what, member] of operations) {
      ids[what](member);
      model[what](member);
    }
    const walked: number[] = [];
    for (let next = ids.next(from, to); next >= 0; next = ids.next(next + 1, to)) walked.push(next);
    const expected = [...model].filter((member) => member >= from && member < to).sort((a, b) => a - b);
    const same = JSON.stringify(walked) === JSON.stringify(expected);
    return same && ids.size === model.size && ids.has(from) === model.has(from);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  t.end();
});

t.test('a cleared id set is empty', (t) => {
  const ids = new IdSet();
  ids.add(5);
  ids.clear();
  t.equal(ids.size, 0);
  t.equal(ids.next(0, Number.MAX_SAFE_INTEGER), -1);
  t.end();
});
