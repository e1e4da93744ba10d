import type { ListedNode } from '../../cluster/cluster-control.ts';
import type { Json } from '../json.ts';
import { recipe, result, type MiCommand } from '../mi-command.ts';
import type { ClusterPort } from './clusterer-port.ts';

/** The capability by which OpenSIPS's usrloc replicates contacts. */
const CAPABILITY = 'usrloc-contact-repl';

type Cluster = NonNullable<ClusterPort>;

/** `clusterer_list` and its kin: what is there, in the shapes of OpenSIPS. A node without a cluster has none to list. */
export function clustererListCommands(cluster: ClusterPort): readonly MiCommand[] {
  return [
    listing('list', 'lists the other nodes of the cluster, and how this one reaches them', cluster, nodesOf),
    listing('list_topology', 'lists the nodes of the cluster with those that they reach', cluster, topologyOf),
    listing('list_cap', 'lists what is replicated, and whether this node has all of it', cluster, capabilitiesOf),
    {
      name: 'clusterer_list_shtags',
      alias: 'clusterer:list_shtags',
      module: 'clusterer',
      help: 'lists the sharing tags, of which there are none: nh_enable_ping says which node is active',
      recipes: [recipe([], () => result([]))],
    },
  ];
}

function listing(
  name: string,
  help: string,
  cluster: ClusterPort,
  show: (cluster: Cluster) => { readonly [key: string]: Json },
): MiCommand {
  const clusters = () => (cluster === undefined ? [] : [{ cluster_id: cluster.clusterId, ...show(cluster) }]);
  return {
    name: `clusterer_${name}`,
    alias: `clusterer:${name}`,
    module: 'clusterer',
    help,
    recipes: [recipe([], () => result({ Clusters: clusters() }))],
  };
}

function nodesOf(cluster: Cluster) {
  return { Nodes: cluster.others().map(nodeJson) };
}

function nodeJson({ nodeId, rowId, url, link, isEnabled, description }: ListedNode): Json {
  return {
    node_id: nodeId,
    db_id: rowId,
    url,
    link_state: link,
    state: isEnabled ? 'enabled' : 'disabled',
    // There is nobody between two nodes.
    next_hop: link === 'Up' ? String(nodeId) : 'none',
    description: description ?? 'none',
  };
}

/** This node first. */
function topologyOf(cluster: Cluster) {
  const others = cluster.others();
  const reached = others.filter(({ link }) => link === 'Up').map(({ nodeId }) => nodeId);
  return {
    Nodes: [
      { node_id: cluster.nodeId, Neighbours: reached },
      ...others.map(({ nodeId, link }) => ({ node_id: nodeId, Neighbours: link === 'Up' ? [cluster.nodeId] : [] })),
    ],
  };
}

function capabilitiesOf({ isSynced, isEnabled }: Cluster) {
  const state = isSynced ? 'Ok' : 'not synced';
  return { Capabilities: [{ name: CAPABILITY, state, enabled: isEnabled ? 'yes' : 'no' }] };
}
