import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { OperationalError } from '../core/errors.ts';
import { FileLock } from './file-lock.ts';
import { isEmptyFile, ownerAdvice, setDatabaseRights } from './file-rights.ts';
import { checkTableVersions, migrate } from './migrations.ts';
import type { MigrationReport } from './migrations.ts';
import { storageFault } from './storage-fault.ts';
import { BUSY_TIMEOUT_MS } from './storage-limits.ts';

export interface DatabaseFile {
  readonly db: Database.Database;
  readonly migrated: MigrationReport;
  /** Whether the path still leads to the file that is open: another program may have removed or replaced it. */
  inPlace(): boolean;
  close(): void;
}

/**
 * Opens the database for this process alone to write: takes the lock, checks the file, brings its schema up to date.
 * Throws an OperationalError that says what is wrong with the file and what to do.
 */
export function openDatabaseFile(path: string, migrationsPath: string, pid: number): DatabaseFile {
  checkFolder(path);
  return explained(path, () => {
    const lock = takeLock(path, pid);
    try {
      return openLocked(path, migrationsPath, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/**
 * Runs `work` and makes what SQLite throws an OperationalError. `damaged`: what to do with the file at `path` when it
 * cannot be read.
 */
export function explained<T>(path: string, work: () => T, damaged = DAMAGED): T {
  try {
    return work();
  } catch (error) {
    const fault = storageFault(error, path);
    if (fault === undefined) throw error;
    throw new OperationalError(`db_url: ${fault.reason}${advice(error, path, damaged)}`, { cause: error });
  }
}

/** What is wrong with the lock's file must not be taken for something wrong with the database. */
function takeLock(path: string, pid: number): FileLock {
  const locked = withoutLinks(path);
  const lock = explained(FileLock.pathOf(locked), () => FileLock.take(locked, pid), LOCK_DAMAGED);
  if (!(lock instanceof FileLock)) throw new OperationalError(heldMessage(path, lock.heldBy));
  return lock;
}

function openLocked(path: string, migrationsPath: string, lock: FileLock): DatabaseFile {
  const isNew = isEmptyFile(path);
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    setDatabaseRights(path, isNew);
    configure(db, path);
    refuseForeign(db, path);
    const migrated = migrate(db, path, migrationsPath);
    checkTableVersions(db, path);
    const opened = statSync(path);
    return {
      db,
      migrated,
      inPlace: () => statSync(path, { throwIfNoEntry: false })?.ino === opened.ino,
      close() {
        db.close();
        lock.release();
      },
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The file that the path leads to: whoever comes to it by another path must meet the same lock. */
function withoutLinks(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function configure(db: Database.Database, path: string): void {
  const mode = db.pragma('journal_mode=WAL', { simple: true });
  if (mode !== 'wal')
    throw new OperationalError(
      `db_url: ${path} lies where SQLite cannot keep a write-ahead log (a network file system?)`,
    );
  db.pragma('synchronous=FULL');
  db.pragma('wal_autocheckpoint=2000');
  db.pragma('cache_size=-32768');
  db.pragma('journal_size_limit=67108864');
  const damage = damageIn(db);
  if (damage !== undefined) throw new OperationalError(`db_url: ${path} is damaged: ${damage}${DAMAGED}`);
}

function damageIn(db: Database.Database): string | undefined {
  const findings = db.prepare<[], string>('PRAGMA quick_check(5)').pluck().all();
  return findings.length === 1 && findings[0] === 'ok' ? undefined : findings.join('; ');
}

/**
 * What is damaged in a database that nobody else has open; undefined where nothing is. Reads all of it, and makes files
 * beside it. Throws what else is in the way.
 */
export function databaseDamage(path: string): string | undefined {
  const db = new Database(path, { fileMustExist: true });
  try {
    return damageIn(db);
  } catch (error) {
    if (error instanceof Database.SqliteError && isDamage(error)) return error.message;
    throw error;
  } finally {
    db.close();
  }
}

/** A database of another program, OpenSIPS's own among them, is not taken over. */
function refuseForeign(db: Database.Database, path: string): void {
  const tables = db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").pluck().all();
  if (tables.length === 0 || tables.includes('migration')) return;
  throw new OperationalError(
    `db_url: ${path} is a SQLite database of another program (it has the table ${tables[0] ?? ''}); name a file that does not exist yet`,
  );
}

function checkFolder(path: string): void {
  const folder = dirname(path);
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined)
      throw new OperationalError(`db_url: ${path}: the folder ${folder} does not exist; create it`);
    if (!found.isDirectory()) throw new OperationalError(`db_url: ${path}: ${folder} is not a folder`);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    if (cause instanceof OperationalError) throw cause;
    throw new OperationalError(`db_url: ${path}: the folder ${folder} cannot be written by this user`, { cause });
  }
}

function heldMessage(path: string, pid: number): string {
  const holder = pid === 0 ? 'another twinreg' : `another twinreg (process ${pid})`;
  return `db_url: ${path} is in use by ${holder}; stop that one, or name another file`;
}

/**
 * What to do with a database that is damaged. The nodes of a cluster may stand in it too; whether there is a twin is not known
 * here.
 */
export const DAMAGED_REMEDY =
  'move it away, with its -wal and -shm files, and start with an empty one. On a node of a pair restore no copy: the twin has every ' +
  'binding, and if the nodes stood in this file, add both again (twinreg cluster add). A node of its own may start with a copy in ' +
  'its place (of twinreg backup, or .bak-N from before an upgrade). See docs/OPERATIONS.md, "What happens when"';

/** The same, behind a sentence that says what is damaged. */
export const DAMAGED = `. ${DAMAGED_REMEDY.replace('move', 'Move')}`;

const LOCK_DAMAGED =
  '. It only keeps a second daemon off the database beside it and may be deleted while none is running';

const NO_RIGHTS = ['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_PERM'];

function isDamage(error: InstanceType<typeof Database.SqliteError>): boolean {
  return error.code.startsWith('SQLITE_CORRUPT') || error.code.startsWith('SQLITE_NOTADB');
}

function advice(error: unknown, path: string, damaged: string): string {
  if (!(error instanceof Database.SqliteError)) return '';
  if (isDamage(error)) return damaged;
  if (error.code.startsWith('SQLITE_FULL')) return `; make room on the file system of ${path}`;
  if (error.code.startsWith('SQLITE_BUSY'))
    return '; end the program that holds it (a sqlite3 shell in a transaction?)';
  return NO_RIGHTS.some((code) => error.code.startsWith(code)) ? ownerAdvice(path) : '';
}
