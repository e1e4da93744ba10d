import t, { type Test } from 'tap';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplicationState } from '../../lib/mi/commands/status.ts';
import { Daemon } from '../support/daemon.ts';
import { EMBEDDED, ENGINES, type TestEngine } from '../support/engines.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { expositionOf } from '../mi/metrics/support/exposition.ts';

const BIN_PORT = 5555;
const SECRET = '0123456789abcdef0123456789abcdef';

interface NodeText {
  readonly nodeId: 1 | 2;
  readonly addresses: readonly [string, string];
  readonly secret?: string;
  /** The nodes stand in the table `clusterer`. */
  readonly inTable?: boolean;
}

function configOf({ nodeId, addresses, secret = SECRET, inTable = false }: NodeText): string {
  const info = (id: number) => `cluster_id=1,node_id=${id},url=bin:${addresses[id - 1]}:${BIN_PORT},flags=seed`;
  const nodes = ['  db_mode: 0', `  my_node_info: "${info(nodeId)}"`, `  neighbor_node_info: "${info(3 - nodeId)}"`];
  return [
    'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
    'nathelper: {natping_interval: 0}',
    'clusterer:',
    `  my_node_id: ${nodeId}`,
    `  secret: ${secret}`,
    '  seed_fallback_interval: 0',
    ...(inTable ? [] : nodes),
    '',
  ].join('\n');
}

function start(t: Test, text: NodeText, engine: TestEngine = EMBEDDED): Promise<Daemon> {
  const address = text.addresses[text.nodeId - 1] ?? '';
  return Daemon.start(t, { address, bin: BIN_PORT, config: configOf(text), http: true, engine });
}

async function replication(daemon: Daemon): Promise<ReplicationState> {
  const { replication: state } = await daemon.status();
  if (state === undefined) throw new Error('the node shows no replication');
  return state;
}

/** The state of replication when it is as the test wants it. */
function once(daemon: Daemon, is: (state: ReplicationState) => boolean): Promise<ReplicationState> {
  return until(async () => {
    const state = await replication(daemon);
    return is(state) && state;
  });
}

async function metricsOf({ address, httpPort }: Daemon) {
  const response = await fetch(`http://${address}:${httpPort}/metrics`);
  return expositionOf(await response.text());
}

const isInSync = ({ outgoing, incoming, synced }: ReplicationState) =>
  outgoing === 'in-sync' && incoming === 'in-sync' && synced;

for (const engine of ENGINES) {
  t.test(
    `a pair shows that it is in sync, and what is left of it when one node is killed (${engine.name})`,
    async (t) => {
      const addresses = [loopbackAddress(), loopbackAddress()] as const;
      const first = await start(t, { nodeId: 1, addresses }, engine);
      const alone = await once(first, ({ synced }) => synced);
      t.match(alone, {
        outgoing: 'down',
        membership: 'member',
        commit: 'twin',
        waits_for: /^waits for a link to node 2/,
      });
      t.same((await first.status()).degraded, ['twin']);
      const second = await start(t, { nodeId: 2, addresses }, engine);
      const state = await once(first, isInSync);
      t.match(state, {
        listen: `bin:${addresses[0]}:${BIN_PORT}`,
        twin_id: 2,
        twin_url: `bin:${addresses[1]}:${BIN_PORT}`,
        enabled: true,
        clock_offset_ms: Number,
        wall_clock_offset_ms: Number,
        last_reconcile: { took_ms: Number, received: 0, changed: 0 },
      });
      t.notMatch(state, { waits_for: String });
      t.same((await first.status()).degraded, []);

      const phone = await first.phone(t);
      t.equal((await phone.register({ aor: 'sip:alice@example.com' })).status, 200);
      t.equal((await second.dump()).length, 1, 'an answered registration is on both nodes');
      t.match(await first.mi('get_statistics', { statistics: ['clusterer:'] }), {
        'clusterer:clusterer_nodes': 1,
        'clusterer:clusterer_nodes_up': 1,
        'clusterer:clusterer_nodes_down': 0,
      });
      const { problems, value } = await metricsOf(first);
      t.same(problems, []);
      t.equal(value('twinreg_in_sync'), 1);
      t.equal(value('twinreg_replication_state', { direction: 'incoming', state: 'in-sync' }), 1);
      t.equal(value('twinreg_replication_head_position'), 1);
      t.equal((await metricsOf(second)).value('twinreg_replication_applied_position'), 1);
      t.match((await first.twinreg('status')).out, /\n {15}phones: replies wait until both nodes have the binding\n/);
      t.match(
        (await first.twinreg('top', '--once')).out,
        /\ntwin {11}node 2: in sync, \d+ changes? \(\d+ ms\) behind \(to it in-sync, from it in-sync\)/,
      );

      await second.kill();
      await once(first, ({ outgoing }) => outgoing === 'down');
      const { out } = await first.twinreg('status');
      t.match(out, /\ntwin {11}node 2 at bin:\S+: NOT IN SYNC for \d+ s/);
      t.match(out, 'phones: replies do not wait: bindings answered now are on this node only');
      t.match(out, /\n {15}node 2 is the one that connects, to bin:/);
      t.match(out, /\ndegraded +twin \(/);
      t.match(await first.mi('get_statistics', { statistics: ['all'] }), {
        'clusterer:clusterer_nodes_up': 0,
        'clusterer:clusterer_nodes_down': 1,
        'twinreg:replication_links': 1,
        'twinreg:replication_reconciles': 1,
        'twinreg:replication_lag_changes': 0,
      });
      const after = await metricsOf(first);
      t.equal(after.value('twinreg_degraded', { reason: 'twin' }), 1);
      t.equal(after.value('twinreg_clock_offset_seconds'), undefined);
    },
  );
}

t.test('two nodes with two secrets tell each operator so, in one sentence', async (t) => {
  const addresses = [loopbackAddress(), loopbackAddress()] as const;
  const first = await start(t, { nodeId: 1, addresses });
  const second = await start(t, { nodeId: 2, addresses, secret: `${SECRET}x` });
  for (const daemon of [first, second]) {
    const state = await once(daemon, ({ last_refusal: last }) => last !== undefined);
    t.match(state.last_refusal, { reason: 'wrong-secret', text: /clusterer\.secret or secret_file/ });
    t.match(state.waits_for, /did not prove that it knows the secret/);
    const { value } = await metricsOf(daemon);
    t.ok((value('twinreg_replication_refusals_total', { reason: 'wrong-secret' }) ?? 0) > 0);
    t.equal(value('twinreg_replication_refusals_total', { reason: 'clock' }), 0);
    t.match((await daemon.twinreg('status')).out, /\(wrong-secret\)/);
  }
});

t.test('a node without rows says which rows it waits for', async (t) => {
  const addresses = [loopbackAddress(), loopbackAddress()] as const;
  const daemon = await start(t, { nodeId: 1, addresses, inTable: true });
  t.match(await replication(daemon), {
    membership: 'waiting',
    waits_for: /^waiting for rows: .*`twinreg cluster add`/,
  });
  const { out } = await daemon.twinreg('status');
  t.match(out, /\ntwin {11}NOTHING IS REPLICATED \(this node listens on bin:/);
  t.match(out, /\n {15}waiting for rows: the table clusterer of \S+ has no row for node 1 of cluster 1; /);
  t.match((await daemon.status()).degraded, ['twin', 'sync']);
});

t.test('a node of its own shows nothing of a twin', async (t) => {
  const daemon = await Daemon.start(t, { http: true });
  t.notMatch(await daemon.status(), { replication: Object });
  const statistics = (await daemon.mi('get_statistics', { statistics: ['all'] })) as Readonly<Record<string, number>>;
  t.same(
    Object.keys(statistics).filter((name) => /^clusterer:|replication/.test(name)),
    [],
  );
  t.equal((await metricsOf(daemon)).value('twinreg_in_sync'), undefined);
});

t.test(
  'nodes that stand in the configuration are listed as the daemon has them, and no sentence speaks of rows',
  async (t) => {
    const addresses = [loopbackAddress(), loopbackAddress()] as const;
    const daemon = await start(t, { nodeId: 1, addresses });
    const shown = (second: string) =>
      new RegExp(`\\n1 +1 +bin:${addresses[0]}:5555 +enabled.* this node\\n1 +2 .* ${second} `);
    t.match(await daemon.twinreg('cluster', 'list'), { code: 0, out: shown('enabled'), err: '' });
    t.equal(await daemon.mi('clusterer_set_status', [1, 2, 0]), 'OK');
    const path = join(daemon.folder, 'twinreg.yaml');
    writeFileSync(path, `listen: [sip:${addresses[0]}, bin:${addresses[0]}]\n${configOf({ nodeId: 1, addresses })}`);
    for (const options of [[], ['-f', path]]) {
      const { code, out } = await daemon.twinreg('cluster', 'list', ...options);
      t.equal(code, 0);
      t.match(out, shown('disabled'));
      t.match(out, '\nnode 2 is disabled (by clusterer_set_status, ');
      t.notMatch(out, /row|table/);
    }
    t.notMatch((await daemon.status()).replication?.waits_for, /row/);
    t.match(await daemon.twinreg('cluster', 'add', '3', 'bin:10.0.0.179'), {
      code: 1,
      out: '',
      err: /clusterer\.db_mode is 0/,
    });
  },
);

t.test('a node that keepalived takes for dead is not ready to its twin, and says why', async (t) => {
  const addresses = [loopbackAddress(), loopbackAddress()] as const;
  const first = await start(t, { nodeId: 1, addresses });
  const second = await start(t, { nodeId: 2, addresses });
  await once(first, (state) => isInSync(state) && state.twin_ready);
  writeFileSync(join(second.folder, 'down'), '1\n');
  await once(first, (state) => !state.twin_ready);
  t.ok((await second.status()).degraded.includes('down'));
  writeFileSync(join(second.folder, 'down'), '0\n');
  await once(first, (state) => state.twin_ready);
  t.notOk((await second.status()).degraded.includes('down'));
});

t.test('a node that keepalived gives no address is not ready to its twin, is degraded, and says so', async (t) => {
  const addresses = [loopbackAddress(), loopbackAddress()] as const;
  const first = await start(t, { nodeId: 1, addresses });
  const second = await start(t, { nodeId: 2, addresses });
  await once(first, (state) => isInSync(state) && state.twin_ready);
  const state = join(second.folder, 'keepalived');
  writeFileSync(state, 'FAULT\n');
  await once(first, ({ twin_ready: isReady }) => !isReady);
  const status = await until(async () => {
    const now = await second.status();
    return now.degraded.includes('keepalived') && now;
  });
  t.match(status, { keepalived: { state: 'FAULT', since: statSync(state).mtime.toISOString() }, unready: [] });
  const ready = await fetch(`http://${second.address}:${second.httpPort}/ready`);
  t.equal(ready.status, 200, 'keepalived asks this: a fault must not keep itself up');
  t.match(await ready.json(), { ready: true, degraded: ['keepalived'] });
  t.equal((await metricsOf(second)).value('twinreg_degraded', { reason: 'keepalived' }), 1);
  t.match((await second.twinreg('status')).out, /\nkeepalived +FAULT since .*\n(?:.*\n)*degraded +keepalived \(/);

  writeFileSync(state, 'BACKUP\n');
  await once(first, ({ twin_ready: isReady }) => isReady);
  t.notMatch(await second.status(), { keepalived: Object });
  t.match((await second.twinreg('history')).out, /\bkeepalived +FAULT since .*\n.*\bkeepalived +BACKUP: /);
});
