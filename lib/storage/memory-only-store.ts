import type { Persistence } from './persistence.ts';

/** `sql_write_mode: none`: memory is all there is, so it is as durable as it gets at once. */
export const memoryOnlyStore: Persistence = {
  settle: (_aor, done) => done(),
  whenFlushedAfterNow: (done) => done(),
  mergeNow: () => Promise.resolve(),
  status: () => undefined,
  close: () => Promise.resolve(),
};
