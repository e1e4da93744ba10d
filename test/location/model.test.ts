import fc from 'fast-check';
import t from 'tap';
import { AORS, Compared, limits, rules, run, step, stepAnywhen } from './support/compared.ts';
import { SECOND, settings, STAR } from './support/states.ts';

t.test('over any history the table does what a naive one does, and tells its listeners the same', async () => {
  fc.assert(
    fc.property(rules, limits, fc.array(step, { maxLength: 40, size: 'max' }), (view, bounds, steps) => {
      const fields = { ...view, ...bounds };
      run([new Compared(settings({ ...fields, nodeId: 1 })), new Compared(settings({ ...fields, nodeId: 2 }))], steps);
    }),
    { numRuns: 150 },
  );
});

t.test('it does so also when time goes back by seconds, hours and days', async () => {
  fc.assert(
    fc.property(rules, fc.array(stepAnywhen, { maxLength: 40, size: 'max' }), (view, steps) => {
      run([new Compared(settings({ ...view, nodeId: 1 })), new Compared(settings({ ...view, nodeId: 2 }))], steps);
    }),
    { numRuns: 150 },
  );
});

t.test('after any history all that may go early goes within two minutes', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25, size: 'max' }), (steps) => {
      const nodes = [new Compared(settings({ nodeId: 1 })), new Compared(settings({ nodeId: 2 }))] as const;
      let nowMs = run(nodes, steps);
      for (const at of nodes) at.commit({ aor: AORS[0]!, origin: 'sip', changes: [STAR] }, nowMs);
      for (let round = 0; round < 120; round++) {
        nowMs += SECOND;
        for (const at of nodes) {
          at.expire(nowMs);
          at.dropDead(nowMs, () => undefined, nowMs);
        }
      }
      // What expired in the last 40 seconds of this may stay; nothing else may.
      for (const at of nodes) at.nothingIsDroppable(nowMs - 2 * SECOND);
    }),
    { numRuns: 40 },
  );
});
