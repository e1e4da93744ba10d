import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OperationalError } from '../core/errors.ts';

/** Only the folder's owner and group may look at who is registered. */
const DATA_FOLDER_MODE = 0o750;

/** Makes the folder, and those above it, where they are missing. Rejects with an OperationalError that names it. */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await make(path);
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err);
    throw new OperationalError(`--data: the data folder ${path} cannot be made: ${reason}; choose another one`, {
      cause: err,
    });
  }
}

/** Level by level: Node's own recursive mkdir never ends where a folder exists and says ENOENT to whoever adds one, as /proc does. */
async function make(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await make(above);
  await mkdir(path, { mode: DATA_FOLDER_MODE }).catch(async (err: unknown) => {
    // Somebody else was faster; a file of this name stays an error.
    if (!(await isFolder(path))) throw err;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
