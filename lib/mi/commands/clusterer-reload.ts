import { OperationalError } from '../../core/errors.ts';
import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import type { ClusterPort } from './clusterer-port.ts';

/** `clusterer_reload`: reads the table again. Rows that will not do change nothing, and the error says what is wrong with them. */
export function clustererReloadCommand(cluster: ClusterPort): MiCommand {
  return {
    name: 'clusterer_reload',
    alias: 'clusterer:reload',
    module: 'clusterer',
    help: 'reads the table with the nodes of the cluster again',
    recipes: [recipe([], () => reloaded(cluster))],
  };
}

async function reloaded(cluster: ClusterPort): Promise<MiAnswer> {
  if (cluster === undefined) return miError(400, 'Clustering not enabled');
  if (!cluster.isStored) return miError(400, 'Non-DB mode');
  try {
    await cluster.reload();
    return result('OK');
  } catch (err) {
    if (err instanceof OperationalError) return { ...miError(500, 'Failed to reload'), data: err.message };
    throw err;
  }
}
