import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import type { ClusterPort } from './clusterer-port.ts';

interface Status {
  readonly cluster_id: number;
  readonly node_id: number;
  readonly status: number;
}

/**
 * `clusterer_set_status`: enables or disables a node, in the table too. Without `node_id`, as in 2.4, it is this node: one
 * that is disabled replicates with nobody.
 */
export function clustererSetStatusCommand(cluster: ClusterPort): MiCommand {
  const nodeId = cluster?.nodeId ?? 1;
  return {
    name: 'clusterer_set_status',
    alias: 'clusterer:set_status',
    module: 'clusterer',
    help: 'enables (1) or disables (0) a node of the cluster, by default this one',
    recipes: [
      recipe(
        [
          { name: 'cluster_id', type: 'int' },
          { name: 'status', type: 'int' },
        ],
        (values) => setStatus(cluster, { node_id: nodeId, ...values }),
      ),
      recipe(
        [
          { name: 'cluster_id', type: 'int' },
          { name: 'node_id', type: 'int' },
          { name: 'status', type: 'int' },
        ],
        (values) => setStatus(cluster, values),
      ),
    ],
  };
}

async function setStatus(cluster: ClusterPort, { cluster_id, node_id, status }: Status): Promise<MiAnswer> {
  if (cluster_id < 1) return badValue('cluster_id');
  if (node_id < 1) return badValue('node_id');
  if (status !== 0 && status !== 1) return badValue('status');
  if (cluster?.clusterId !== cluster_id) return miError(404, 'Cluster id not found');
  const isThere = await cluster.setStatus(node_id, status === 1);
  return isThere ? result('OK') : miError(404, 'Node id not found');
}

function badValue(name: string): MiAnswer {
  return miError(400, `Bad value for '${name}'`);
}
