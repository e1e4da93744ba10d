import { readText } from './read-path.ts';

/** The kernel starts nothing whose words and environment together have more, unless its stack is larger than usual. */
const BYTES_MAX = 2 << 20;

/** The words that a process was started with; none where it has ended or may not be looked at. */
export async function commandLine(pid: number): Promise<readonly string[]> {
  return (await textsIn(`/proc/${pid}/cmdline`)) ?? [];
}

/** The environment that a process was started with, by name; undefined where it has ended or may not be looked at. */
export async function startVariables(pid: number): Promise<ReadonlyMap<string, string> | undefined> {
  const texts = await textsIn(`/proc/${pid}/environ`);
  if (texts === undefined) return undefined;
  return new Map(
    texts.map((text) => {
      const end = text.indexOf('=');
      return [text.slice(0, end), text.slice(end + 1)];
    }),
  );
}

async function textsIn(path: string): Promise<readonly string[] | undefined> {
  const found = await readText(path, BYTES_MAX, 'octets');
  return found.kind === 'text' ? found.text.split('\0').filter((word) => word !== '') : undefined;
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
