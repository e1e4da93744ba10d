import t from 'tap';
import fc from 'fast-check';
import { emptyBatch, reuseBatch } from '../../lib/storage/batch.ts';
import { ChangeWriter } from '../../lib/storage/change-writer.ts';
import { JournalLedger } from '../../lib/storage/journal-ledger.ts';
import { MergeSweep } from '../../lib/storage/merge-sweep.ts';
import { MERGE_STEP_ROWS_LEAST, MERGE_STEP_ROWS_MOST } from '../../lib/storage/storage-limits.ts';
import { NaiveTable } from './support/naive-table.ts';
import { somePut } from './support/some-records.ts';

/** A table with so many records, whose rows are up to date, and what merges and empties its journal. */
class Bench {
  readonly table = new NaiveTable();
  readonly batch = emptyBatch();
  readonly writer = new ChangeWriter(this.batch);
  readonly sweep = new MergeSweep();
  readonly ledger = new JournalLedger();
  /** By seq, the records of that journal row whose rows have not been written since. */
  readonly needed = new Map<number, Set<number>>();
  #seq = 0;
  #inBatch = new Set<number>();

  constructor(records: number) {
    for (let id = 0; id < records; id++) this.table.restore(id, `u${id}@d`, somePut(`u${id}`, 1000));
  }

  refresh(id: number): void {
    const entry = this.table.readRecord(id);
    if (entry === undefined) return;
    const after = { ...entry.record, cseq: entry.record.cseq + 1 };
    this.table.restore(id, entry.aor, after);
    this.writer.write(entry.aor, { recordId: id, before: entry.record, after });
    this.#inBatch.add(id);
  }

  step(): void {
    const behind = this.#behind();
    this.sweep.step(this.table, this.writer, this.ledger.bytes);
    const merged = behind.filter((id) => !this.writer.behind.has(id));
    for (const ids of [...this.needed.values(), this.#inBatch]) for (const id of merged) ids.delete(id);
  }

  /** Gives the seq up to which journal rows are deleted now. */
  cut(): number {
    this.#seq++;
    this.ledger.add(this.#seq, this.batch.journal.length, this.sweep.position);
    this.needed.set(this.#seq, this.#inBatch);
    this.#inBatch = new Set();
    reuseBatch(this.batch, this.#seq + 1);
    return this.ledger.overtaken(this.sweep.position, Number.MAX_SAFE_INTEGER);
  }

  #behind(): readonly number[] {
    return [...this.table.records.keys()].filter((id) => this.writer.behind.has(id));
  }
}

t.test('a journal row goes only when every record in it has been merged since', (t) => {
  const records = 450;
  const play = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('refresh' as const),
        from: fc.nat({ max: records }),
        count: fc.integer({ min: 100, max: 450 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  );
  const property = fc.property(fc.array(play, { minLength: 30, maxLength: 90 }), (plays) => {
    const bench = new Bench(records);
    for (const next of plays) {
      if (next.do === 'step') bench.step();
      else if (next.do === 'refresh') for (let i = 0; i < next.count; i++) bench.refresh((next.from + i) % records);
      else {
        const upTo = bench.cut();
        const early = [...bench.needed].filter(([seq, ids]) => seq <= upTo && ids.size > 0);
        if (early.length > 0) return false;
      }
    }
    return true;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 100 }));
  t.end();
});

t.test('a quiet table is merged at once, and its journal emptied', (t) => {
  const bench = new Bench(450);
  for (let id = 0; id < MERGE_STEP_ROWS_LEAST; id++) bench.refresh(id * 4);
  bench.step();
  t.equal(bench.writer.behind.size, 0);
  t.equal(bench.cut(), 0, 'not the row that is being written');
  bench.step();
  t.equal(bench.cut(), 1);
  t.equal(bench.ledger.bytes, 0);
  t.end();
});

t.test('a step writes no more rows than the event loop can spare', (t) => {
  const bench = new Bench(MERGE_STEP_ROWS_MOST + 1000);
  for (let id = 0; id < MERGE_STEP_ROWS_MOST + 1000; id++) bench.refresh(id);
  bench.sweep.rush(bench.table, bench.writer);
  t.equal(bench.writer.behind.size, 1000);
  bench.sweep.rush(bench.table, bench.writer);
  t.equal(bench.writer.behind.size, 0);
  t.end();
});

t.test('a table that became empty while rows were behind does not hold the sweep up', (t) => {
  const bench = new Bench(10);
  bench.refresh(3);
  bench.table.records.clear();
  bench.step();
  t.equal(bench.writer.behind.size, 1);
  bench.writer.forget(3);
  bench.step();
  t.equal(bench.writer.behind.size, 0);
  t.end();
});
