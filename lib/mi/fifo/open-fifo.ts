import { close, constants, fstat, lstat, open } from 'node:fs';
import { promisify } from 'node:util';

const closeFile = promisify(close);
const fileOf = promisify(fstat);
const lookAt = promisify(lstat);
const openFile = promisify(open);

export interface OpenFifo {
  readonly fd: number;
  /** Device and number of the file. */
  readonly identity: string;
}

/**
 * Opens a FIFO without waiting for its other end. What a name in a folder for everybody leads to is looked at before and
 * after: a regular file, a device or a link, also a second name of a file, is refused.
 * @param access O_WRONLY or O_RDWR
 */
export async function openFifo(path: string, access: number): Promise<OpenFifo> {
  refuseOther(path, await lookAt(path));
  const fd = await openFile(path, access | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const opened = await fileOf(fd);
    refuseOther(path, opened);
    return { fd, identity: `${opened.dev}:${opened.ino}` };
  } catch (err) {
    await closeFile(fd);
    throw err;
  }
}

function refuseOther(path: string, file: { isFIFO(): boolean; readonly nlink: number }): void {
  if (!file.isFIFO()) throw new Error(`${path} is no FIFO`);
  if (file.nlink !== 1) throw new Error(`${path} is a FIFO with ${file.nlink} names`);
}
