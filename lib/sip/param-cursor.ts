import { endOfQuoted, endOfRun, isSameName, skipBlanks, TOKEN, VALUE } from './octets.ts';

const SEMICOLON = 59;
const COMMA = 44;
const EQUALS = 61;
const QUOTE = 34;

/**
 * Walks the parameters behind a header value, `;name=value;flag;other="quoted; text"`, blanks allowed between all parts.
 * The text is unfolded. More lenient than the grammar in two ways: an unquoted value may have any octets that do not
 * end it or confuse (`received=sip:10.0.0.1:5060`), and it may be empty.
 */
export class ParamCursor {
  readonly #text: string;
  readonly #end: number;
  /** Where the next parameter's `;` is, or what follows the last one: the end, a comma, or what is malformed. */
  at: number;
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  /** Behind the value; equal to `valueStart` for a flag. A quoted value counts with its quotes. */
  valueEnd = 0;
  isMalformed = false;

  constructor(text: string, at: number, end: number) {
    this.#text = text;
    this.#end = end;
    this.at = at;
  }

  /** Reads the next parameter; false behind the last one, or when it is malformed. */
  next(): boolean {
    const text = this.#text;
    const end = this.#end;
    if (this.at >= end || text.charCodeAt(this.at) !== SEMICOLON) return false;
    const nameStart = skipBlanks(text, this.at + 1, end);
    const nameEnd = endOfRun(text, nameStart, end, TOKEN);
    let at = skipBlanks(text, nameEnd, end);
    this.nameStart = nameStart;
    this.nameEnd = nameEnd;
    this.valueStart = at;
    this.valueEnd = at;
    if (at < end && text.charCodeAt(at) === EQUALS) {
      const valueStart = skipBlanks(text, at + 1, end);
      at = endOfValue(text, valueStart, end);
      this.valueStart = valueStart;
      this.valueEnd = at;
      at = skipBlanks(text, at, end);
    }
    this.at = at;
    this.isMalformed = nameEnd === nameStart || !isEndOfParam(text, at, end);
    return !this.isMalformed;
  }

  /** Whether the parameter just read is called `name`, in lower case. */
  isNamed(name: string): boolean {
    return isSameName(this.#text, this.nameStart, this.nameEnd, name);
  }

  /** The value without quotes and their escapes; '' for a flag. */
  value(): string {
    const text = this.#text;
    if (this.valueEnd === this.valueStart || text.charCodeAt(this.valueStart) !== QUOTE) {
      return text.substring(this.valueStart, this.valueEnd);
    }
    return unquote(text.substring(this.valueStart + 1, this.valueEnd - 1));
  }
}

/** Index behind a value; its start when it is a quoted one without end. */
function endOfValue(text: string, start: number, end: number): number {
  if (start === end || text.charCodeAt(start) !== QUOTE) return endOfRun(text, start, end, VALUE);
  return Math.max(start, endOfQuoted(text, start, end));
}

function isEndOfParam(text: string, at: number, end: number): boolean {
  if (at === end) return true;
  const octet = text.charCodeAt(at);
  return octet === SEMICOLON || octet === COMMA;
}

/** Undoes the quoted pairs of a quoted string's inside. */
function unquote(inside: string): string {
  let backslash = inside.indexOf('\\');
  if (backslash < 0) return inside;
  let plain = '';
  let from = 0;
  while (backslash >= 0) {
    plain += inside.substring(from, backslash);
    from = backslash + 1;
    backslash = inside.indexOf('\\', from + 1);
  }
  return plain + inside.substring(from);
}
