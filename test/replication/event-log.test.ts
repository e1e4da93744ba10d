import t from 'tap';
import { describeEvent } from '../../lib/replication/event-log.ts';
import type { GoodbyeReason } from '../../lib/replication/goodbye.ts';

function lineOf(reason: GoodbyeReason, isLink: boolean) {
  return describeEvent({ event: 'refused', by: 'twin', reason, text: 'why', isLink }, 2);
}

t.test('a link that ends is not said to be refused, and the everyday ends are no warning', (t) => {
  t.match(lineOf('stopping', true), { level: 'info', message: 'replication link ended', fields: { by: 'twin' } });
  t.match(lineOf('stopping', false), { level: 'info', message: 'replication link ended' });
  t.match(lineOf('duplicate', false), { level: 'info', message: 'replication link ended' });
  t.match(lineOf('timeout', true), { level: 'warn', message: 'replication link ended', fields: { text: 'why' } });
  t.match(lineOf('disabled', true), { level: 'warn', message: 'replication link ended' });
  t.end();
});

t.test('listeners that differ are a warning, which says how', (t) => {
  const line = describeEvent({ event: 'listeners', difference: 'how' }, 2);
  t.match(line, {
    level: 'warn',
    message: /^listen differs between the nodes/,
    fields: { nodeId: 2, difference: 'how' },
  });
  t.end();
});

t.test('a connection that does not become the link is refused', (t) => {
  t.match(lineOf('wrong-secret', false), { level: 'warn', message: 'replication link refused' });
  t.match(lineOf('timeout', false), { level: 'warn', message: 'replication link refused' });
  t.end();
});
