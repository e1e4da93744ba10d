import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { OperationalError } from '../core/errors.ts';
import { explained } from './database-file.ts';

export interface BackupCopy {
  readonly bytes: number;
  /** Rows of the view `location` in the copy. */
  readonly bindings: number;
}

/**
 * Copies the database to `target` as it is at one moment, while a daemon writes it: to a name beside it first, and to
 * its own when it is whole and on disk. Throws an OperationalError.
 */
export function copyDatabase(path: string, target: string, mayReplace: boolean): BackupCopy {
  if (!existsSync(path)) throw new OperationalError(`there is no database ${path}`);
  const folder = dirname(target);
  if (!existsSync(folder)) throw new OperationalError(`the folder ${folder} does not exist; create it`);
  refuseLive(path, target);
  if (existsSync(target) && !mayReplace) throw new OperationalError(existsText(target));
  return onDisk(target, () => {
    const made = mkdtempSync(join(folder, '.twinreg-backup-'));
    try {
      const copy = join(made, 'copy');
      const bindings = explained(path, () => vacuumInto(path, copy));
      chmodSync(copy, statSync(path).mode & 0o777);
      sync(copy);
      const { size } = statSync(copy);
      if (mayReplace) renameSync(copy, target);
      else linkSync(copy, target);
      sync(folder);
      return { bytes: size, bindings };
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  });
}

/** The file itself, by whatever path, and those that SQLite and the daemon keep beside it. */
function refuseLive(path: string, target: string): void {
  const live = realpathSync(path);
  const named = existsSync(target) ? realpathSync(target) : join(realpathSync(dirname(target)), basename(target));
  const taken = ['', '-wal', '-shm', '-journal', '.lock'].map((end) => `${live}${end}`);
  if (taken.includes(named)) throw new OperationalError(`${target} belongs to the database in use; name another file`);
}

/** A reader of a write-ahead log holds up no writer; the log only grows for as long as this takes. */
function vacuumInto(path: string, copy: string): number {
  const db = new Database(path, { readonly: true });
  try {
    db.prepare('VACUUM INTO ?').run(copy);
  } finally {
    db.close();
  }
  const made = new Database(copy, { readonly: true });
  try {
    return made.prepare<[], number>('SELECT count(*) FROM location').pluck().get() ?? 0;
  } finally {
    made.close();
  }
}

function onDisk<T>(target: string, work: () => T): T {
  try {
    return work();
  } catch (err) {
    if (err instanceof OperationalError || !(err instanceof Error) || !('code' in err)) throw err;
    if (err.code === 'EEXIST') throw new OperationalError(existsText(target), { cause: err });
    throw new OperationalError(`${target} cannot be written: ${err.message}`, { cause: err });
  }
}

function existsText(target: string): string {
  return `${target} exists; name another file, or replace it with --force`;
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
