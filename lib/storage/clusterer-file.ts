// The table `clusterer` is read and written beside the daemon that has the file open: its rows need no more than SQLite's
// own locks. Only to make the file, or its tables, the lock of the daemon is taken.
import { chownSync, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { CLUSTERER_COLUMNS, type NodeRow } from '../cluster/ports.ts';
import { OperationalError } from '../core/errors.ts';
import type { ClustererAnswer, ClustererOrder, ClustererPlace, NewNodeRow } from './clusterer-order.ts';
import { explained, openDatabaseFile } from './database-file.ts';
import { FileLock } from './file-lock.ts';
import { isEmptyFile } from './file-rights.ts';

/** Whoever does this waits for nothing else, so another program's lock may last a while. */
const BUSY_TIMEOUT_MS = 5000;

/** Carries out an order; what an operator can mend comes back as a failure. */
export function carryOut(order: ClustererOrder): ClustererAnswer {
  try {
    return explained(order.path, () => answerTo(order));
  } catch (err) {
    if (err instanceof OperationalError) return { type: 'failed', message: err.message };
    throw err;
  }
}

function answerTo(order: ClustererOrder): ClustererAnswer {
  provideTable(order);
  switch (order.type) {
    case 'load':
      return { type: 'rows', rows: withFile(order.path, { readonly: true }, selectRows) };
    case 'set-state':
      return written(order, 'UPDATE clusterer SET state = ? WHERE cluster_id = ? AND node_id = ?', [
        order.isEnabled ? 1 : 0,
        order.clusterId,
        order.nodeId,
      ]);
    case 'add':
      return written(order, INSERT, valuesOf(order.row));
    case 'remove':
      return written(order, 'DELETE FROM clusterer WHERE cluster_id = ? AND node_id = ?', [
        order.clusterId,
        order.nodeId,
      ]);
  }
}

const INSERT =
  'INSERT INTO clusterer(cluster_id, node_id, url, no_ping_retries, flags, description) VALUES(?, ?, ?, ?, ?, ?)';

function valuesOf(row: NewNodeRow): SqlValues {
  const { clusterId, nodeId, url, noPingRetries, flags = null, description = null } = row;
  return [clusterId, nodeId, url, noPingRetries, flags, description];
}

type SqlValues = readonly (number | string | null)[];

function selectRows(db: Database.Database): readonly NodeRow[] {
  return db.prepare<[], NodeRow>(`SELECT ${CLUSTERER_COLUMNS.join(', ')} FROM clusterer ORDER BY id`).all();
}

function written({ path }: ClustererPlace, sql: string, values: SqlValues): ClustererAnswer {
  const { changes } = withFile(path, {}, (db) => {
    db.pragma('synchronous=FULL');
    return db.prepare(sql).run(...values);
  });
  return { type: 'written', rows: changes };
}

function withFile<T>(path: string, options: { readonly?: boolean }, work: (db: Database.Database) => T): T {
  const db = new Database(path, { ...options, timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** Any file that has the table will do, one that OpenSIPS made too; else the file is made, or gets the tables of this build. */
function provideTable(place: ClustererPlace): void {
  if (hasTable(place.path)) return;
  // Also one that the shell left behind, whose statements found no table.
  const isNew = isEmptyFile(place.path);
  try {
    openDatabaseFile(place.path, place.migrationsPath, place.pid).close();
  } catch (err) {
    // A daemon that starts at this moment makes it.
    if (!hasTable(place.path)) throw err;
    return;
  }
  if (isNew) adopt(place.path);
}

function hasTable(path: string): boolean {
  if (!existsSync(path)) return false;
  const find = "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = 'clusterer'";
  return withFile(path, { readonly: true }, (db) => db.prepare(find).get() !== undefined);
}

/** A file that root made before the first start is for whom its folder is for. */
function adopt(path: string): void {
  const { uid, gid } = statSync(dirname(path));
  for (const file of [path, FileLock.pathOf(path)]) {
    if (statSync(file).uid === uid) continue;
    try {
      chownSync(file, uid, gid);
    } catch {
      // Only root may; whoever else made it is the one who runs the daemon.
    }
  }
}
