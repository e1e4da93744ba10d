import { execFile } from 'node:child_process';
import { close, constants, open } from 'node:fs';
import { access, lstat, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { OperationalError } from '../../core/errors.ts';
import { openFifo } from './open-fifo.ts';

/** Where opensips-cli looks, in its order; /var/run is /run. */
const FIRST_FOLDER = '/run/opensips';
const SECOND_FOLDER = '/tmp';
const NAME = 'opensips_fifo';

const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;

const run = promisify(execFile);
const closeFile = promisify(close);
const openFile = promisify(open);

/** A FIFO in the file system that this process reads. */
export class FifoFile {
  readonly path: string;
  /** Open for reading; whoever reads it closes it. */
  readonly fd: number;
  /** Device and number of the file. */
  readonly identity: string;

  private constructor(path: string, fd: number, identity: string) {
    this.path = path;
    this.fd = fd;
    this.identity = identity;
  }

  /** Where it is without a configured path. */
  static async usualPath(): Promise<string> {
    const isUsable = await access(FIRST_FOLDER, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    return join(isUsable ? FIRST_FOLDER : SECOND_FOLDER, NAME);
  }

  /**
   * Makes the FIFO. One that nobody reads was left behind and is replaced; one that is read belongs to a running daemon,
   * and anything else is not ours to remove: both reject with an OperationalError.
   */
  static async claim(path: string, mode: number): Promise<FifoFile> {
    try {
      if (await isLeftBehind(path)) await unlink(path);
      await run('mkfifo', ['-m', mode.toString(8), path]);
      // Opened for writing as well, it never comes to an end when the last writer leaves.
      const { fd, identity } = await openFifo(path, constants.O_RDWR);
      return new FifoFile(path, fd, identity);
    } catch (err) {
      if (err instanceof OperationalError) throw err;
      const reason = spoken(err);
      throw new OperationalError(`mi.fifo_name: the FIFO ${path} cannot be made: ${reason}`, { cause: err });
    }
  }

  /** Removes the file if it is still the one that was made. */
  async remove(): Promise<void> {
    const found = await lstat(this.path).catch(() => undefined);
    if (found?.isFIFO() === true && `${found.dev}:${found.ino}` === this.identity) await unlink(this.path);
  }

  /**
   * In a folder as /tmp with fs.protected_fifos, programs that open a file to write, making it if need be (opensips-cli
   * does), get "permission denied" for a FIFO that neither they nor the folder's owner own.
   */
  async isClosedToOthers(): Promise<boolean> {
    const folder = await lstat(dirname(this.path));
    if ((folder.mode & STICKY) === 0 || (folder.mode & OTHERS_WRITE) === 0) return false;
    const protection = await readFile('/proc/sys/fs/protected_fifos', 'utf8').catch(() => '0');
    // Not `userInfo`, which throws where the user has no account.
    return protection.trim() !== '0' && folder.uid !== (await stat('/proc/self')).uid;
  }
}

/** What mkfifo says last, without the command line around it; else the error's own words. */
function spoken(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  const said = 'stderr' in err && typeof err.stderr === 'string' ? err.stderr.trim() : '';
  return said === '' ? err.message : said.slice(said.lastIndexOf('\n') + 1);
}

async function isLeftBehind(path: string): Promise<boolean> {
  const found = await lstat(path).catch((err: unknown) => {
    if (isCode(err, 'ENOENT')) return undefined;
    throw err;
  });
  if (found === undefined) return false;
  if (!found.isFIFO()) {
    throw new OperationalError(`mi.fifo_name: the FIFO cannot be made at ${path}: a file that is no FIFO is there`);
  }
  if (await isRead(path)) {
    throw new OperationalError(
      `mi.fifo_name: another program reads the FIFO ${path}; stop it, or give this daemon another path`,
    );
  }
  return true;
}

async function isRead(path: string): Promise<boolean> {
  try {
    await closeFile(await openFile(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW));
    return true;
  } catch (err) {
    if (isCode(err, 'ENXIO')) return false;
    throw err;
  }
}

function isCode(err: unknown, code: string): boolean {
  return err instanceof Error && 'code' in err && err.code === code;
}
