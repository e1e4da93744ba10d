import { constants } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { historyRecord, readHistoryRecord, type HistoryEntry } from './history-entry.ts';

/** What is read of a file; of a longer one, which nobody but somebody else can have made, the end. */
const READ_BYTES_MAX = 8 * 1024 * 1024;

const MODE = 0o640;

/** Where a daemon keeps it. */
export function historyPath(dataFolder: string): string {
  return join(dataFolder, 'history');
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/**
 * Entries in a file, a JSON object a line, the newest last. A process that is killed may leave the begin of a line at its end; whoever
 * reads passes over what is no entry, and whoever writes begins with a new line. Nothing is synced: what a loss of power takes along is
 * a moment of history, and no promise to anybody.
 */
export class HistoryFile {
  readonly path: string;
  /** As far as is known here; Infinity: more than were read. */
  lines = 0;
  /** The last line may not be whole: the next one must not go on in it. */
  #isTorn = true;

  constructor(path: string) {
    this.path = path;
  }

  /** The oldest first; none where there is no file. Rejects with the system's error. */
  async read(): Promise<readonly HistoryEntry[]> {
    const file = await opened(this.path, O_RDONLY);
    if (file === undefined) {
      this.#isTorn = false;
      return [];
    }
    try {
      const { size } = await file.stat();
      const length = Math.min(size, READ_BYTES_MAX);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      this.lines = size > length ? Infinity : lines.length - 1;
      this.#isTorn = lines.at(-1) !== '';
      return lines.flatMap(entryOf);
    } finally {
      await file.close();
    }
  }

  /** Adds whole lines at the end. Rejects with the system's error; part of them may be there then. */
  async append(entries: readonly HistoryEntry[]): Promise<void> {
    const before = this.#isTorn ? '\n' : '';
    this.#isTorn = true;
    await write(this.path, O_APPEND, before + linesOf(entries));
    this.#isTorn = false;
    this.lines += entries.length;
  }

  /** Has these entries and no others, at whatever moment somebody looks. Rejects with the system's error, and the file is as it was. */
  async rewrite(entries: readonly HistoryEntry[]): Promise<void> {
    const newPath = `${this.path}.new`;
    await write(newPath, O_TRUNC, linesOf(entries));
    await rename(newPath, this.path);
    this.#isTorn = false;
    this.lines = entries.length;
  }
}

function linesOf(entries: readonly HistoryEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(historyRecord(entry))}\n`).join('');
}

function entryOf(line: string): readonly HistoryEntry[] {
  try {
    const entry = readHistoryRecord(JSON.parse(line));
    return entry === undefined ? [] : [entry];
  } catch (err) {
    if (err instanceof SyntaxError) return [];
    throw err;
  }
}

/** Never waits for the other end of a FIFO in the file's place. */
async function write(path: string, how: number, text: string): Promise<void> {
  const file = await open(path, O_WRONLY | O_CREAT | O_NONBLOCK | how, MODE);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

async function opened(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags | O_NONBLOCK);
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined;
    throw err;
  }
}
