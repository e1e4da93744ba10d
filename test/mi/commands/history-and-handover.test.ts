import t from 'tap';
import type { HistoryEntry } from '../../../lib/history/history-entry.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { handoverCommands } from '../../../lib/mi/commands/handover.ts';
import { historyCommand } from '../../../lib/mi/commands/history.ts';
import type { HandoverOutcome } from '../../../lib/role/handover.ts';
import { miCaller } from '../../support/mi-caller.ts';

const ENTRIES: readonly HistoryEntry[] = Array.from({ length: 100 }, (_, n) => ({
  atMs: Date.UTC(2027, 0, 15, 8) + n,
  clusterAtMs: n === 99 ? Date.UTC(2027, 0, 15, 9) : undefined,
  kind: 'lagging',
  text: `number ${String(n)}`,
}));

t.test('history answers with the last so many', async (t) => {
  const call = miCaller(new CommandTable([historyCommand((most) => ENTRIES.slice(-most))]));
  const { events } = (await call('history')) as { readonly events: readonly object[] };
  t.equal(events.length, 50);
  t.same(await call('history', { count: 2 }), {
    events: [
      { at: '2027-01-15T08:00:00.098Z', kind: 'lagging', text: 'number 98' },
      { at: '2027-01-15T08:00:00.099Z', cluster_at: '2027-01-15T09:00:00.000Z', kind: 'lagging', text: 'number 99' },
    ],
  });
  t.match(await call('history', { count: 0 }), { code: 400 });
});

t.test('handover answers when it is over, and says why it is not done', async (t) => {
  const limits: number[] = [];
  let outcome: HandoverOutcome = { kind: 'done', addressLeftMs: 40, twinActiveMs: 300 };
  const obstacles: string[] = [];
  const handover = {
    obstacle: () => obstacles[0],
    run: (limitMs: number) => {
      limits.push(limitMs);
      return Promise.resolve(outcome);
    },
  };
  const call = miCaller(new CommandTable(handoverCommands(handover)));
  t.same(await call('handover'), { address_left_ms: 40, twin_active_ms: 300 });
  t.same(await call('handover', { timeout: 30 }), { address_left_ms: 40, twin_active_ms: 300 });
  t.same(limits, [10_000, 30_000]);
  for (const timeout of [0, 61]) t.match(await call('handover', { timeout }), { code: 400, message: /1 to 60/ });
  t.equal(limits.length, 2, 'nothing is tried by a wrong call');
  outcome = { kind: 'refused', reason: 'this node is passive' };
  t.match(await call('handover'), { code: 409, message: 'this node is passive' });
  outcome = { kind: 'failed', reason: 'the address was still here' };
  t.match(await call('handover'), { code: 500, message: 'the address was still here' });
  t.same(await call('handover_check'), 'OK');
  obstacles.push('node 2 is not ready');
  t.match(await call('handover_check'), { code: 409, message: 'node 2 is not ready' });
});
