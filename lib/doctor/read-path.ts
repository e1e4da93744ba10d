import { constants, type Stats } from 'node:fs';
import { lstat, open, stat, type FileHandle } from 'node:fs/promises';

/** What stands at a path. */
export interface PathFacts {
  readonly kind: 'file' | 'folder' | 'socket' | 'FIFO' | 'symbolic link' | 'device';
  readonly uid: number;
  readonly gid: number;
  /** The twelve bits that `chmod` sets. */
  readonly mode: number;
}

export type Looked<T> = T | { readonly kind: 'missing' } | { readonly kind: 'unreadable'; readonly reason: string };

export type TextFacts = Looked<
  | { readonly kind: 'text'; readonly text: string; readonly facts: PathFacts }
  | { readonly kind: 'unusable'; readonly reason: string; readonly facts: PathFacts }
>;

const MODE_BITS = 0o7777;

/** What stands at a path, at the end of symbolic links or, with `isLink`, the link itself. Never rejects. */
export async function lookAt(path: string, isLink = false): Promise<Looked<PathFacts>> {
  try {
    return factsOf(await (isLink ? lstat(path) : stat(path)));
  } catch (err) {
    return failure(err);
  }
}

/**
 * Reads a file of text. What else may stand there (a FIFO, a device, something huge) holds nothing up. Never rejects.
 *
 * @param content `octets`: zeros may stand in it
 */
export async function readText(
  path: string,
  bytesMax: number,
  content: 'text' | 'octets' = 'text',
): Promise<TextFacts> {
  try {
    const before = factsOf(await stat(path));
    if (before.kind !== 'file') return { kind: 'unusable', reason: `it is a ${before.kind}, no file`, facts: before };
    // Between the two calls somebody may have put a FIFO there.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = factsOf(await file.stat());
      const octets = await readOctets(file, bytesMax);
      if (octets === undefined) return { kind: 'unusable', reason: `it has more than ${bytesMax} bytes`, facts };
      if (content === 'text' && octets.includes(0)) return { kind: 'unusable', reason: 'it is no text', facts };
      return { kind: 'text', text: octets.toString('utf8'), facts };
    } finally {
      await file.close();
    }
  } catch (err) {
    return failure(err);
  }
}

const FIRST_BYTES = 65_536;

/** To the end of the file; undefined for one that has more. What may be large mostly is not, so room is made as it is needed. */
async function readOctets(file: FileHandle, bytesMax: number): Promise<Buffer | undefined> {
  let buffer = Buffer.alloc(Math.min(FIRST_BYTES, bytesMax + 1));
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (bytesRead === 0) return buffer.subarray(0, length);
    if (length > bytesMax) return undefined;
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * buffer.length, bytesMax + 1));
  }
}

/** Whether a process of this user and group, without further groups, has all of these rights (4 read, 2 write, 1 execute or enter). */
export function mayDo(facts: PathFacts, uid: number, gid: number, rights: number): boolean {
  if (uid === 0) return true;
  const shift = facts.uid === uid ? 6 : facts.gid === gid ? 3 : 0;
  return ((facts.mode >> shift) & rights) === rights;
}

export function modeText({ mode }: PathFacts): string {
  return mode.toString(8).padStart(4, '0');
}

function factsOf(stats: Stats): PathFacts {
  return { kind: kindOf(stats), uid: stats.uid, gid: stats.gid, mode: stats.mode & MODE_BITS };
}

function kindOf(stats: Stats): PathFacts['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSocket()) return 'socket';
  if (stats.isFIFO()) return 'FIFO';
  return stats.isSymbolicLink() ? 'symbolic link' : 'device';
}

function failure(
  err: unknown,
): { readonly kind: 'missing' } | { readonly kind: 'unreadable'; readonly reason: string } {
  const code = err instanceof Error && 'code' in err ? String(err.code) : String(err);
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  const isDenied = code === 'EACCES' || code === 'EPERM';
  return { kind: 'unreadable', reason: isDenied ? 'this user may not look at it' : code };
}
