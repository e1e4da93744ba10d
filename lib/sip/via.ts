import { Fault } from './fault.ts';
import { parseIpv6 } from './ipv6.ts';
import { DIGIT, endOfRun, HOST, isSameName, lowerCase, parseDigits, skipBlanks, TOKEN, trimmedEnd } from './octets.ts';
import { ParamCursor } from './param-cursor.ts';

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** As written: `UDP`, `TLS-SCTP`, … */
  readonly transport: string;
  /** sent-by host, lower case; IPv6 in brackets. */
  readonly host: string;
  /** 0 = none. */
  readonly port: number;
  /** As written, from the first `;` on; '' without. `headerParam` reads them. */
  readonly params: string;
  /** Octets of the row that this value takes, up to its comma or the end. */
  readonly length: number;
  /** False when the parameters are malformed: the request gets 400, and the way that transport and sent-by say is good enough for it. */
  readonly isWellFormed: boolean;
}

const MALFORMED = new Fault(400, 'Malformed Via');

const SLASH = 47;
const COLON = 58;
const COMMA = 44;
const BRACKET = 91;

/** Parses the first value of a Via row, unfolded and trimmed. */
export function parseVia(row: string): Via | Fault {
  return parseViaAt(row, 0, row.length);
}

/** The same where the row stands in a longer text. */
export function parseViaAt(text: string, start: number, end: number): Via | Fault {
  const transportStart = endOfProtocol(text, start, end);
  if (transportStart < 0) return MALFORMED;
  const transportEnd = endOfRun(text, transportStart, end, TOKEN);
  const hostStart = skipBlanks(text, transportEnd, end);
  if (transportEnd === transportStart || hostStart === transportEnd) return MALFORMED;
  const hostEnd = endOfHost(text, hostStart, end);
  if (hostEnd < 0) return MALFORMED;
  let behindPort = skipBlanks(text, hostEnd, end);
  let port = 0;
  if (behindPort < end && text.charCodeAt(behindPort) === COLON) {
    const portStart = skipBlanks(text, behindPort + 1, end);
    const portEnd = endOfRun(text, portStart, end, DIGIT);
    port = parseDigits(text, portStart, portEnd, 65_535);
    if (port <= 0) return MALFORMED;
    behindPort = skipBlanks(text, portEnd, end);
  }
  const transport = text.substring(transportStart, transportEnd);
  const host = lowerCase(text.substring(hostStart, hostEnd));
  const cursor = new ParamCursor(text, behindPort, end);
  while (cursor.next());
  const isWellFormed = !cursor.isMalformed && (cursor.at === end || text.charCodeAt(cursor.at) === COMMA);
  const valueEnd = isWellFormed ? trimmedEnd(text, start, cursor.at) : end;
  return {
    transport,
    host,
    port,
    params: text.substring(behindPort, valueEnd),
    length: valueEnd - start,
    isWellFormed,
  };
}

/** Index behind `SIP / 2.0 /` and its blanks; -1 when it is not that. Another version can be answered too, with 505. */
function endOfProtocol(text: string, start: number, end: number): number {
  if (text.startsWith('SIP/2.0/', start) && end > start + 8) return skipBlanks(text, start + 8, end);
  const nameEnd = endOfRun(text, start, end, TOKEN);
  if (!isSameName(text, start, nameEnd, 'sip')) return -1;
  const versionStart = behindSlash(text, nameEnd, end);
  if (versionStart < 0) return -1;
  const versionEnd = endOfRun(text, versionStart, end, TOKEN);
  return versionEnd === versionStart ? -1 : behindSlash(text, versionEnd, end);
}

function behindSlash(text: string, at: number, end: number): number {
  const slash = skipBlanks(text, at, end);
  return slash < end && text.charCodeAt(slash) === SLASH ? skipBlanks(text, slash + 1, end) : -1;
}

function endOfHost(text: string, start: number, end: number): number {
  if (start < end && text.charCodeAt(start) === BRACKET) {
    const close = text.indexOf(']', start);
    return close < 0 || close >= end || parseIpv6(text.substring(start + 1, close)) === undefined ? -1 : close + 1;
  }
  const hostEnd = endOfRun(text, start, end, HOST);
  return hostEnd === start ? -1 : hostEnd;
}
