import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { membershipOf } from '../cluster/membership.ts';
import type { NodeRow } from '../cluster/ports.ts';
import type { Config } from '../config/config.ts';
import { DATABASE_BYTES_MAX, withDatabaseCopy } from './database-copy.ts';

/**
 * Where the other node takes replication, for when no daemon says it: from the configuration, else from the table. SQLite
 * makes files beside a database that it only reads, so a copy is read. Undefined where nothing says it.
 */
export async function configuredTwinUrl(config: Config): Promise<string | undefined> {
  const { cluster, nodeId, clustererPath } = config;
  if (cluster === undefined) return undefined;
  if (cluster.nodes.kind === 'configured') return cluster.nodes.neighbours[0]?.url;
  const rows = await rowsIn(clustererPath);
  const membership = membershipOf(
    rows,
    { clusterId: cluster.clusterId, nodeId, listen: cluster.listen },
    clustererPath,
  );
  return membership.kind === 'member' ? membership.twin?.url : undefined;
}

async function rowsIn(path: string): Promise<readonly NodeRow[]> {
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : Infinity),
    () => Infinity,
  );
  if (size > DATABASE_BYTES_MAX) return [];
  try {
    const { carryOut } = await import('../storage/clusterer-file.ts');
    const migrationsPath = fileURLToPath(new URL('../../sql', import.meta.url));
    const answer = await withDatabaseCopy(path, (copy) =>
      carryOut({ type: 'load', path: copy, migrationsPath, pid: 0 }),
    );
    return answer.type === 'rows' ? answer.rows : [];
  } catch {
    // Unreadable for this user, or no database: then nobody says it, which the other node's findings name.
    return [];
  }
}
