import { readText } from './read-path.ts';

const BYTES_MAX = 8192;

/** The words that a process was started with; none where it has ended or may not be looked at. */
export async function commandLine(pid: number): Promise<readonly string[]> {
  return textsIn(`/proc/${pid}/cmdline`);
}

/** The environment that a process was started with, by name; none where it has ended or may not be looked at. */
export async function startVariables(pid: number): Promise<ReadonlyMap<string, string>> {
  return new Map(
    (await textsIn(`/proc/${pid}/environ`)).map((text) => {
      const end = text.indexOf('=');
      return [text.slice(0, end), text.slice(end + 1)];
    }),
  );
}

async function textsIn(path: string): Promise<readonly string[]> {
  const found = await readText(path, BYTES_MAX, 'octets');
  return found.kind === 'text' ? found.text.split('\0').filter((word) => word !== '') : [];
}

/** What an option says, in the ways that getopt_long takes it: `-f FILE`, `-fFILE`, `--file FILE`, `--file=FILE`. */
export function optionIn(words: readonly string[], short: string, long: string): string | undefined {
  for (const [at, word] of words.entries()) {
    if (word === short || word === long) return words[at + 1];
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
    if (word.startsWith(short) && !word.startsWith('--')) return word.slice(short.length);
  }
  return undefined;
}
