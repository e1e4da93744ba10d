import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster } from '../../lib/cluster/cluster.ts';
import { ConfiguredNodes } from '../../lib/cluster/configured-nodes.ts';
import type { NodeRow } from '../../lib/cluster/ports.ts';
import { DEGRADATIONS } from '../../lib/mi/commands/status.ts';
import { describeEvent } from '../../lib/replication/event-log.ts';
import { GOODBYE_REASONS } from '../../lib/replication/goodbye.ts';
import type { DirectionState, ReplicatorEvent } from '../../lib/replication/replicator-types.ts';
import { silentLog } from '../support/silent-log.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/OPERATIONS.md'), 'utf8');

/** Whether a table of the page has a line for the word, alone or with others. */
function hasLine(word: string): boolean {
  return PAGE.split('\n').some((line) => line.split('|')[1]?.includes(`\`${word}\``) === true);
}

const EVENTS: readonly ReplicatorEvent[] = [
  { event: 'state', from: 'in-sync', to: 'lagging' },
  { event: 'refused', by: 'us', reason: 'clock', text: '', isLink: false },
  { event: 'refused', by: 'twin', reason: 'timeout', text: '', isLink: true },
  { event: 'protocol-error', code: 'log-gap', text: '' },
  { event: 'reconciled', tookMs: 1, received: 1, changed: 1 },
  { event: 'synced', reason: 'seed' },
  { event: 'clock', shiftedMs: 1 },
  { event: 'max-contacts', ours: 1, theirs: 2 },
];

t.test('the page for operators has a line for every reason and state, and for every message of replication', (t) => {
  for (const reason of [...GOODBYE_REASONS, 'certificate']) t.ok(hasLine(reason), reason);
  const states: readonly DirectionState[] = [
    'down',
    'connecting',
    'authenticating',
    'reconciling',
    'in-sync',
    'lagging',
  ];
  for (const state of states) t.ok(hasLine(state), state);
  for (const word of DEGRADATIONS) t.ok(hasLine(word), word);
  for (const event of EVENTS) {
    const message = describeEvent(event, 2)?.message ?? 'no message';
    t.ok(hasLine(message), message);
  }
  t.end();
});

const row = (nodeId: number, url: string): NodeRow => ({
  id: nodeId,
  cluster_id: 1,
  node_id: nodeId,
  url,
  state: 1,
  no_ping_retries: 3,
  priority: 50,
  sip_addr: null,
  flags: null,
  description: null,
});

t.test('the page has a line for every message about the rows of the cluster', async (t) => {
  const messages = new Set<string>();
  const note = (_fields: object, message: string) => void messages.add(message);
  const log = { ...silentLog, info: note, warn: note };
  const rules = { clusterId: 1, nodeId: 1, listen: { transport: 'bin', address: '10.0.0.1', port: 5555 } } as const;
  const elsewhere = { ...row(7, 'bin:10.0.0.7'), cluster_id: 2 };
  for (const rows of [[], [row(1, 'bin:10.0.0.9'), elsewhere]]) {
    await Cluster.open({ rules, table: new ConfiguredNodes(rows), log });
  }
  t.equal(messages.size, 4);
  for (const message of messages) t.ok(hasLine(message), message);
});
