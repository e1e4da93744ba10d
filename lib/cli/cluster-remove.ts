import type { NodeRow } from '../cluster/ports.ts';
import { OperationalError } from '../core/errors.ts';
import type { CliCommand } from './cli-command.ts';
import { writeClusterChange } from './cluster-change.ts';
import { CLUSTER_HELP, CLUSTER_OPTIONS, CLUSTER_USAGE, ClusterFile } from './cluster-file.ts';
import { clusterIdOption, nodeIdArgument } from './cluster-number.ts';
import { parseOptions } from './options.ts';

export const clusterRemoveCommand: CliCommand = {
  name: 'cluster remove',
  summary: 'remove a node from the cluster',
  usage: `[--cluster ID] ${CLUSTER_USAGE} NODE_ID`,
  help: [
    "NODE_ID                 the node's number",
    '--cluster ID            the cluster, by default usrloc.location_cluster of the configuration, else 1',
    ...CLUSTER_HELP,
    '',
    'It keeps its bindings. To have it back soon, disable it: twinreg mi clusterer_set_status CLUSTER NODE_ID 0',
  ],
  async run(args, edges) {
    const options = { ...CLUSTER_OPTIONS, cluster: { type: 'string' } } as const;
    const { values, args: found } = parseOptions(args, options, ['NODE_ID']);
    const nodeId = nodeIdArgument(found[0] ?? '');
    const file = await ClusterFile.find(values, edges);
    const clusterId = clusterIdOption(values.cluster, file.usualClusterId);
    file.refuseConfigured();
    const { url } = knownRow(await file.rows(), clusterId, nodeId);
    await file.write({ type: 'remove', clusterId, nodeId });
    const text = `node ${nodeId} of cluster ${clusterId} removed: ${String(url)}`;
    const change = { text, change: 'removed', clusterId, nodeId, url: String(url) } as const;
    return writeClusterChange(file, change, values.json === true, edges);
  },
};

function knownRow(rows: readonly NodeRow[], clusterId: number, nodeId: number): NodeRow {
  const own = rows.filter((row) => row.cluster_id === clusterId);
  const known = own.find((row) => row.node_id === nodeId);
  if (known !== undefined) return known;
  const there = own.length === 0 ? 'it has none' : `it has ${own.map((row) => String(row.node_id)).join(', ')}`;
  throw new OperationalError(`there is no node ${nodeId} in cluster ${clusterId}; ${there}`);
}
