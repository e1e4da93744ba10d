import { constants } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Larger files are not copied to look into them. */
export const DATABASE_BYTES_MAX = 256 * 2 ** 20;

/**
 * Does `work` with a copy of a database, since SQLite makes files beside one that it only reads. Afterwards the copy is gone.
 * Rejects where the file cannot be read.
 */
export async function withDatabaseCopy<T>(path: string, work: (copy: string) => T): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'twinreg-doctor-'));
  try {
    const copy = join(folder, basename(path));
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    // What was written last may stand only here.
    await copyFile(`${path}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE).catch(() => undefined);
    return work(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
