/* Two whole machines over a wire that cuts, glues and damages: the link may end, the tables end alike. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { AorState } from '../../lib/location/record.ts';
import { inKeyOrder, putOrder, HOUR, removeOrder } from '../location/support/states.ts';
import type { MachineNode } from './support/two-nodes.ts';
import { T0, TwoNodes } from './support/two-nodes.ts';

function contents(node: MachineNode): AorState[] {
  return [...node.table.aors()].map(inKeyOrder).sort((a, b) => (a.aor < b.aor ? -1 : 1));
}

function change(node: MachineNode, index: number): void {
  node.serve(
    `user${index % 7}@example.com`,
    index % 3 === 2 ? removeOrder('sip:0') : putOrder(`sip:${index % 4}`, T0 + HOUR),
  );
}

t.test('chunks of any size carry the same', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const pair = new TwoNodes();
      let next = 0;
      pair.onWire = (bytes) => {
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length;) {
          const end = at + (sizes[next++ % sizes.length] ?? 1);
          chunks.push(bytes.subarray(at, end));
          at = end;
        }
        return chunks;
      };
      for (let index = 0; index < 30; index++) change(index % 2 === 0 ? pair.a : pair.b, index);
      pair.run(100);
      for (let index = 0; index < 30; index++) change(index % 2 === 0 ? pair.a : pair.b, index);
      pair.run(100);
      assert.equal(pair.a.machine.outgoing, 'in-sync');
      assert.deepEqual(contents(pair.a), contents(pair.b));
      assert.equal(pair.a.machine.status(pair.a.nowMs).counters.links, 1);
    }),
    { numRuns: 15 },
  );
});

t.test('a damaged octet ends the link at most, and the next one makes both alike', async () => {
  const damage = fc.record({ chunk: fc.nat(60), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 5 }), (damages) => {
      const pair = new TwoNodes();
      let chunk = 0;
      pair.onWire = (bytes) => {
        const here = damages.filter((one) => one.chunk === chunk);
        chunk++;
        for (const { at, by } of here) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by;
        return [bytes];
      };
      for (let index = 0; index < 40; index++) {
        change(index % 2 === 0 ? pair.a : pair.b, index);
        pair.run(1);
      }
      pair.run(30_000);
      assert.equal(pair.a.machine.outgoing, 'in-sync');
      assert.equal(pair.b.machine.outgoing, 'in-sync');
      assert.deepEqual(contents(pair.a), contents(pair.b));
    }),
    { numRuns: 40 },
  );
});

t.test('cuts at any moment lose nothing that was answered', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('a', 'b'), index: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('run'), index: fc.nat(700) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'drop', 'hold', 'go'), index: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const pair = new TwoNodes();
      pair.run(200);
      for (const { kind, index } of steps) {
        if (kind === 'a') change(pair.a, index);
        else if (kind === 'b') change(pair.b, index);
        else if (kind === 'run') pair.run(index);
        else if (kind === 'cut') pair.cut();
        else if (kind === 'drop') pair.drop();
        else pair.isHeld = kind === 'hold';
      }
      pair.isHeld = false;
      pair.run(90_000);
      assert.equal(pair.a.machine.outgoing, 'in-sync');
      assert.deepEqual(contents(pair.a), contents(pair.b));
    }),
    { numRuns: 40 },
  );
});
