// SIP as text, read in the plainest way, so that it shares no mistake with the parser of twinreg.

/** One header, as it came. */
export interface SipRow {
  /** In small letters, compact forms written out. */
  readonly name: string;
  /** Without the spaces around it; folded lines stay as they are. */
  readonly value: string;
  /** With name, folding and the end of its line, if it has one. */
  readonly raw: string;
}

const COMPACT: ReadonlyMap<string, string> = new Map([
  ['v', 'via'],
  ['f', 'from'],
  ['t', 'to'],
  ['i', 'call-id'],
  ['m', 'contact'],
  ['l', 'content-length'],
  ['c', 'content-type'],
  ['k', 'supported'],
  ['s', 'subject'],
  ['e', 'content-encoding'],
]);

export class SipText {
  readonly startLine: string;
  /** With the end of the line. */
  readonly rawStartLine: string;
  readonly rows: readonly SipRow[];
  /** The empty line after the head; '' when there is none. */
  readonly emptyLine: string;
  readonly body: string;

  constructor(text: string) {
    const end = /(?<=\n)\r?\n/.exec(text);
    const head = end === null ? text : text.slice(0, end.index);
    this.emptyLine = end?.[0] ?? '';
    this.body = text.slice(head.length + this.emptyLine.length);
    const [first = '', ...lines] = head.split(/(?<=\n)(?![ \t])/);
    this.rawStartLine = first;
    this.startLine = first.trimEnd();
    this.rows = lines.map(rowOf);
  }

  /** The values of all rows with this name, in order. */
  all(name: string): readonly string[] {
    return this.rows.filter((row) => row.name === name).map(({ value }) => value);
  }

  get(name: string): string | undefined {
    return this.all(name)[0];
  }
}

function rowOf(raw: string): SipRow {
  const colon = raw.indexOf(':');
  const name = (colon === -1 ? raw : raw.slice(0, colon)).trim().toLowerCase();
  return { name: COMPACT.get(name) ?? name, value: colon === -1 ? '' : raw.slice(colon + 1).trim(), raw };
}

/** The value of a parameter of a Via, To or From, outside of the brackets. */
export function paramOf(value: string, name: string): string | undefined {
  return new RegExp(`;\\s*${name}\\s*=\\s*([^;,\\s]+)`, 'i').exec(value.replace(/<[^>]*>/, ''))?.[1];
}
