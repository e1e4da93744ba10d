import type { OptionsRequest } from './engine.ts';
import { Fault } from './fault.ts';
import { classOf, CR, LF, NEVER_IN_URI } from './octets.ts';
import { parseUri } from './uri.ts';

/** What the requests of one socket have in common. */
export interface OptionsOrigin {
  readonly transport: 'udp' | 'tcp';
  /** Where replies can be sent, with a port: Via's sent-by. IPv6 in brackets. */
  readonly sentBy: string;
  /** Value of User-Agent; '' = none. */
  readonly userAgent: string;
}

/** What tells one request from all others. */
export interface OptionsIdentity {
  readonly branch: string;
  readonly fromTag: string;
  readonly callId: string;
  readonly cseq: number;
}

/**
 * Writes OPTIONS requests for one socket (RFC 3261 §11.1) as byte strings. Some peers answer only with a Contact, and many
 * phones take a request with a known branch or CSeq for a retransmission, so a Contact is there and the identity is new
 * each time.
 */
export class OptionsWriter {
  readonly #beforeBranch: string;
  readonly #behindCSeq: string;

  constructor({ transport, sentBy, userAgent }: OptionsOrigin) {
    const uriParams = transport === 'udp' ? '' : `;transport=${transport}`;
    this.#beforeBranch = ` SIP/2.0\r\nVia: SIP/2.0/${transport.toUpperCase()} ${sentBy};rport;branch=`;
    this.#behindCSeq =
      ` OPTIONS\r\nMax-Forwards: 70\r\nContact: <sip:${sentBy}${uriParams}>\r\nAccept: application/sdp\r\n` +
      `${userAgent === '' ? '' : `User-Agent: ${userAgent}\r\n`}Content-Length: 0\r\n\r\n`;
  }

  /**
   * The whole request; undefined when a URI or the Route has an octet that could begin another header. What phones
   * registered has none, since the parser takes none.
   */
  write(request: OptionsRequest, { branch, fromTag, callId, cseq }: OptionsIdentity): string | undefined {
    const { fromUri, route } = request;
    const uri = withoutHeaders(request.requestUri);
    if (!isUriText(uri) || !isUriText(fromUri) || !isOneLine(route)) return undefined;
    const routeRow = route === '' ? '' : `Route: ${route}\r\n`;
    return (
      `OPTIONS ${uri}${this.#beforeBranch}${branch}\r\n${routeRow}From: <${fromUri}>;tag=${fromTag}\r\nTo: <${uri}>\r\n` +
      `Call-ID: ${callId}\r\nCSeq: ${String(cseq)}${this.#behindCSeq}`
    );
  }
}

/** RFC 3261 §19.1.1: what follows a contact's `?` belongs neither into a Request-URI nor into To. */
function withoutHeaders(uriText: string): string {
  // A question mark may also stand in the user part.
  if (!uriText.includes('?')) return uriText;
  const uri = parseUri(uriText);
  if (uri instanceof Fault || (uri.headers === '' && !uriText.endsWith('?'))) return uriText;
  return uriText.substring(0, uriText.length - uri.headers.length - 1);
}

function isUriText(text: string): boolean {
  for (let at = 0; at < text.length; at++) if ((classOf(text.charCodeAt(at)) & NEVER_IN_URI) !== 0) return false;
  return text !== '';
}

/** Stored Path values may have display names and quoted parameters, but no row of a request ends in the middle. */
function isOneLine(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === CR || octet === LF || octet === 0) return false;
  }
  return true;
}
