/** `missing`: no such header; `invalid`: not a number, or two that differ. A number is not bounded. */
export type ContentLength = number | 'missing' | 'invalid';

const FULL_NAME = 'content-length';
const COMPACT_NAME = 'l';

const TAB = 9;
const SPACE = 32;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/**
 * Reads Content-Length out of a header section: start line, header rows and the empty line, as a byte string. On a
 * stream this header alone says where a message ends (RFC 3261 §18.3), so that it is read before anything else is
 * known to be well formed, and anything odd about it is refused, a bare line feed too: two readers that see different
 * rows would frame the stream differently, which is a way to smuggle requests. One pass over the text.
 */
export function contentLength(head: string): ContentLength {
  let found: ContentLength = 'missing';
  let rowStart = 0;
  for (let lineEnd = head.indexOf('\n'); lineEnd >= 0; lineEnd = head.indexOf('\n', rowStart)) {
    if (head[lineEnd - 1] !== '\r') return 'invalid';
    const valueStart = contentLengthValue(head, rowStart);
    if (valueStart > 0) {
      const value = readValue(head, valueStart);
      if (value === 'invalid' || (found !== 'missing' && found !== value)) return 'invalid';
      found = value;
    }
    rowStart = lineEnd + 1;
  }
  return found;
}

/** Where the value begins when the row is a Content-Length, else 0. */
function contentLengthValue(head: string, rowStart: number): number {
  const length = nameLength(head, rowStart);
  if (length === 0) return 0;
  let position = rowStart + length;
  while (isBlank(head.charCodeAt(position))) position += 1;
  return head[position] === ':' ? position + 1 : 0;
}

/** The length of the header's name when the row begins with it, in full or compact (`l`), else 0. */
function nameLength(head: string, rowStart: number): number {
  switch (head[rowStart]) {
    case 'C':
    case 'c':
      return head.slice(rowStart, rowStart + FULL_NAME.length).toLowerCase() === FULL_NAME ? FULL_NAME.length : 0;
    case 'L':
    case 'l':
      return COMPACT_NAME.length;
    default:
      return 0;
  }
}

function readValue(head: string, valueStart: number): number | 'invalid' {
  let position = skipBlanksAndFolds(head, valueStart);
  const digitsStart = position;
  let value = 0;
  for (let code = head.charCodeAt(position); code >= DIGIT_0 && code <= DIGIT_9; code = head.charCodeAt(position)) {
    value = value * 10 + code - DIGIT_0;
    position += 1;
  }
  const isWhole = position > digitsStart && head.startsWith('\r\n', skipBlanksAndFolds(head, position));
  return isWhole ? value : 'invalid';
}

/** A line end before a blank folds the row (RFC 3261 §7.3.1) and counts as one. */
function skipBlanksAndFolds(head: string, start: number): number {
  let position = start;
  for (;;) {
    if (isBlank(head.charCodeAt(position))) position += 1;
    else if (head.startsWith('\r\n', position) && isBlank(head.charCodeAt(position + 2))) position += 3;
    else return position;
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
