import { oneLine } from './one-line.ts';

interface Frame {
  readonly kind: 'object' | 'array';
  /** Tabs before the lines of its members. */
  readonly depth: number;
  /** An object in a list: its first member is a head under which the others stand. */
  readonly isItem: boolean;
  /** Of the member that is being read; a list's is that of all its items. */
  key: string;
  expectsKey: boolean;
  isFirst: boolean;
}

/**
 * Turns the text of a JSON value, piece by piece, into the lines of 2.4's text form: `key:: value`, what is inside stands
 * behind one tab more. A list shows as its items under the list's key, an object in it as its first member with the
 * others behind one tab more. A dump never stands in memory as a whole.
 */
export class JsonLines {
  readonly #stack: Frame[] = [];
  /** A text or number that is not yet over; with its opening quote. */
  #token = '';
  #escaped = false;

  /** @returns the lines that this piece completes, each with its end. */
  push(piece: string): string {
    let lines = '';
    for (let at = 0; at < piece.length; at++) {
      const char = piece.charAt(at);
      lines += this.#token.startsWith('"') ? this.#inString(char) : this.#outside(char);
    }
    return lines;
  }

  /** The end of a value that is a number or word alone. */
  end(): string {
    return this.#flush();
  }

  #inString(char: string): string {
    this.#token += char;
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') return this.#flush();
    return '';
  }

  #outside(char: string): string {
    switch (char) {
      case '{':
        return this.#open('object');
      case '[':
        return this.#open('array');
      case '}':
      case ']': {
        const line = this.#flush();
        this.#stack.pop();
        return line;
      }
      case ',': {
        const line = this.#flush();
        const frame = this.#stack.at(-1);
        if (frame?.kind === 'object') frame.expectsKey = true;
        return line;
      }
      case ':':
      case ' ':
        return '';
      default:
        this.#token += char;
        return '';
    }
  }

  #open(kind: Frame['kind']): string {
    const outer = this.#stack.at(-1);
    const isItem = kind === 'object' && outer?.kind === 'array';
    const isNamed = kind === 'object' && outer?.kind === 'object';
    const line = isNamed ? this.#line('') : '';
    const depth = outer === undefined ? 0 : placeIn(outer) + (isNamed ? 1 : 0);
    const key = kind === 'array' ? (outer?.key ?? '') : '';
    if (outer !== undefined && !isNamed) outer.isFirst = false;
    this.#stack.push({ kind, depth, isItem, key, expectsKey: kind === 'object', isFirst: true });
    return line;
  }

  #flush(): string {
    const token = this.#token;
    this.#token = '';
    if (token === '') return '';
    const frame = this.#stack.at(-1);
    const value: unknown = JSON.parse(token);
    if (frame?.expectsKey !== true) return this.#line(value === null ? '' : String(value));
    frame.expectsKey = false;
    frame.key = String(value);
    return '';
  }

  #line(value: string): string {
    const frame = this.#stack.at(-1);
    const tabs = frame === undefined ? 0 : placeIn(frame);
    if (frame !== undefined) frame.isFirst = false;
    return `${'\t'.repeat(tabs)}${oneLine(frame?.key ?? '')}::${value === '' ? '' : ` ${oneLine(value)}`}\n`;
  }
}

/** Tabs before the next member. */
function placeIn({ kind, depth, isItem, isFirst }: Frame): number {
  return kind === 'object' && isItem && !isFirst ? depth + 1 : depth;
}
