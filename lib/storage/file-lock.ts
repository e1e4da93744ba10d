import Database from 'better-sqlite3';
import { isEmptyFile, setRights } from './file-rights.ts';

/**
 * Keeps a second daemon off a database file, without keeping the sqlite3 shell from reading it.
 *
 * The lock is a write transaction, held open for life, on a tiny database beside the file: a lock of the operating
 * system that ends with the process, however it ends. Readers pass it, so the one who is refused can read whose it is.
 */
export class FileLock {
  /** The file beside `path` that carries its lock. */
  static pathOf(path: string): string {
    return `${path}.lock`;
  }

  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  /** The lock, or the process that has it (0: not known). Throws SQLite's error where the lock cannot be tried. */
  static take(path: string, pid: number): FileLock | { readonly heldBy: number } {
    const lockPath = FileLock.pathOf(path);
    const isNew = isEmptyFile(lockPath);
    const db = new Database(lockPath, { timeout: 0 });
    try {
      setRights(lockPath, isNew);
      // The lock must not depend on files that come and go beside it.
      db.pragma('journal_mode=DELETE');
      db.exec('BEGIN IMMEDIATE');
      db.exec('CREATE TABLE IF NOT EXISTS holder(id INTEGER PRIMARY KEY, pid INTEGER)');
      db.prepare('INSERT OR REPLACE INTO holder VALUES(1, ?)').run(pid);
      db.exec('COMMIT');
      db.exec('BEGIN IMMEDIATE');
      return new FileLock(db);
    } catch (error) {
      const heldBy = isBusy(error) ? holderOf(db, pid) : undefined;
      db.close();
      if (heldBy === undefined) throw error;
      return { heldBy };
    }
  }

  release(): void {
    this.#db.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function holderOf(db: Database.Database, ownPid: number): number {
  try {
    const pid = db.prepare<[], number>('SELECT pid FROM holder WHERE id = 1').pluck().get();
    return pid === undefined || pid === ownPid ? 0 : pid;
  } catch (error) {
    // Whoever has the lock may be writing its name at this moment.
    if (error instanceof Database.SqliteError) return 0;
    throw error;
  }
}
