import { miError, recipe, type MiCommand } from '../mi-command.ts';

/** `ul_cluster_sync`: there is one node, so it has nobody to get bindings from. */
export function ulClusterSyncCommand(): MiCommand {
  return {
    name: 'ul_cluster_sync',
    alias: 'usrloc:cluster_sync',
    module: 'usrloc',
    help: 'gets the contacts from another node of the cluster',
    recipes: [recipe([], () => miError(400, 'Clustering not enabled'))],
  };
}
