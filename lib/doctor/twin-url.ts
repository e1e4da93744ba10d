import { constants } from 'node:fs';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { membershipOf } from '../cluster/membership.ts';
import type { NodeRow } from '../cluster/ports.ts';
import type { Config } from '../config/config.ts';

/** A larger file is not copied to find one row. */
const FILE_BYTES_MAX = 256 * 2 ** 20;

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
  if (size > FILE_BYTES_MAX) return [];
  const folder = await mkdtemp(join(tmpdir(), 'twinreg-doctor-'));
  try {
    const copy = join(folder, basename(path));
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    // What was written last may stand only here.
    await copyFile(`${path}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE).catch(() => undefined);
    const { carryOut } = await import('../storage/clusterer-file.ts');
    const migrationsPath = fileURLToPath(new URL('../../sql', import.meta.url));
    const answer = carryOut({ type: 'load', path: copy, migrationsPath, pid: 0 });
    return answer.type === 'rows' ? answer.rows : [];
  } catch {
    // Unreadable for this user, or no database: then nobody says it, which the other node's findings name.
    return [];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
