import { readFile } from 'node:fs/promises';
import { OperationalError } from './errors.ts';
import { TOKEN_CHARS_MIN } from './token-chars-min.ts';

/** What is wrong with a file that the configuration names. */
export interface FileFault {
  /** The setting that names it. */
  readonly key: string;
  /** Names the file, and shows nothing of what is in it. */
  readonly message: string;
  /** It is there, and this user may not read it; the daemon's perhaps may. */
  readonly isForbidden: boolean;
}

/** Files that the configuration names will not do: the configuration is wrong, and trying again changes nothing. */
export class FileFaults extends OperationalError {
  readonly faults: readonly FileFault[];

  constructor(faults: readonly FileFault[], cause?: unknown) {
    super(faults.map(({ key, message }) => `${key}: ${message}`).join('\n'), { cause });
    this.faults = faults;
  }
}

/** The text of a file; rejects with FileFaults when it is missing, empty or not to be read. */
export async function readNamedFile(key: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    throw new FileFaults([readFault(key, path, err)], err);
  });
  if (text.trim() === '') throw new FileFaults([{ key, message: `${path} is empty`, isForbidden: false }]);
  return text;
}

function readFault(key: string, path: string, err: unknown): FileFault {
  const code = err instanceof Error && 'code' in err ? err.code : undefined;
  if (code === 'ENOENT') return { key, message: `${path} does not exist`, isForbidden: false };
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      key,
      message: `${path} cannot be read by this user; who runs the daemon has to be able to`,
      isForbidden: true,
    };
  }
  const reason = err instanceof Error ? err.message : String(err);
  return { key, message: `${path} cannot be read: ${reason}`, isForbidden: false };
}

/** The secrets of a file, a line each; rejects with FileFaults when there are none, too many, or they are too easily guessed. */
export async function readSecretFile(key: string, path: string, countMax: 1 | 2): Promise<readonly string[]> {
  const text = await readNamedFile(key, path);
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length <= countMax && lines.every(isSecret)) return lines;
  const count = countMax === 1 ? 'one line' : 'one line, or two,';
  const expected = `${count} of at least ${TOKEN_CHARS_MIN} visible ASCII characters${countMax === 1 ? '' : ' each'}`;
  const message = `expected in ${path} ${expected}, as \`openssl rand -hex 32\` makes one`;
  throw new FileFaults([{ key, message, isForbidden: false }]);
}

function isSecret(line: string): boolean {
  return line.length >= TOKEN_CHARS_MIN && /^[\x21-\x7e]+$/.test(line);
}

/** All that was read; rejects with every fault that was found, not only the first one. */
export async function allRead<T>(reads: readonly Promise<T>[]): Promise<readonly T[]> {
  const faults = (await Promise.allSettled(reads)).flatMap((outcome) =>
    outcome.status === 'rejected' && outcome.reason instanceof FileFaults ? outcome.reason.faults : [],
  );
  if (faults.length > 0) throw new FileFaults(faults);
  return Promise.all(reads);
}
