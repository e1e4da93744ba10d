import t from 'tap';
import type { ListedNode } from '../../../lib/cluster/cluster-control.ts';
import { OperationalError } from '../../../lib/core/errors.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { clustererCommands } from '../../../lib/mi/commands/clusterer-commands.ts';
import type { ClusterPort } from '../../../lib/mi/commands/clusterer-port.ts';
import { ulClusterSyncCommand } from '../../../lib/mi/commands/ul-cluster-sync.ts';
import { row } from '../../cluster/support/rows.ts';
import { miCaller } from '../../support/mi-caller.ts';

type Cluster = NonNullable<ClusterPort>;

const TWIN: ListedNode = {
  nodeId: 2,
  rowId: 15,
  url: 'bin:10.0.0.178',
  link: 'Up',
  isEnabled: true,
  description: undefined,
};

/** Node 1 of cluster 1, and the orders it got. */
function someCluster(parts: Partial<Cluster> = {}) {
  const orders: string[] = [];
  const cluster: Cluster = {
    clusterId: 1,
    nodeId: 1,
    isStored: true,
    isEnabled: true,
    hasTwin: true,
    isAlone: false,
    isSynced: true,
    others: () => [TWIN],
    inForce: () => ({
      rules: { clusterId: 1, nodeId: 1, listen: { transport: 'bin', address: '10.0.0.177', port: 5555 } },
      rows: [row(1), row(2, { description: Buffer.from('x') })],
      sentences: ['look'],
    }),
    setStatus(nodeId, isEnabled) {
      orders.push(`${nodeId} ${isEnabled ? 'on' : 'off'}`);
      return Promise.resolve(nodeId <= 2);
    },
    reload: () => Promise.resolve(),
    sync: () => true,
    ...parts,
  };
  return { call: miCaller(new CommandTable(clustererCommands(cluster))), orders };
}

t.test('clusterer_list has the other nodes, as OpenSIPS lists them', async (t) => {
  const { call } = someCluster({
    others: () => [
      TWIN,
      { ...TWIN, nodeId: 3, rowId: 16, link: 'Down', isEnabled: false, description: 'the old one' },
      { ...TWIN, nodeId: 4, rowId: -1, link: 'Probe' },
    ],
  });
  const { Clusters } = await call('clusterer_list');
  t.strictSame(JSON.parse(JSON.stringify(Clusters)), [
    {
      cluster_id: 1,
      Nodes: [
        {
          node_id: 2,
          db_id: 15,
          url: 'bin:10.0.0.178',
          link_state: 'Up',
          state: 'enabled',
          next_hop: '2',
          description: 'none',
        },
        {
          node_id: 3,
          db_id: 16,
          url: 'bin:10.0.0.178',
          link_state: 'Down',
          state: 'disabled',
          next_hop: 'none',
          description: 'the old one',
        },
        {
          node_id: 4,
          db_id: -1,
          url: 'bin:10.0.0.178',
          link_state: 'Probe',
          state: 'enabled',
          next_hop: 'none',
          description: 'none',
        },
      ],
    },
  ]);
  t.strictSame(Object.keys(Clusters[0].Nodes[0]), [
    'node_id',
    'db_id',
    'url',
    'link_state',
    'state',
    'next_hop',
    'description',
  ]);
});

t.test('clusterer_nodes has all nodes as they are in force, and what is wrong with them', async (t) => {
  t.match(await someCluster().call('clusterer_nodes'), {
    cluster_id: 1,
    node_id: 1,
    listen: 'bin:10.0.0.177:5555',
    nodes_in: 'table',
    nodes: [
      { id: 14, node_id: 1, url: 'bin:10.0.0.177', state: 1, flags: 'seed', description: null },
      { id: 15, node_id: 2, description: 'a blob' },
    ],
    problems: ['look'],
  });
  t.match(await someCluster({ isStored: false }).call('clusterer_nodes'), { nodes_in: 'configuration' });
});

t.test('clusterer_list_topology has this node first, and who reaches whom', async (t) => {
  const topology = async (link: ListedNode['link']) =>
    (await someCluster({ others: () => [{ ...TWIN, link }] }).call('clusterer_list_topology')).Clusters;
  t.same(await topology('Up'), [
    {
      cluster_id: 1,
      Nodes: [
        { node_id: 1, Neighbours: [2] },
        { node_id: 2, Neighbours: [1] },
      ],
    },
  ]);
  t.same((await topology('Down'))[0].Nodes, [
    { node_id: 1, Neighbours: [] },
    { node_id: 2, Neighbours: [] },
  ]);
});

t.test('clusterer_list_cap says whether this node has all contacts', async (t) => {
  const capabilities = async (parts: Partial<Cluster>) =>
    (await someCluster(parts).call('clusterer_list_cap')).Clusters[0].Capabilities;
  t.same(await capabilities({}), [{ name: 'usrloc-contact-repl', state: 'Ok', enabled: 'yes' }]);
  t.same(await capabilities({ isSynced: false, isEnabled: false }), [
    { name: 'usrloc-contact-repl', state: 'not synced', enabled: 'no' },
  ]);
});

t.test('clusterer_set_status takes the node, or means this one as in 2.4', async (t) => {
  const { call, orders } = someCluster();
  t.equal(await call('clusterer_set_status', { cluster_id: 1, node_id: 2, status: 0 }), 'OK');
  t.equal(await call('clusterer_set_status', ['1', '2', '1']), 'OK');
  t.equal(await call('clusterer_set_status', [1, 0]), 'OK');
  t.equal(await call('clusterer:set_status', { cluster_id: 1, status: 1 }), 'OK');
  t.strictSame(orders, ['2 off', '2 on', '1 off', '1 on']);
});

t.test('clusterer_set_status refuses what is not there in the words of OpenSIPS', async (t) => {
  const { call, orders } = someCluster();
  const errors: readonly (readonly [readonly number[], number, string])[] = [
    [[0, 2, 1], 400, "Bad value for 'cluster_id'"],
    [[1, 0, 1], 400, "Bad value for 'node_id'"],
    [[1, 2, 2], 400, "Bad value for 'status'"],
    [[1, 2, -1], 400, "Bad value for 'status'"],
    [[7, 2, 1], 404, 'Cluster id not found'],
    [[1, 9, 1], 404, 'Node id not found'],
  ];
  for (const [params, code, message] of errors) {
    t.same(await call('clusterer_set_status', params), { code, message }, String(params));
  }
  t.strictSame(orders, ['9 on']);
  t.match(await call('clusterer_set_status', ['one', 2, 1]), { code: -32602 });
});

t.test('clusterer_set_status that cannot be written is an error that says why', async (t) => {
  const refused = new OperationalError('db_url: x.db is locked by another program');
  const { call } = someCluster({ setStatus: () => Promise.reject(refused) });
  t.same(await call('clusterer_set_status', [1, 2, 1]), { code: 500, message: refused.message });
});

t.test('clusterer_reload says "OK", or why the old rows stay', async (t) => {
  t.equal(await someCluster().call('clusterer_reload'), 'OK');
  t.equal(await someCluster().call('clusterer:reload'), 'OK');
  t.same(await someCluster({ isStored: false }).call('clusterer_reload'), { code: 400, message: 'Non-DB mode' });
  const reload = () => Promise.reject(new OperationalError('row 15: state: expected 0 or 1, found 7'));
  t.same(await someCluster({ reload }).call('clusterer_reload'), {
    code: 500,
    message: 'Failed to reload',
    data: 'row 15: state: expected 0 or 1, found 7',
  });
  const defect = new Error('a defect');
  await t.rejects(someCluster({ reload: () => Promise.reject(defect) }).call('clusterer_reload'), defect);
});

t.test('there are no sharing tags', async (t) => {
  t.same(await someCluster().call('clusterer_list_shtags'), []);
});

t.test('without a cluster the commands are there, and have nothing', async (t) => {
  const call = miCaller(new CommandTable(clustererCommands(undefined)));
  for (const name of ['clusterer_list', 'clusterer:list_topology', 'clusterer_list_cap']) {
    t.same(await call(name), { Clusters: [] }, name);
  }
  t.same(await call('clusterer_list_shtags'), []);
  t.same(await call('clusterer_nodes'), { code: 400, message: 'Clustering not enabled' });
  t.same(await call('clusterer_reload'), { code: 400, message: 'Clustering not enabled' });
  t.same(await call('clusterer_set_status', [1, 1]), { code: 404, message: 'Cluster id not found' });
});

t.test('ul_cluster_sync begins to compare, if there is a cluster and somebody to compare with', async (t) => {
  const call = (sync?: () => boolean) =>
    miCaller(new CommandTable([ulClusterSyncCommand(sync === undefined ? undefined : { sync })]))('ul_cluster_sync');
  t.equal(await call(() => true), 'OK');
  t.same(await call(() => false), { code: 400, message: 'Failed to send sync request' });
  t.same(await call(), { code: 400, message: 'Clustering not enabled' });
});
