import t from 'tap';
import { memoryOnlyStore } from '../../lib/storage/memory-only-store.ts';

t.test('without a file nobody waits, and there is nothing to tell', async (t) => {
  const told: string[] = [];
  memoryOnlyStore.settle('a@d', () => told.push('settled'));
  memoryOnlyStore.whenFlushedAfterNow(() => told.push('flushed'));
  t.same(told, ['settled', 'flushed']);
  t.equal(memoryOnlyStore.status(), undefined);
  await t.resolves(memoryOnlyStore.mergeNow());
  await t.resolves(memoryOnlyStore.close());
});
