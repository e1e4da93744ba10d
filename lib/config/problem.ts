/** Something in the configuration that an operator has to mend, or (as a warning) should know. */
export interface ConfigProblem {
  /** Dotted path of the key as it is written in the file (`usrloc.cseq_delay`), an option (`--listen`), or '' for the file as a whole. */
  readonly key: string;
  /** 1-based line in the file; undefined when it does not stand in the file. */
  readonly line: number | undefined;
  /** What is wrong, with the value found and what was expected; no line end. */
  readonly message: string;
}

const SHOWN_LENGTH_MAX = 80;
const CREDENTIALS = /\/\/[^/@]*@/;

/** The one way in which problems are shown: a line each, in the order of the file, `FILE:LINE: KEY: MESSAGE`. */
export function formatProblems(fileName: string, problems: readonly ConfigProblem[]): string {
  return [...problems]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map((problem) => formatProblem(fileName, problem))
    .join('\n');
}

function formatProblem(fileName: string, { key, line, message }: ConfigProblem): string {
  const place = line === undefined ? '' : `${fileName}:${line}: `;
  return `${place}${key === '' ? '' : `${key}: `}${message}`;
}

/** `expected whole seconds from 0 to 60, found "forty"`. */
export function expectedMessage(expected: string, found: unknown): string {
  return `expected ${expected}, found ${showValue(found)}`;
}

/** The same for a value that nobody is to read: of a text only its length is said. */
export function expectedSecret(expected: string, found: unknown): string {
  if (typeof found === 'string') {
    return `expected ${expected}, found ${found.length} character${found.length === 1 ? '' : 's'}`;
  }
  if (typeof found === 'number') return `expected ${expected}, found a number; put quotes around it`;
  return expectedMessage(expected, found);
}

/** A value of the file in a few words; long text is cut, and the user and password of a URL are left out. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  if (typeof value !== 'string') return String(value);
  const shown = value.replace(CREDENTIALS, '//…@');
  return JSON.stringify(shown.length > SHOWN_LENGTH_MAX ? `${shown.slice(0, SHOWN_LENGTH_MAX)}…` : shown);
}
