import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { OperationalError } from '../core/errors.ts';

/** What fits into the kernel's sun_path, its closing zero left out. */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * Makes sure that a unix socket can be made at `path`. The file that a killed daemon left behind refuses connections and
 * is removed; one that somebody answers belongs to a running daemon, and anything else is not ours to remove.
 */
export async function claimSocketPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    throw new OperationalError(
      `the management socket's path ${path} has ${bytes} bytes; the system allows at most ${SOCKET_PATH_BYTES_MAX}`,
    );
  }
  const found = await kindOfFile(path);
  if (found === 'nothing') return;
  if (found === 'other') {
    throw new OperationalError(`the management socket cannot be made at ${path}: a file that is no socket is there`);
  }
  if (await isAnswered(path)) {
    throw new OperationalError(
      `twinreg is already running: a daemon answers on its management socket ${path}; stop it first, or give this one its own data folder`,
    );
  }
  await unlink(path);
}

async function kindOfFile(path: string): Promise<'nothing' | 'socket' | 'other'> {
  try {
    return (await lstat(path)).isSocket() ? 'socket' : 'other';
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return 'nothing';
    throw new OperationalError(`the management socket's path ${path} cannot be looked at: ${String(err)}`, {
      cause: err,
    });
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (err) {
    const code = errorCode(err);
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    throw new OperationalError(
      `the management socket ${path} is there, and whether a daemon answers cannot be found out: ${String(err)}`,
      { cause: err },
    );
  } finally {
    socket.destroy();
  }
}

function errorCode(err: unknown): string | undefined {
  return err instanceof Error && 'code' in err && typeof err.code === 'string' ? err.code : undefined;
}
