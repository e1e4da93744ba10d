import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What stands in a small file by which this daemon and the scripts around it agree. */
export interface WrittenLine {
  /** Its first octets. */
  readonly content: string;
  /** By the wall clock. */
  readonly writtenAtMs: number;
}

/** No line that means anything is longer; of anything longer so much is shown. */
const READ_BYTES_MAX = 64;

/** Rejects with the system's error. Opened so that a FIFO in its place cannot hold up the start. */
export async function readWrittenLine(path: string): Promise<WrittenLine> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { mtimeMs } = await file.stat();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES_MAX), 0, READ_BYTES_MAX, null);
    return { content: buffer.toString('latin1', 0, bytesRead), writtenAtMs: Math.floor(mtimeMs) };
  } finally {
    await file.close();
  }
}
