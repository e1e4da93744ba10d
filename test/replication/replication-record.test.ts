import t from 'tap';
import { GOODBYE_REASONS, type Goodbye } from '../../lib/replication/goodbye.ts';
import { ReplicationRecord } from '../../lib/replication/replication-record.ts';
import { SeedRule } from '../../lib/replication/seed-rule.ts';
import { NOT_COMPARED } from '../../lib/replication/sip-listeners.ts';

const facts = (nowMs: number) => ({
  nowMs,
  twin: undefined,
  outgoing: 'down' as const,
  incoming: 'down' as const,
  seed: new SeedRule(false, 0),
  link: {
    session: undefined,
    progress: undefined,
    listeners: NOT_COMPARED,
    log: { bytes: 0, head: 0 },
    pulse: { isTwinSynced: false, isTwinReady: false, twinRole: undefined, clock: { offsetMs: 0 } },
  },
  pingSlackMs: 5000,
});

const WRONG_SECRET: Goodbye = { reason: 'wrong-secret', text: 'no' };

t.test(
  'refusals are counted by reason, those of strangers among them, and there are no more reasons than are known',
  (t) => {
    const record = new ReplicationRecord(0);
    record.goodbye('us', WRONG_SECRET, 10);
    record.goodbye('twin', WRONG_SECRET, 20);
    record.goodbye('us', { reason: 'clock', text: 'late' }, 30);
    record.stranger({ reason: 'timeout', text: 'slow' }, 40);
    const { refusals, counters, lastGoodbye } = record.status(facts(50));
    t.same([...refusals.keys()], GOODBYE_REASONS);
    t.same(
      [...refusals].filter(([, count]) => count > 0),
      [
        ['wrong-secret', 2],
        ['clock', 1],
        ['timeout', 1],
      ],
    );
    t.equal(counters.refusals, 4);
    t.same(lastGoodbye, { by: 'us', reason: 'clock', text: 'late', agoMs: 20 });
    t.end();
  },
);

t.test('since when a node is out of sync does not begin anew with each try to connect', (t) => {
  const record = new ReplicationRecord(0);
  record.stateChanged('connecting', 'down', 100);
  record.stateChanged('down', 'connecting', 200);
  t.match(record.status(facts(1000)), { sinceMs: 800, syncSinceMs: 1000 });
  record.stateChanged('in-sync', 'reconciling', 2000);
  t.match(record.status(facts(2500)), { sinceMs: 500, syncSinceMs: 500 });
  record.stateChanged('lagging', 'in-sync', 3000);
  record.stateChanged('down', 'lagging', 4000);
  t.match(record.status(facts(5000)), { sinceMs: 1000, syncSinceMs: 2000, counters: { demotions: 1 } });
  t.end();
});

t.test('what stood in the way of the last connection is told with its age, until there is a link', (t) => {
  const record = new ReplicationRecord(0);
  const twin = { nodeId: 2, pingRetries: 3, isEnabled: true };
  const waitsFor = (nowMs: number) => record.status({ ...facts(nowMs), twin }).waitsFor ?? '';
  record.failed('connect ECONNREFUSED', 1000);
  t.match(waitsFor(4000), 'node 2 (last time, 3 s ago: connect ECONNREFUSED: ');
  record.goodbye('twin', WRONG_SECRET, 10_000);
  t.match(waitsFor(190_000), 'node 2 (last time, 3 min ago: no)');
  record.linked();
  t.notMatch(waitsFor(190_000), 'last time');
  t.end();
});
