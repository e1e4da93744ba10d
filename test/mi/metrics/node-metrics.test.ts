import t from 'tap';
import { DEGRADATIONS } from '../../../lib/mi/commands/status.ts';
import { NodePages } from '../../../lib/mi/metrics/node-pages.ts';
import { expositionOf } from './support/exposition.ts';
import { LAGGING, SomeNode } from './support/some-node.ts';

async function scraped(node: SomeNode) {
  return expositionOf(await node.metrics.text());
}

t.test('every line is what Prometheus reads, every family says what it is', async (t) => {
  const node = new SomeNode();
  node.world.register({ contact: '<mailto:x"y\\z>' });
  const { families, problems } = await scraped(node);
  t.same(problems, []);
  t.ok(families.size > 45);
  for (const [name, { type, help, samples }] of families) {
    if (!name.startsWith('twinreg_')) continue;
    t.match(help, /^\S.{10,}\.$/, `${name} is explained in a sentence`);
    if (!name.endsWith('invalid_requests_total')) t.ok(samples.length > 0, `${name} has a value`);
    t.equal(name.endsWith('_total'), type === 'counter', `${name}: _total is for counters`);
    t.notMatch(name, /_(ms|milliseconds|minutes|kb|mb|kilobytes|count|ratio_percent)$/, `${name} has a base unit`);
  }
});

t.test('no label has a value that a user could choose', async (t) => {
  const node = new SomeNode();
  for (let i = 0; i < 50; i++) {
    node.world.register({ to: `sip:u${i}@example.com`, contact: `<sip:u${i}@192.0.2.1>`, callId: `c${i}` });
    node.world.register({ to: `sip:u${i}@example.com`, contact: `<bad${i}>`, headers: [`X-${i}: y`] });
    node.engine.countRequest(`METHOD${i}`);
  }
  const { families } = await scraped(node);
  const text = JSON.stringify([...families]);
  t.notMatch(text, /u7|bad7|METHOD7|c7"/);
  t.match(text, /"unknown"/);
});

t.test('what is counted elsewhere is shown as it is at each scrape', async (t) => {
  const node = new SomeNode();
  node.world.register({ contact: '<sip:alice@192.0.2.10>' });
  node.world.register({ contact: '<sip:alice@192.0.2.10>' });
  node.world.register({ callId: 'q' });
  node.world.register({ contact: '<sip:alice@192.0.2.10>', cseq: 0 });
  node.engine.countDrop('malformed');
  node.engine.invalid.count('400 Bad CSeq');
  node.pings.optionsSent = 7;
  node.pings.skipped['no-connection'] = 2;
  node.latencies.answered('alice@example.com', 'sip:alice', 200, 30);
  node.degraded = ['disk'];
  const first = await scraped(node);
  t.equal(first.value('twinreg_register_requests_total', { outcome: 'stored' }), 1);
  t.equal(first.value('twinreg_register_requests_total', { outcome: 'retransmission' }), 1);
  t.equal(first.value('twinreg_register_requests_total', { outcome: 'query' }), 1);
  t.equal(first.value('twinreg_register_requests_total', { outcome: 'rejected' }), 1);
  t.equal(first.value('twinreg_register_refusals_total', { status: '400', reason: 'Invalid CSeq' }), 1);
  t.equal(first.value('twinreg_register_duration_seconds_count'), 3);
  t.equal(first.value('twinreg_contacts'), 1);
  t.equal(first.value('twinreg_sip_drops_total', { reason: 'malformed' }), 1);
  t.equal(first.value('twinreg_sip_invalid_requests_total', { status: '400', reason: 'Bad CSeq' }), 1);
  t.equal(first.value('twinreg_pings_sent_total', { kind: 'options' }), 7);
  t.equal(first.value('twinreg_pings_skipped_total', { reason: 'no-connection' }), 2);
  t.equal(first.value('twinreg_ping_latency_seconds_bucket', { le: '0.025' }), 0);
  t.equal(first.value('twinreg_ping_latency_seconds_bucket', { le: '0.05' }), 1);
  t.equal(first.value('twinreg_ping_latency_seconds_sum'), 0.03);
  t.equal(first.value('twinreg_ping_guard_active'), 1);
  t.equal(first.value('twinreg_event_loop_delay_seconds', { stat: 'max' }), 0.015);
  t.equal(first.value('twinreg_storage_lag_seconds'), 1.5);
  t.equal(first.value('twinreg_storage_degraded'), 1);
  t.equal(first.value('twinreg_ready'), 1);
  t.equal(first.value('twinreg_address_here'), 1);
  t.equal(first.value('twinreg_both_active'), 1);
  t.equal(first.value('twinreg_both_active_total'), 3);
  for (const reason of DEGRADATIONS) t.equal(first.value('twinreg_degraded', { reason }), Number(reason === 'disk'));

  node.world.register({ contact: '<sip:alice@192.0.2.10>', cseq: 2 });
  node.degraded = [];
  node.unready = ['stopping'];
  const second = await scraped(node);
  t.equal(
    second.value('twinreg_register_requests_total', { outcome: 'stored' }),
    2,
    'a counter goes on, and is not added up',
  );
  t.equal(second.value('twinreg_degraded', { reason: 'disk' }), 0);
  t.equal(second.value('twinreg_ready'), 0);
});

t.test('a node shows how it stands with its twin, in base units', async (t) => {
  const node = new SomeNode();
  node.pings.hidden = 3;
  const { value } = await scraped(node);
  t.equal(value('twinreg_in_sync'), 0);
  t.equal(value('twinreg_synced'), 1);
  for (const state of ['down', 'connecting', 'authenticating', 'reconciling', 'in-sync', 'lagging']) {
    const sample = (direction: string) => value('twinreg_replication_state', { direction, state });
    t.equal(sample('outgoing'), Number(state === 'lagging'), `outgoing ${state}`);
    t.equal(sample('incoming'), Number(state === 'in-sync'), `incoming ${state}`);
  }
  t.equal(value('twinreg_replication_lag_changes'), 40);
  t.equal(value('twinreg_replication_lag_seconds'), 1.25);
  t.equal(value('twinreg_replication_log_bytes'), 8192);
  t.equal(value('twinreg_replication_head_position'), 140);
  t.equal(value('twinreg_replication_applied_position'), 70);
  t.equal(value('twinreg_replication_silence_seconds'), 0.5);
  t.equal(value('twinreg_clock_offset_seconds'), -1.5);
  t.equal(value('twinreg_wall_clock_offset_seconds'), 0.25);
  t.equal(value('twinreg_replication_refusals_total', { reason: 'wrong-secret' }), 5);
  t.equal(value('twinreg_replication_refusals_total', { reason: 'clock' }), 0);
  t.equal(value('twinreg_replication_links_total'), 3);
  t.equal(value('twinreg_replication_demotions_total'), 6);
  t.equal(value('twinreg_replication_resumes_total'), 1);
  t.equal(value('twinreg_replication_reconciles_total'), 2);
  t.equal(value('twinreg_replication_protocol_errors_total'), 1);
  t.equal(value('twinreg_replication_log_overruns_total'), 7);
  t.equal(value('twinreg_replication_last_reconcile_age_seconds'), 60);
  t.equal(value('twinreg_replication_last_reconcile_duration_seconds'), 0.75);
  t.equal(value('twinreg_replication_last_reconcile_users', { what: 'received' }), 9);
  t.equal(value('twinreg_replication_last_reconcile_users', { what: 'changed' }), 4);
  t.equal(value('twinreg_ping_hidings_total'), 3);
});

t.test("without a link nobody knows the twin's clock; a node of its own knows nothing of a twin", async (t) => {
  const unlinked = { ...LAGGING, silentMs: undefined, clockOffsetMs: undefined, lastReconcile: undefined };
  const { families } = await scraped(new SomeNode({ replication: () => unlinked }));
  const absent = ['clock_offset_seconds', 'replication_silence_seconds', 'replication_last_reconcile_users'];
  for (const name of absent) t.same(families.get(`twinreg_${name}`)?.samples, [], name);
  const alone = await scraped(new SomeNode({ replication: () => undefined }));
  t.same(alone.problems, []);
  for (const [name, { samples }] of alone.families) {
    if (/^twinreg_(replication_|in_sync|synced|clock_|wall_)/.test(name)) t.same(samples, [], name);
  }
});

t.test('without a disk its families are there and empty', async (t) => {
  const node = new SomeNode({ storage: () => undefined });
  const { families, problems } = await scraped(node);
  t.same(problems, []);
  t.same(families.get('twinreg_storage_pending_changes')?.samples, []);
  t.same(families.get('twinreg_storage_flushes_total')?.samples, []);
});

t.test('/health says that the process answers, /ready whether it can serve', async (t) => {
  const node = new SomeNode();
  const pages = new NodePages(node.metrics, node.readiness);
  const page = async (path: string) => {
    const found = await pages.page(path);
    return found === undefined ? undefined : { status: found.status, value: JSON.parse(found.body) };
  };
  t.same(await page('/ready'), { status: 200, value: { ready: true, degraded: [] } });
  node.degraded = ['disk', 'clock'];
  t.same(await page('/ready'), { status: 200, value: { ready: true, degraded: ['disk', 'clock'] } });
  node.unready = ['stopping'];
  t.same(await page('/ready'), {
    status: 503,
    value: { ready: false, unready: ['stopping'], degraded: ['disk', 'clock'] },
  });
  t.match(await page('/health'), { status: 200 });
  t.match(await pages.page('/metrics'), { status: 200, contentType: /^text\/plain; version=0\.0\.4/ });
  for (const path of ['/', '/metrics/', '/mi', '/Ready']) t.equal(pages.page(path), undefined, path);
});
