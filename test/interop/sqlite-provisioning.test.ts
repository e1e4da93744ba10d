import t, { type Test } from 'tap';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Daemon, type DaemonOptions } from '../support/daemon.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const sqlite3 = requireTool('sqlite3');
const run = promisify(execFile);

/** With the tutorial's two addresses, and the port that is BIN's own. */
const EXAMPLE = readFileSync(resolve(import.meta.dirname, '../../sql/example-two-nodes.sql'), 'latin1');
const BIN_PORT = 5555;

/** As the OpenSIPS tutorial has it, with a secret, and a seed that waits less long. */
const config = (nodeId: number) => `
usrloc:
  working_mode_preset: full-sharing-cluster
  location_cluster: 1
clusterer:
  current_id: ${nodeId}
  secret: 0123456789abcdef0123456789abcdef
  seed_fallback_interval: 1
`;

t.test('two nodes are named in the table clusterer with the sqlite3 shell', { skip: sqlite3.skip }, async (t) => {
  const addresses = [loopbackAddress(), loopbackAddress()] as const;
  const options = [await optionsOf(t, addresses[0], 1), await optionsOf(t, addresses[1], 2)] as const;
  const [first, second] = await Promise.all([Daemon.start(t, options[0]), Daemon.start(t, options[1])]);

  await t.test('until then each serves alone and says what it waits for', async (t) => {
    await registers(t, first, 'early');
    const { replication } = await first.status();
    t.match(replication, { outgoing: 'down', waits_for: /has no row for node 1 of cluster 1|second node/ });
    t.match(await first.mi('clusterer_list'), { Clusters: [{ cluster_id: 1, Nodes: [] }] });
    t.match(
      first.log.find(({ msg }) => msg === 'nothing is replicated'),
      { reason: /INSERT INTO clusterer/ },
    );
    await t.rejects(first.mi('ul_cluster_sync'), { message: /Failed to send sync request/ });
  });

  const sql = EXAMPLE.replace('10.0.0.177', addresses[0]).replace('10.0.0.178', addresses[1]);
  for (const daemon of [first, second]) {
    await shell(daemon, sql);
    t.equal(await daemon.mi('clusterer_reload'), 'OK', 'the table is read again');
  }
  await Promise.all([inSync(first), inSync(second)]);
  t.pass('both are in sync');

  await t.test('a REGISTER at one shows at the other', async (t) => {
    t.match(await second.contactsOf('early@example.com'), [{ Callid: 'call-early' }], 'also one that came before');
    await registers(t, first, 'alice');
    t.match(
      await second.contactsOf('alice@example.com'),
      [{ Callid: 'call-alice', Cseq: 1 }],
      'as soon as it is answered',
    );
    await registers(t, second, 'bob');
    t.match(await first.contactsOf('bob@example.com'), [{ Callid: 'call-bob', Cseq: 1 }], 'and the other way');
  });
  await t.test('clusterer_list and its kin have the shapes of OpenSIPS', (t) => lists(t, first, second, addresses));
  await t.test('ul_cluster_sync', async (t) => {
    t.equal(await first.mi('ul_cluster_sync'), 'OK');
    t.equal(await second.mi('ul_cluster_sync'), 'OK');
  });
  await t.test('twinreg cluster list', (t) => listsForPeople(t, first));
  await t.test('a third node is refused by name, and the pair goes on', (t) => thirdNode(t, first, second));
  await t.test('clusterer_set_status stops replication, and starts it again', async (t) => {
    await switches(t, first, second, [1, 2]);
    await switches(t, second, first, [1]);
  });
  await t.test('a restart finds the rows by itself', async (t) => {
    t.equal((await first.stop()).code, 0);
    await until(async () => (await second.status()).replication?.outgoing !== 'in-sync');
    await registers(t, second, 'meanwhile');
    const again = await Daemon.start(t, options[0]);
    await Promise.all([inSync(again), inSync(second)]);
    t.match(await again.contactsOf('meanwhile@example.com'), [{ Callid: 'call-meanwhile' }]);
    t.match(await again.contactsOf('alice@example.com'), [{ Callid: 'call-alice' }]);
  });
});

async function optionsOf(t: Test, address: string, nodeId: number): Promise<DaemonOptions> {
  const port = await freePort(address);
  return { folder: tempFolder(t), address, port, bin: BIN_PORT, config: config(nodeId) };
}

/** Gives the sqlite3 shell this to read, with the daemon's file open. */
async function shell({ folder }: Daemon, sql: string): Promise<string> {
  const shown = run(sqlite3.path ?? '', ['-bail', '-cmd', '.timeout 5000', join(folder, 'location.db')]);
  shown.child.stdin?.end(`${sql}\n;\n`);
  return (await shown).stdout.trim();
}

async function inSync(daemon: Daemon): Promise<void> {
  await until(async () => {
    const { replication } = await daemon.status();
    return replication?.outgoing === 'in-sync' && replication.incoming === 'in-sync';
  });
}

async function registers(t: Test, daemon: Daemon, user: string, cseq = 1): Promise<void> {
  const phone = await daemon.phone(t);
  const fields = { aor: `sip:${user}@example.com`, callId: `call-${user}`, cseq, expires: 3600 };
  t.equal((await phone.register(fields)).status, 200, `${user} is served`);
}

async function lists(t: Test, first: Daemon, second: Daemon, addresses: readonly [string, string]): Promise<void> {
  const node = { link_state: 'Up', state: 'enabled', description: 'none' };
  t.same(await first.mi('clusterer_list'), {
    Clusters: [
      { cluster_id: 1, Nodes: [{ node_id: 2, db_id: 2, url: `bin:${addresses[1]}`, next_hop: '2', ...node }] },
    ],
  });
  t.same(await second.mi('clusterer_list'), {
    Clusters: [
      { cluster_id: 1, Nodes: [{ node_id: 1, db_id: 1, url: `bin:${addresses[0]}`, next_hop: '1', ...node }] },
    ],
  });
  t.same(await first.mi('clusterer_list_topology'), {
    Clusters: [
      {
        cluster_id: 1,
        Nodes: [
          { node_id: 1, Neighbours: [2] },
          { node_id: 2, Neighbours: [1] },
        ],
      },
    ],
  });
  // The tutorial's first node is the seed: it is synced after seed_fallback_interval, and the other one by it.
  await until(async () => (await second.status()).replication?.synced);
  t.same(await second.mi('clusterer_list_cap'), {
    Clusters: [{ cluster_id: 1, Capabilities: [{ name: 'usrloc-contact-repl', state: 'Ok', enabled: 'yes' }] }],
  });
}

async function listsForPeople(t: Test, daemon: Daemon): Promise<void> {
  const path = join(tempFolder(t), 'twinreg.yaml');
  writeFileSync(path, `listen: [sip:${daemon.address}, bin:${daemon.address}:${BIN_PORT}]\n${config(1)}`);
  const { out, code, err } = await daemon.twinreg('cluster', 'list', '--config', path);
  t.equal(code, 0, err);
  t.match(out, /^CLUSTER +NODE +URL +STATE +RETRIES +FLAGS/m);
  t.match(out, /^1 +1 +bin:\S+ +enabled +3 +seed.* this node/m);
  t.match(out, /^1 +2 +bin:\S+ +enabled +3 .* Up/m);
}

async function thirdNode(t: Test, first: Daemon, second: Daemon): Promise<void> {
  await shell(first, `INSERT INTO clusterer(cluster_id, node_id, url) VALUES (1, 3, 'bin:127.0.0.1:5999')`);
  await t.rejects(first.mi('clusterer_reload'), { message: /Failed to reload/ });
  t.match((await first.status()).replication, { outgoing: 'in-sync' }, 'the old rows are in force');
  await registers(t, first, 'carol');
  t.match(await second.contactsOf('carol@example.com'), [{ Callid: 'call-carol' }]);
  await shell(first, 'DELETE FROM clusterer WHERE node_id = 3');
  t.equal(await first.mi('clusterer_reload'), 'OK');
  t.match((await first.status()).replication, { outgoing: 'in-sync' }, 'rows that mean the same change nothing');
}

/** @param node what is switched at `here`: cluster and node, or the cluster alone for `here` itself */
async function switches(t: Test, here: Daemon, there: Daemon, node: readonly number[]): Promise<void> {
  const user = `switched${node.length}`;
  const disabled = `SELECT count(*) FROM clusterer WHERE state = 0`;
  t.equal(await here.mi('clusterer_set_status', [...node, 0]), 'OK', `off: ${node.join('/')}`);
  t.equal(await shell(here, disabled), '1', 'it stands in the table');
  await until(async () => (await there.status()).replication?.outgoing !== 'in-sync');
  await until(async () => (await there.status()).replication?.last_refusal?.reason === 'disabled');
  await registers(t, here, user);
  t.same(await there.contactsOf(`${user}@example.com`), [], 'nothing is replicated');
  t.equal(await here.mi('clusterer_set_status', [...node, 1]), 'OK', 'on');
  t.equal(await shell(here, disabled), '0');
  await Promise.all([inSync(here), inSync(there)]);
  t.match(
    await there.contactsOf(`${user}@example.com`),
    [{ Callid: `call-${user}` }],
    'what came meanwhile comes over',
  );
}
