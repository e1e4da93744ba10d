import { parseCSeq, type CSeq } from './cseq.ts';
import { Fault } from './fault.ts';
import { headerId, headerTitle } from './header-name.ts';
import { headerBits, HeaderTable, NEXT_ROW } from './header-table.ts';
import { MESSAGE_SIZE_MAX } from './limits.ts';
import { CR, isLineEnd, octetAt, parseDigits } from './octets.ts';
import { SipRequest } from './request.ts';
import { SipResponse } from './response.ts';
import { isStatusLine, parseRequestLine, parseStatusLine, requestUriFault } from './start-line.ts';
import { parseVia } from './via.ts';

export type Parsed =
  | { readonly kind: 'request'; readonly request: SipRequest }
  | { readonly kind: 'response'; readonly response: SipResponse }
  /**
   * `replyable`: the request, as far as it could be read, when its topmost Via says where a reply with `fault` can go;
   * undefined = drop it. Headers that it lacks are missing in the reply too. Whether it is an ACK is for the caller to see.
   */
  | { readonly kind: 'malformed'; readonly fault: Fault; readonly replyable: SipRequest | undefined };

const VIA = headerId('via');
const CALL_ID = headerId('call-id');
const CSEQ = headerId('cseq');
const CONTENT_LENGTH = headerId('content-length');
const REQUIRED_IDS = [VIA, headerId('from'), headerId('to'), CALL_ID, CSEQ];
const REQUIRED = headerBits(REQUIRED_IDS);

const TOO_LARGE = new Fault(413, 'Request Entity Too Large');
const NO_MESSAGE = new Fault(400, 'No SIP Message');
const BAD_RESPONSE = new Fault(400, 'Malformed Response');

/**
 * Parses one whole message: a datagram, or one framed from a stream. Octets behind the body that Content-Length
 * announces are ignored, line ends before the start line too.
 *
 * It checks what RFC 3261 §8.2.1 to §8.2.2.1 and §16.3 ask of any request: the start line, the headers that must be there
 * and may be there once, the topmost Via, From, To, CSeq, Content-Length and the scheme of the Request-URI. What only
 * some methods need is checked when it is asked for. Requests of RFC 2543 (no branch, From tag or Max-Forwards) pass.
 */
export function parseMessage(text: string): Parsed {
  if (text.length > MESSAGE_SIZE_MAX) return malformed(TOO_LARGE, undefined);
  const start = skipLineEnds(text);
  const lineEnd = text.indexOf('\n', start);
  if (lineEnd < 0) return malformed(NO_MESSAGE, undefined);
  const end = octetAt(text, lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
  const headers = new HeaderTable(text, lineEnd + 1);
  return isStatusLine(text, start) ? parseResponse(text, start, end, headers) : parseRequest(text, start, end, headers);
}

function parseRequest(text: string, start: number, end: number, headers: HeaderTable): Parsed {
  const line = parseRequestLine(text, start, end);
  const cseq = parseCSeq(headers.value(CSEQ) ?? '');
  const request = new SipRequest(line.method, line.uriText, headers, cseq);
  const fault = line.fault ?? headers.fault ?? headersFault(headers) ?? requestFault(request, cseq);
  if (fault === undefined) return { kind: 'request', request };
  return malformed(fault, request.topVia() instanceof Fault ? undefined : request);
}

function parseResponse(text: string, start: number, end: number, headers: HeaderTable): Parsed {
  const line = parseStatusLine(text, start, end);
  const fault = headers.fault ?? headersFault(headers);
  const cseq = parseCSeq(headers.value(CSEQ) ?? '');
  const via = parseVia(headers.value(VIA) ?? '');
  if (line === undefined || fault !== undefined || cseq === undefined || via instanceof Fault) {
    return malformed(fault ?? BAD_RESPONSE, undefined);
  }
  const callId = headers.value(CALL_ID) ?? '';
  return { kind: 'response', response: new SipResponse(line.status, line.reason, headers, callId, cseq, via) };
}

function malformed(fault: Fault, replyable: SipRequest | undefined): Parsed {
  return { kind: 'malformed', fault, replyable };
}

/** Keep-alives and the tails of earlier messages: RFC 3261 §7.5. */
function skipLineEnds(text: string): number {
  let at = 0;
  while (isLineEnd(octetAt(text, at))) at++;
  return at;
}

function headersFault(headers: HeaderTable): Fault | undefined {
  if (!headers.hasAll(REQUIRED)) {
    for (const id of REQUIRED_IDS) if (!headers.has(id)) return new Fault(400, `Missing ${headerTitle(id)}`);
  }
  return contentLengthFault(headers);
}

/** RFC 3261 §18.3: what the message must at least have; several rows must agree. */
function contentLengthFault(headers: HeaderTable): Fault | undefined {
  const available = headers.text.length - headers.bodyStart;
  let first = -1;
  for (let row = headers.find(CONTENT_LENGTH); row >= 0; row = headers.find(CONTENT_LENGTH, row + NEXT_ROW)) {
    const length = parseDigits(headers.text, headers.startOf(row), headers.endOf(row), Number.MAX_SAFE_INTEGER);
    if (length < 0) return new Fault(400, 'Bad Content-Length');
    if (first >= 0 && length !== first) return new Fault(400, 'Multiple Content-Length');
    if (length > available) return new Fault(400, 'Content-Length Larger Than Message');
    first = length;
  }
  return undefined;
}

function requestFault(request: SipRequest, cseq: CSeq | undefined): Fault | undefined {
  const via = request.topVia();
  if (via instanceof Fault) return via;
  if (!via.isWellFormed) return new Fault(400, 'Malformed Via');
  if (request.callId === '') return new Fault(400, 'Empty Call-ID');
  if (cseq === undefined) return new Fault(400, 'Bad CSeq');
  if (cseq.method !== request.method) return new Fault(400, 'CSeq Method Mismatch');
  const from = request.from();
  if (from instanceof Fault) return new Fault(400, `Bad From: ${from.reason}`);
  const to = request.to();
  if (to instanceof Fault) return new Fault(400, `Bad To: ${to.reason}`);
  return uriFault(request);
}

function uriFault(request: SipRequest): Fault | undefined {
  const uri = request.requestUri();
  if (uri instanceof Fault) return requestUriFault(request.uriText, uri);
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return new Fault(416, 'Unsupported URI Scheme');
  // RFC 3261 §19.1.1: headers are not allowed in a Request-URI.
  return uri.headers === '' ? undefined : new Fault(400, 'Headers in Request-URI');
}
