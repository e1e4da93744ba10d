import { miError, recipe, result, type MiCommand } from '../mi-command.ts';
import type { ClusterPort } from './clusterer-port.ts';

/**
 * `ul_cluster_sync`: compares this node's table with the other node's, in both directions; "OK" says that it has begun, or
 * is under way. Nothing asks for it in operation, since two nodes that meet always compare.
 */
export function ulClusterSyncCommand(cluster?: Pick<NonNullable<ClusterPort>, 'sync'>): MiCommand {
  return {
    name: 'ul_cluster_sync',
    alias: 'usrloc:cluster_sync',
    module: 'usrloc',
    help: 'compares the contacts with those of the other node of the cluster, so that both have all',
    recipes: [
      recipe([], () => {
        if (cluster === undefined) return miError(400, 'Clustering not enabled');
        return cluster.sync() ? result('OK') : miError(400, 'Failed to send sync request');
      }),
    ],
  };
}
