import t, { type Test } from 'tap';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { NodesInForce } from '../../lib/cluster/cluster-control.ts';
import { membershipOf, sentencesOf } from '../../lib/cluster/membership.ts';
import type { ClusterPort } from '../../lib/mi/commands/clusterer-port.ts';
import { clustererCommands } from '../../lib/mi/commands/clusterer-commands.ts';
import { loadConfig } from '../../lib/config/load-config.ts';
import { OperationalError } from '../../lib/core/errors.ts';
import { row } from '../cluster/support/rows.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commandLine, type Outcome } from './support/command-line.ts';
import { miServer } from './support/mi-server.ts';

const NODE_1 = `
listen: [sip:10.0.0.150, bin:10.0.0.177]
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer: {my_node_id: 1, secret: 0123456789abcdef}
`;

const NODE_1_CONFIGURED = NODE_1.replace(
  'my_node_id: 1,',
  'my_node_id: 1, db_mode: 0, my_node_info: "cluster_id=1,url=bin:10.0.0.177,flags=seed", neighbor_node_info: "cluster_id=1,node_id=2,url=bin:10.0.0.178",',
);

type Cluster = NonNullable<ClusterPort>;

/** The command line on a node with this configuration and data folder. */
function node(t: Test, { text = NODE_1, folder = join(tempFolder(t), 'data'), isNamed = false } = {}) {
  const surroundings = { cwd: '/', home: '/home/op', xdgStateHome: undefined, isRoot: false };
  const cluster = (...words: string[]): Promise<Outcome> =>
    commandLine(['cluster', ...words, ...(isNamed ? ['-f', 'twinreg.yaml'] : [])], {
      loadConfig: ({ dataFolder }) =>
        Promise.resolve(loadConfig({ text, listen: [], data: dataFolder ?? folder, surroundings })),
    });
  const tamper = (sql: string): void => {
    const db = new Database(join(folder, 'location.db'));
    db.exec(sql);
    db.close();
  };
  return { folder, cluster, tamper };
}

const IN_FORCE: NodesInForce = {
  rules: { clusterId: 1, nodeId: 1, listen: { transport: 'bin', address: '10.0.0.177', port: 5555 } },
  rows: [],
  sentences: [],
};

/** A daemon's management socket in the folder, for as long as the test runs. */
async function daemon(t: Test, parts: Partial<Cluster> = {}) {
  const reloads: string[] = [];
  const cluster: Cluster = {
    clusterId: 1,
    nodeId: 1,
    isStored: true,
    isEnabled: true,
    hasTwin: true,
    isAlone: false,
    isSynced: true,
    others: () => [{ nodeId: 2, rowId: 2, url: '', link: 'Probe', isEnabled: true, description: undefined }],
    inForce: () => IN_FORCE,
    setStatus: () => Promise.resolve(true),
    reload() {
      reloads.push('reload');
      return Promise.resolve();
    },
    sync: () => true,
    ...parts,
  };
  const { folder } = await miServer(t, clustererCommands(cluster));
  return { folder, reloads };
}

t.test('both nodes are added before the first start, and the file for them is made', async (t) => {
  const { folder, cluster } = node(t);
  t.same(await cluster('add', '1', 'bin:10.0.0.177', '--seed'), {
    code: 0,
    out: `node 1 of cluster 1 added: bin:10.0.0.177, seed
next: the row of the other node, so that there is somebody to replicate with: twinreg cluster add NODE_ID bin:ADDRESS
the daemon is not running; it reads the table when it starts
the other node needs the same rows: run this command there too
`,
    err: '',
  });
  t.match(await cluster('add', '2', 'bin:10.0.0.178', '--retries', '5', '--description', 'rack 7'), {
    code: 0,
    out: /^node 2 of cluster 1 added: bin:10\.0\.0\.178\nthe daemon is not running/,
  });
  t.same(await cluster('list'), {
    code: 0,
    out: `CLUSTER  NODE  URL             STATE    RETRIES  FLAGS  DESCRIPTION
1        1     bin:10.0.0.177  enabled  3        seed
1        2     bin:10.0.0.178  enabled  5               rack 7
`,
    err: '',
  });
  t.ok(existsSync(join(folder, 'location.db')));
});

t.test('listing an empty table makes no file, and says how rows are added', async (t) => {
  const { folder, cluster } = node(t);
  const { code, out } = await cluster('list');
  t.equal(code, 0);
  t.match(
    out,
    /^there is no node in the table clusterer of .*location\.db\nwaiting for rows: the table clusterer of .*location\.db has no row for node 1/,
  );
  t.notOk(existsSync(folder));
});

t.test('with --json there is an object for programs', async (t) => {
  const { folder, cluster } = node(t);
  const added = JSON.parse((await cluster('add', '1', 'bin:10.0.0.177', '--seed', '--json')).out);
  t.match(added, { change: 'added', cluster_id: 1, node_id: 1, url: 'bin:10.0.0.177', daemon: 'not-running' });
  t.match(added.problems, [/^cluster 1 has no other node/]);
  const { file, nodes, problems } = JSON.parse((await cluster('list', '--json')).out);
  t.equal(file, join(folder, 'location.db'));
  t.match(nodes, [{ id: 1, cluster_id: 1, node_id: 1, state: 1, flags: 'seed', description: null }]);
  t.match(problems, [/^cluster 1 has no other node/]);
  t.match(JSON.parse((await cluster('remove', '1', '--json')).out), {
    change: 'removed',
    node_id: 1,
    problems: [/^waiting for rows/],
    next: [/^this node, number 1, has no row any more: /, /./, /^to have it back: /, /^the other node needs/],
  });
});

t.test('a daemon that runs reads the table again', async (t) => {
  const { folder, reloads } = await daemon(t);
  const { cluster } = node(t, { folder });
  t.match(await cluster('add', '1', 'bin:10.0.0.177', '--seed'), { out: /\nthe daemon has read the table again\n/ });
  await cluster('add', '2', 'bin:10.0.0.178');
  t.match(await cluster('list'), { out: /^CLUSTER .* FLAGS {2}DESCRIPTION {2}LINK\n.* this node\n.* Probe\n$/ });
  t.match(JSON.parse((await cluster('list', '--json')).out).nodes, [
    { link_state: 'this node' },
    { link_state: 'Probe' },
  ]);
  t.match(await cluster('remove', '2'), {
    code: 0,
    out: /^node 2 of cluster 1 removed: bin:10\.0\.0\.178\n[^]*the daemon has read the table again\n/,
  });
  t.strictSame(reloads, ['reload', 'reload', 'reload']);
});

t.test('rows that come and go one by one are no fault: it is said what comes next', async (t) => {
  const reload = () => {
    const place = `the table clusterer of ${join(folder, 'location.db')}`;
    const membership = membershipOf([row(2)], IN_FORCE.rules, place);
    return Promise.reject(new OperationalError(sentencesOf(membership).join('; ')));
  };
  const { folder } = await daemon(t, { reload });
  const { cluster } = node(t, { folder });
  const first = await cluster('add', '2', 'bin:10.0.0.178', '--seed');
  t.same(first, {
    code: 0,
    out: `node 2 of cluster 1 added: bin:10.0.0.178, seed
next: the row of this node, number 1: twinreg cluster add 1 bin:10.0.0.177:5555
the daemon takes the rows then
the other node needs the same rows: run this command there too
`,
    err: '',
  });
});

t.test('of rows that are removed it is said what that means', async (t) => {
  const { folder } = await daemon(t);
  const { cluster } = node(t, { folder });
  await cluster('add', '1', 'bin:10.0.0.177', '--seed');
  await cluster('add', '2', 'bin:10.0.0.178');
  t.match(await cluster('remove', '2'), {
    code: 0,
    out: `node 2 of cluster 1 removed: bin:10.0.0.178
node 1 is alone in cluster 1 now: it serves on, and replicates with nobody
the daemon has read the table again
the other node`,
  });
  t.match(await cluster('remove', '1'), {
    code: 0,
    out: /\nthis node, number 1, has no row any more: from its next start on it serves alone\n.*\nto have it back: twinreg cluster add 1 bin:10\.0\.0\.177:5555\n/,
  });
});

const CONFIGURED = [row(1, { id: -1 }), row(2, { id: -1, state: 0 })];

t.test('a daemon that has its nodes in its configuration is asked for them, and they are changed there', async (t) => {
  const sentences = ['node 2 is disabled'];
  const parts = { isStored: false, inForce: () => ({ ...IN_FORCE, rows: CONFIGURED, sentences }) };
  const { folder } = await daemon(t, parts);
  const shown =
    /^CLUSTER .*\n1 {8}1 {5}bin:10\.0\.0\.177 {2}enabled .*this node\n1 {8}2 {5}bin:10\.0\.0\.178 {2}disabled .*\nnode 2 is disabled\n$/;
  for (const text of ['', NODE_1, NODE_1_CONFIGURED]) {
    const { cluster } = node(t, { folder, text });
    t.match(await cluster('list'), { code: 0, out: shown, err: '' }, text);
    t.match(JSON.parse((await cluster('list', '--json')).out), {
      nodes_in: 'configuration',
      nodes: [{}, { state: 0 }],
    });
    t.match(await cluster('add', '3', 'bin:10.0.0.179'), {
      code: 1,
      err: /clusterer\.db_mode is 0\).*: change my_node_info and neighbor_node_info there/,
    });
  }
  const named = node(t, { folder, text: '' }).cluster;
  t.match(await named('remove', '2'), { code: 1, err: /in the file that it was started with \(-f FILE\).*restart it/ });
  t.notOk(existsSync(join(folder, 'location.db')), 'and no table is made');
});

t.test('by its socket alone a daemon is asked for all that is listed', async (t) => {
  const { folder } = await daemon(t, { inForce: () => ({ ...IN_FORCE, rows: [row(1), row(2)] }) });
  const { cluster } = node(t, { text: 'listen: nowhere' });
  const socket = join(folder, 'twinreg.sock');
  t.match(await cluster('list', '--socket', socket), { code: 0, out: /\n.* this node\n.* Probe\n$/, err: '' });
  t.notOk('file' in JSON.parse((await cluster('list', '--json', '--socket', socket)).out));
  t.match(await cluster('list', '--socket', '/nowhere'), { code: 1, err: /there is no socket \/nowhere/ });
  const alone = await miServer(t, clustererCommands(undefined));
  t.match(await cluster('list', '--socket', join(alone.folder, 'twinreg.sock')), {
    code: 1,
    err: 'twinreg: Clustering not enabled\n',
  });
});

t.test('without a configuration the daemon says which node and which cluster this is', async (t) => {
  const rules = { ...IN_FORCE.rules, clusterId: 7, nodeId: 2 };
  const { folder } = await daemon(t, { clusterId: 7, nodeId: 2, inForce: () => ({ ...IN_FORCE, rules }) });
  const { cluster } = node(t, { folder, text: '' });
  t.match(await cluster('add', '1', 'bin:10.0.0.178'), {
    code: 0,
    out: /^node 1 of cluster 7 added.*\nnext: .* number 2:/,
  });
});

t.test('without a configuration, and without a daemon, it is said what the configuration would say', async (t) => {
  const { cluster } = node(t, { text: '' });
  t.match(await cluster('list'), {
    code: 0,
    out: /^there is no node in the table clusterer of .*\nnodes that stand in a configuration \(clusterer\.db_mode is 0\) are shown with -f FILE/,
  });
  const { out } = await cluster('add', '1', 'bin:10.0.0.177');
  t.match(out, '\nwhether these rows are used, and by which node, the configuration says: name it with -f FILE\n');
  t.notMatch(out, 'the other node');
});

t.test('why a daemon does not take the rows is said once', async (t) => {
  const reason = { text: '' };
  const reload = () => Promise.reject(new OperationalError(reason.text));
  const { folder } = await daemon(t, { reload });
  const { cluster, tamper } = node(t, { folder });
  await cluster('add', '1', 'bin:10.0.0.177', '--seed');
  tamper("INSERT INTO clusterer(cluster_id, node_id, url, state) VALUES(1, 3, 'bin:10.0.0.179', 7)");
  reason.text = 'row 2: state: expected 0 or 1, found 7';
  t.match(await cluster('add', '2', 'bin:10.0.0.178'), {
    out: `node 2 of cluster 1 added: bin:10.0.0.178\n${reason.text}\nthe daemon goes on with the rows that it had\nthe other`,
  });
});

t.test('a daemon that does not take the rows is said to go on with the old ones', async (t) => {
  const reload = () => Promise.reject(new OperationalError('another reason'));
  const { folder } = await daemon(t, { reload });
  const { cluster } = node(t, { folder });
  t.match(await cluster('add', '2', 'bin:10.0.0.178'), {
    code: 0,
    out: /\nthe daemon goes on with the rows that it had: Failed to reload: another reason\n/,
  });
  t.match(JSON.parse((await cluster('remove', '2', '--json')).out), { daemon: 'refused', reason: /another reason/ });
});

t.test('a daemon without a cluster, or from before there were any, is said to need a restart', async (t) => {
  const { folder } = await miServer(t, clustererCommands(undefined));
  const old = await miServer(t, []);
  for (const data of [folder, old.folder]) {
    t.match(await node(t, { folder: data }).cluster('add', '1', 'bin:10.0.0.177'), {
      code: 0,
      out: /\nthe daemon that runs is in no cluster; restart it when usrloc\.working_mode_preset is full-sharing-cluster\n/,
    });
  }
});

t.test('a node that is there, a third one, and two in one place are refused', async (t) => {
  const { cluster, tamper } = node(t);
  await cluster('add', '1', 'bin:10.0.0.177');
  const refused = async (words: string, message: RegExp) =>
    t.match(await cluster(...words.split(' ')), { code: 1, out: '', err: message });
  await refused(
    'add 1 bin:10.0.0.179',
    /node 1 of cluster 1 is there already, at bin:10\.0\.0\.177 \(row 1 .*; remove it/,
  );
  await refused('add 2 bin:10.0.0.177', /node 1 of cluster 1 is at bin:10\.0\.0\.177 already/);
  await cluster('add', '2', 'bin:10.0.0.178');
  await refused('add 3 bin:10.0.0.179', /cluster 1 has nodes 1 and 2, and a third node is not supported yet/);
  tamper('UPDATE clusterer SET state = 0 WHERE node_id = 2');
  t.match(await cluster('add', '3', 'bin:10.0.0.179'), { code: 0, out: /row 2: node 2 is disabled \(state 0\)/ });
  await refused('remove 9', /there is no node 9 in cluster 1; it has 1, 2, 3\n$/);
  await refused('remove 1 --cluster 8', /there is no node 1 in cluster 8; it has none\n$/);
});

t.test('wrong rows are listed with what is wrong with them', async (t) => {
  const { cluster, tamper } = node(t);
  await cluster('add', '1', 'bin:10.0.0.177', '--seed');
  tamper(
    `INSERT INTO clusterer(cluster_id, node_id, url, state, description) VALUES(1, 2, '10.0.0.178', 7, char(27) || '[2J')`,
  );
  const { code, out } = await cluster('list');
  t.equal(code, 0);
  t.match(out, /\n1 {8}2 {5}10\.0\.0\.178 {6}7 .*\\x1b\[2J\n/, 'no control character reaches the terminal');
  t.match(
    out,
    /\nrow 2: url: "10\.0\.0\.178": no bin: stands before it; expected .*\nrow 2: state: expected 0 or 1, found 7\n$/,
  );
  t.match(await cluster('remove', '2'), { code: 0 }, 'and can be removed');
});

t.test('without a cluster in the configuration the table can be filled, and is said to be unused', async (t) => {
  const { cluster } = node(t, { text: '', isNamed: true });
  const unused = 'this configuration has no cluster (usrloc.cluster_mode is none): the rows are not used\n';
  t.match(await cluster('add', '1', 'bin:10.0.0.177', '--cluster', '7'), { code: 0, out: unused });
  t.match(await cluster('list'), { out: /\n7 {8}1 / });
  t.match(await cluster('remove', '1', '--cluster', '7'), { code: 0 });
});

t.test('nodes of the configuration are listed, and changed there', async (t) => {
  const { folder, cluster } = node(t, { text: NODE_1_CONFIGURED });
  t.match(await cluster('list'), {
    code: 0,
    out: /\n1 {8}1 {5}bin:10\.0\.0\.177.* seed\n1 {8}2 {5}bin:10\.0\.0\.178.*\n$/,
  });
  for (const words of [
    ['add', '3', 'bin:10.0.0.179'],
    ['remove', '2'],
  ]) {
    t.match(await cluster(...words), {
      code: 1,
      err: /the nodes stand in the configuration \(clusterer\.db_mode is 0\)/,
    });
  }
  t.notOk(existsSync(folder));
});

t.test('a wrong command line is answered with what is expected', async (t) => {
  const { folder, cluster } = node(t);
  const wrong = async (words: readonly string[], message: RegExp) =>
    t.match(await cluster(...words), { code: 2, out: '', err: message });
  await wrong(['add', '1'], /URL is missing\nUsage: twinreg cluster add \[--cluster ID\]/);
  await wrong(['add', '0', 'bin:10.0.0.177'], /NODE_ID: expected a whole number from 1 to 65535, found '0'/);
  await wrong(['add', '1', '10.0.0.177'], /URL: '10\.0\.0\.177': no bin: stands before it; expected bin:HOST/);
  await wrong(['add', '1', 'bin:a', '--retries', '-1'], /--retries/);
  await wrong(['add', '1', 'bin:a', '--retries', 'x'], /--retries: expected a whole number from 0 to 1000, found 'x'/);
  await wrong(['add', '1', 'bin:a', '--cluster', '0'], /--cluster: expected a whole number from 1 to 2147483647/);
  await wrong(['add', '1', 'bin:a', '--description', 'x'.repeat(65)], /--description: expected at most 64 characters/);
  await wrong(['remove'], /NODE_ID is missing/);
  await wrong(['list', 'x'], /unexpected argument 'x'/);
  t.notOk(existsSync(folder));
  t.match(await node(t, { text: 'listen: nowhere' }).cluster('list'), { code: 2, err: /listen\[0\]: "nowhere"/ });
});

t.test('a data folder that cannot be made is named', async (t) => {
  const { cluster } = node(t, { folder: '/proc/twinreg' });
  t.match(await cluster('add', '1', 'bin:10.0.0.177'), {
    code: 1,
    err: /--data: the data folder \/proc\/twinreg cannot be/,
  });
});
