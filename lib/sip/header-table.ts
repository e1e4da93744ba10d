import { Fault } from './fault.ts';
import { headerId, headerTitle, OTHER_HEADER, recogniseHeader } from './header-name.ts';
import { HEADER_ROW_SIZE_MAX, HEADER_ROWS_MAX, MESSAGE_SIZE_MAX } from './limits.ts';
import { classOf, CR, isBlank, LF, octetAt, TOKEN } from './octets.ts';

/** Only the first names of the list have a bit; all headers whose presence or number matters are among them. */
const BITS = 31;

/** Headers as bits, for `hasAll`. */
export function headerBits(ids: readonly number[]): number {
  return ids.reduce((bits, id) => bits | (id < BITS ? 1 << id : 0), 0);
}

/** Headers that a message has at most once; Content-Length may be repeated with the same value. */
const SINGLE_VALUE = headerBits(
  (['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-type', 'expires'] as const).map(headerId),
);

const COLON = 58;

/** Integers that a row takes. */
export const NEXT_ROW = 2;

const NO_END = new Fault(400, 'Missing End of Headers');
const TOO_MANY_ROWS = new Fault(400, 'Too Many Headers');
const MALFORMED_ROW = new Fault(400, 'Malformed Header');
const ROW_TOO_LONG = new Fault(400, 'Header Too Long');
const BARE_RETURN = new Fault(400, 'Bare CR in Headers');
const NUL_OUTSIDE_QUOTES = new Fault(400, 'NUL in Headers');

/**
 * The message that is being scanned, and a zero behind it. V8 reads a byte of an array in a third of the time that a
 * character of a string takes, which pays for the copy. Only for the time of one constructor: no call leaves this file.
 */
const OCTETS = Buffer.alloc(MESSAGE_SIZE_MAX + 1);

/**
 * Where the header rows of a message are: no header is copied or decoded before somebody asks. Two small integers a row,
 * since positions in a message fit in 16 bits: id and start of the value, then its end and whether the row is folded.
 * Only recognised headers are in the table; the rest is only checked for being headers.
 *
 * Lines end with CRLF; a bare LF is accepted. Scanning goes on behind a malformed row, so that a reply can be made.
 */
export class HeaderTable {
  readonly text: string;
  /** Index of the body's first octet; the length of the text when the headers have no end. */
  bodyStart: number;
  /** The first thing that is wrong with the rows as such. */
  fault: Fault | undefined = undefined;
  readonly #rows: number[] = [];
  #seen = 0;

  /** @param at index of the first header row: behind the start line */
  constructor(text: string, at: number) {
    this.text = text;
    this.bodyStart = text.length;
    OCTETS.latin1Write(text, 0);
    OCTETS[text.length] = 0;
    this.#scan(at);
    this.#checkReturns(at);
    this.#checkNul();
  }

  /** Index of a header's first row from `from` on, for `startOf` and its like; -1 without. */
  find(id: number, from = 0): number {
    if (id < BITS && (this.#seen & (1 << id)) === 0) return -1;
    const rows = this.#rows;
    for (let row = from; row < rows.length; row += NEXT_ROW) if (idOf(rows, row) === id) return row;
    return -1;
  }

  isFolded(row: number): boolean {
    return ((this.#rows[row + 1] ?? 0) & 1) !== 0;
  }

  /** Index in `text` of a row's value. */
  startOf(row: number): number {
    return (this.#rows[row] ?? 0) & 0xffff;
  }

  /** Index in `text` behind a row's value, blanks trimmed. */
  endOf(row: number): number {
    return (this.#rows[row + 1] ?? 0) >> 1;
  }

  /** The value of a row, unfolded and trimmed. */
  valueAt(row: number): string {
    const raw = this.text.substring(this.startOf(row), this.endOf(row));
    return this.isFolded(row) ? unfold(raw) : raw;
  }

  /** First value of a header, unfolded and trimmed; undefined without. */
  value(id: number): string | undefined {
    const row = this.find(id);
    return row < 0 ? undefined : this.valueAt(row);
  }

  /** All rows of a header in order, unfolded and trimmed; comma lists are not split. */
  values(id: number): readonly string[] {
    const values: string[] = [];
    for (let row = this.find(id); row >= 0; row = this.find(id, row + NEXT_ROW)) values.push(this.valueAt(row));
    return values;
  }

  /** @param bits as `headerBits` makes them */
  hasAll(bits: number): boolean {
    return (this.#seen & bits) === bits;
  }

  has(id: number): boolean {
    return this.find(id) >= 0;
  }

  /** Reads rows up to the empty line. One loop over locals: this is where half of a message's time goes. */
  #scan(at: number): void {
    const text = this.text;
    for (let count = 0; at < text.length; count++) {
      const behindEmptyLine = skipLineEnd(at);
      if (behindEmptyLine > at) {
        this.bodyStart = behindEmptyLine;
        return;
      }
      const lineEnd = text.indexOf('\n', at) + 1;
      const next = isBlank(OCTETS[lineEnd] ?? 0) ? endOfFolded(text, lineEnd) : lineEnd;
      if (next === 0) break;
      if (count === HEADER_ROWS_MAX) {
        this.fault ??= TOO_MANY_ROWS;
        return;
      }
      this.#takeRow(at, next, next !== lineEnd);
      at = next;
    }
    this.fault ??= NO_END;
  }

  #takeRow(start: number, next: number, isFolded: boolean): void {
    const nameEnd = endOfName(start);
    const colon = skipOctetBlanks(nameEnd);
    if (nameEnd === start || OCTETS[colon] !== COLON) {
      this.fault ??= MALFORMED_ROW;
      return;
    }
    if (next - start > HEADER_ROW_SIZE_MAX) {
      this.fault ??= ROW_TOO_LONG;
      return;
    }
    const id = recogniseHeader(OCTETS, start, nameEnd);
    if (id === OTHER_HEADER) return;
    this.#note(id);
    const valueEnd = endOfValue(colon + 1, next);
    const valueStart = startOfValue(colon + 1, valueEnd);
    this.#rows.push((id << 16) | valueStart, (valueEnd << 1) | (isFolded ? 1 : 0));
  }

  #note(id: number): void {
    if (id >= BITS) return;
    const bit = 1 << id;
    if ((this.#seen & bit & SINGLE_VALUE) !== 0) this.fault ??= new Fault(400, `Multiple ${headerTitle(id)}`);
    this.#seen |= bit;
  }

  /** RFC 3261 §25.1 has a carriage return nowhere but before a line feed; a line end of somebody's own making is a way to smuggle headers. */
  #checkReturns(start: number): void {
    const { text, bodyStart } = this;
    for (let at = text.indexOf('\r', start); at >= 0 && at < bodyStart; at = text.indexOf('\r', at + 2)) {
      if (OCTETS[at + 1] !== LF) this.fault ??= BARE_RETURN;
    }
  }

  /** RFC 3261 §25.1 allows a NUL only behind a backslash in a quoted string. */
  #checkNul(): void {
    let nul = this.text.indexOf('\0');
    while (nul >= 0 && nul < this.bodyStart) {
      if (octetAt(this.text, nul - 1) !== BACKSLASH) this.fault ??= NUL_OUTSIDE_QUOTES;
      nul = this.text.indexOf('\0', nul + 1);
    }
  }
}

const BACKSLASH = 92;

function idOf(rows: readonly number[], row: number): number {
  return (rows[row] ?? 0) >> 16;
}

/** Index behind the last of a row's folded lines, of which the first begins at `at`; 0 when the text ends first. */
function endOfFolded(text: string, at: number): number {
  let next = at;
  do next = text.indexOf('\n', next) + 1;
  while (next > 0 && isBlank(OCTETS[next] ?? 0));
  return next;
}

function endOfName(at: number): number {
  while ((classOf(OCTETS[at] ?? 0) & TOKEN) !== 0) at++;
  return at;
}

function skipOctetBlanks(at: number): number {
  while (isBlank(OCTETS[at] ?? 0)) at++;
  return at;
}

function endOfValue(start: number, end: number): number {
  while (end > start && isSpace(OCTETS[end - 1] ?? 0)) end--;
  return end;
}

function startOfValue(start: number, end: number): number {
  while (start < end && isSpace(OCTETS[start] ?? 0)) start++;
  return start;
}

/** Index behind the line end at `at`; `at` itself when there is none. */
function skipLineEnd(at: number): number {
  if (OCTETS[at] === LF) return at + 1;
  return OCTETS[at] === CR && OCTETS[at + 1] === LF ? at + 2 : at;
}

function isSpace(octet: number): boolean {
  return isBlank(octet) || octet === CR || octet === LF;
}

/** RFC 3261 §7.3.1: a line end with the blanks around it means one space. */
function unfold(raw: string): string {
  let text = '';
  let from = 0;
  for (let lineEnd = raw.indexOf('\n'); lineEnd >= 0; lineEnd = raw.indexOf('\n', from)) {
    let end = lineEnd;
    while (end > from && isSpace(raw.charCodeAt(end - 1))) end--;
    text += raw.substring(from, end) + ' ';
    from = lineEnd + 1;
    while (from < raw.length && isBlank(raw.charCodeAt(from))) from++;
  }
  return text + raw.substring(from);
}
