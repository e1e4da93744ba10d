import { nodeUrlText } from '../../core/node-url.ts';
import type { NodeRow } from '../../cluster/ports.ts';
import type { Json } from '../json.ts';
import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import type { ClusterPort } from './clusterer-port.ts';

/**
 * `clusterer_nodes`, which OpenSIPS has not: the rows in force, this node's own among them, where they stand, and what is
 * wrong with them. Programs read it: keys are added, and never change their meaning.
 */
export function clustererNodesCommand(cluster: ClusterPort): MiCommand {
  return {
    name: 'clusterer_nodes',
    module: 'clusterer',
    help: 'lists the nodes of the cluster as this node goes by them, itself too, and what is wrong with their rows',
    recipes: [recipe([], () => (cluster === undefined ? miError(400, 'Clustering not enabled') : nodesOf(cluster)))],
  };
}

function nodesOf(cluster: NonNullable<ClusterPort>): MiAnswer {
  const { rules, rows, sentences } = cluster.inForce();
  const { clusterId, nodeId, listen } = rules;
  return result({
    cluster_id: clusterId,
    node_id: nodeId,
    listen: nodeUrlText({ ...listen, host: listen.address }),
    nodes_in: cluster.isStored ? 'table' : 'configuration',
    nodes: rows.map(rowJson),
    problems: sentences,
  });
}

function rowJson(row: NodeRow): Json {
  return Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, cellJson(cell)]));
}

/** Operators write the rows, so that any cell may hold anything. */
function cellJson(cell: unknown): Json {
  if (cell === null || typeof cell === 'number' || typeof cell === 'string') return cell;
  return cell instanceof Uint8Array ? 'a blob' : String(cell);
}
