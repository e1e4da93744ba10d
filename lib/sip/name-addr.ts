import { Fault } from './fault.ts';
import { classOf, endOfQuoted, isBlank, NEVER_IN_URI, skipBlanks, trimmedEnd } from './octets.ts';
import { ParamCursor } from './param-cursor.ts';

/** The value of From, To, Contact, Path, Route: a URI with or without display name and angle brackets, and header parameters. */
export interface NameAddr {
  /** As written, with its quotes; '' without. */
  readonly displayName: string;
  /** Without angle brackets. Not parsed yet, but free of blanks and controls. */
  readonly uriText: string;
  /** Header parameters as written, from the first `;` on; '' without. */
  readonly params: string;
}

const QUOTE = 34;
const LESS = 60;
const GREATER = 62;
const SEMICOLON = 59;
const COMMA = 44;
const QUESTION = 63;
const COLON = 58;
const AT = 64;
const BACKSLASH = 92;

const UNBALANCED_QUOTES = new Fault(400, 'Unbalanced Quotes');
const BAD_DISPLAY_NAME = new Fault(400, 'Bad Display Name');
const BAD_CHARACTER = new Fault(400, 'Bad Character in URI');
const NEEDS_BRACKETS = new Fault(400, 'URI With Question Mark Needs Angle Brackets');
const BAD_PARAMS = new Fault(400, 'Malformed Header Parameters');
const NO_URI = new Fault(400, 'Missing URI');
const SEVERAL_VALUES = new Fault(400, 'Several Values in Single-Value Header');

/** Parses the one value of a header, unfolded and trimmed. */
export function parseNameAddr(value: string): NameAddr | Fault {
  return parseNameAddrAt(value, 0, value.length);
}

/** The same where the value stands in a longer text. */
export function parseNameAddrAt(text: string, start: number, end: number): NameAddr | Fault {
  const scanner = new NameAddrScanner(text, start, end);
  const fault = scanner.next();
  if (fault !== undefined) return fault;
  while (scanner.params.next());
  return scanner.finish() ?? (scanner.at < end ? SEVERAL_VALUES : scanner.nameAddr());
}

/**
 * Reads the values of a comma-separated header, unfolded, one after the other: `next`, then walk `params` to their end,
 * then `finish`, and `hasNext` for the next one. After a Fault the scanner is of no more use.
 */
export class NameAddrScanner {
  readonly #text: string;
  readonly #end: number;
  #nameEnd = 0;
  #nameStart = 0;
  #uriStart = 0;
  #uriEnd = 0;
  #paramsStart = 0;
  /** Where the next value begins, blanks aside; behind a finished value it is the comma, or the end. */
  at: number;
  /** Whether the value just read had its URI in angle brackets. */
  isBracketed = false;
  readonly params: ParamCursor;

  constructor(text: string, at: number, end: number) {
    this.#text = text;
    this.#end = end;
    this.at = skipBlanks(text, at, end);
    this.params = new ParamCursor(text, end, end);
  }

  /** Reads a value up to its parameters. */
  next(): Fault | undefined {
    const open = this.#findBracket();
    if (open instanceof Fault) return open;
    const fault = open < 0 ? this.#scanBareUri() : this.#scanBracketed(open);
    this.params.at = this.#paramsStart;
    return fault;
  }

  /** Takes note that `params` has been walked to its end; a Fault when that is not the end of the value. */
  finish(): Fault | undefined {
    const { params } = this;
    this.at = params.at;
    if (params.isMalformed) return BAD_PARAMS;
    return params.at === this.#end || this.#text.charCodeAt(params.at) === COMMA ? undefined : BAD_PARAMS;
  }

  /** Steps over the comma to the next value; false at the end. */
  hasNext(): boolean {
    if (this.at >= this.#end) return false;
    this.at = skipBlanks(this.#text, this.at + 1, this.#end);
    return true;
  }

  /** The finished value. */
  nameAddr(): NameAddr {
    const displayName = this.#text.substring(this.#nameStart, this.#nameEnd);
    return { displayName, uriText: this.uriText(), params: this.paramsText() };
  }

  uriText(): string {
    return this.#text.substring(this.#uriStart, this.#uriEnd);
  }

  /** All parameters of the finished value as written. */
  paramsText(): string {
    const start = this.#paramsStart;
    return start === this.at ? '' : this.#text.substring(start, trimmedEnd(this.#text, start, this.at));
  }

  /** Index of the `<` behind the display name, or -1 when the value is a bare URI. */
  #findBracket(): number | Fault {
    const text = this.#text;
    const end = this.#end;
    const start = this.at;
    this.#nameStart = start;
    const first = start < end ? text.charCodeAt(start) : -1;
    if (first === LESS) return start;
    if (first === QUOTE) {
      const behind = endOfQuoted(text, start, end);
      if (behind < 0) return UNBALANCED_QUOTES;
      const open = skipBlanks(text, behind, end);
      return open < end && text.charCodeAt(open) === LESS ? open : BAD_DISPLAY_NAME;
    }
    for (let at = start; at < end; at++) {
      const octet = text.charCodeAt(at);
      if (octet === LESS) return isDisplayName(text, start, at) ? at : BAD_DISPLAY_NAME;
      if (octet === SEMICOLON || octet === COMMA) return -1;
    }
    return -1;
  }

  #scanBracketed(open: number): Fault | undefined {
    const text = this.#text;
    const end = this.#end;
    let close = open + 1;
    while (close < end && (classOf(text.charCodeAt(close)) & NEVER_IN_URI) === 0) close++;
    if (close === end || text.charCodeAt(close) !== GREATER) return BAD_CHARACTER;
    if (close === open + 1) return NO_URI;
    this.#nameEnd = trimmedEnd(text, this.#nameStart, open);
    this.#uriStart = open + 1;
    this.#uriEnd = close;
    this.#paramsStart = skipBlanks(text, close + 1, end);
    this.isBracketed = true;
    return undefined;
  }

  /** Without angle brackets a question mark, comma or semicolon is not the URI's (RFC 3261 §20.10): parameters are the header's. */
  #scanBareUri(): Fault | undefined {
    const text = this.#text;
    const end = this.#end;
    const start = this.at;
    let hasScheme = false;
    let at = start;
    for (; at < end; at++) {
      const octet = text.charCodeAt(at);
      if (octet === SEMICOLON || octet === COMMA || isBlank(octet)) break;
      if (octet === COLON) hasScheme = true;
      if (octet === QUESTION) return NEEDS_BRACKETS;
      if ((classOf(octet) & NEVER_IN_URI) !== 0) return BAD_CHARACTER;
    }
    if (!hasScheme) return NO_URI;
    this.#nameEnd = start;
    this.#uriStart = start;
    this.#uriEnd = at;
    this.#paramsStart = skipBlanks(text, at, end);
    this.isBracketed = false;
    return undefined;
  }
}

/**
 * A display name without quotes is tokens and blanks. Phones also write raw UTF-8 and brackets; only octets that begin or
 * end something elsewhere in such a value are refused.
 */
function isDisplayName(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const octet = text.charCodeAt(at);
    if (isBlank(octet)) continue;
    if ((classOf(octet) & NEVER_IN_URI) !== 0 || octet === COLON || octet === AT || octet === BACKSLASH) return false;
  }
  return true;
}
