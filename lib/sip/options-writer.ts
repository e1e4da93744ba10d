import type { OptionsRequest } from './engine.ts';
import { isOneLine, isUriText, withoutHeaders } from './outgoing-uri.ts';

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
