import { Fault } from './fault.ts';
import { classOf, DIGIT, endOfRun, isSameName, octetAt, parseDigits, SPACE, TOKEN } from './octets.ts';

/** The first line of a request. With a fault the other fields hold what could be read, '' for the rest. */
export interface RequestLine {
  readonly method: string;
  readonly uriText: string;
  readonly fault: Fault | undefined;
}

export interface StatusLine {
  readonly status: number;
  readonly reason: string;
}

const MALFORMED = new Fault(400, 'Malformed Request Line');
const BAD_METHOD = new Fault(400, 'Malformed Method');
const BLANK_IN_URI = new Fault(400, 'Whitespace in Request-URI');
const TRAILING_BLANK = new Fault(400, 'Whitespace After SIP Version');
const BRACKETS = new Fault(400, 'Angle Brackets Around Request-URI');
const NOT_SUPPORTED = new Fault(505, 'Version Not Supported');

const LESS = 60;
const DOT = 46;
const VERSION = 'sip/2.0';

/** `METHOD SP Request-URI SP SIP/2.0`, from `start` to `end` of the text; single spaces (RFC 3261 §7.1). */
export function parseRequestLine(text: string, start: number, end: number): RequestLine {
  const methodEnd = endOfRun(text, start, end, TOKEN);
  if (methodEnd === start || octetAt(text, methodEnd) !== SPACE) {
    return { method: '', uriText: '', fault: methodEnd === end ? MALFORMED : BAD_METHOD };
  }
  const method = text.substring(start, methodEnd);
  const versionStart = text.lastIndexOf(' ', end - 1) + 1;
  if (versionStart <= methodEnd + 2) return { method, uriText: '', fault: MALFORMED };
  const uriText = text.substring(methodEnd + 1, versionStart - 1);
  return { method, uriText, fault: versionFault(text, versionStart, end) };
}

/** Why a Request-URI is none that could be parsed. */
export function requestUriFault(uriText: string, fault: Fault): Fault {
  if (octetAt(uriText, 0) === LESS) return BRACKETS;
  for (let at = 0; at < uriText.length; at++) if (uriText.charCodeAt(at) <= SPACE) return BLANK_IN_URI;
  return new Fault(400, `Bad Request-URI: ${fault.reason}`);
}

/** `SIP/2.0 SP status SP reason`; undefined when it is not that, or the status no three digits. */
export function parseStatusLine(text: string, start: number, end: number): StatusLine | undefined {
  const versionEnd = indexOfSpace(text, start, end);
  if (!isSameName(text, start, versionEnd, VERSION)) return undefined;
  const codeStart = versionEnd + 1;
  const codeEnd = indexOfSpace(text, codeStart, end);
  const status = codeEnd - codeStart === 3 ? parseDigits(text, codeStart, codeEnd, 699) : -1;
  return status < 100 ? undefined : { status, reason: text.substring(Math.min(codeEnd + 1, end), end) };
}

/** Whether the line at `start` is a status line: no method has a slash. */
export function isStatusLine(text: string, start: number): boolean {
  return isSameName(text, start, Math.min(start + 4, text.length), 'sip/');
}

function indexOfSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) !== SPACE) at++;
  return at;
}

function versionFault(text: string, start: number, end: number): Fault | undefined {
  if (isSameName(text, start, end, VERSION)) return undefined;
  if (start === end) return TRAILING_BLANK;
  return isSipVersion(text, start, end) ? NOT_SUPPORTED : MALFORMED;
}

/** `SIP/` digits `.` digits */
function isSipVersion(text: string, start: number, end: number): boolean {
  if (end < start + 4 || !isSameName(text, start, start + 4, 'sip/')) return false;
  let dots = 0;
  for (let at = start + 4; at < end; at++) {
    const octet = text.charCodeAt(at);
    if (octet === DOT) dots++;
    else if ((classOf(octet) & DIGIT) === 0) return false;
  }
  return dots === 1;
}
