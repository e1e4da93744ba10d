import { isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../../core/is-loopback.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { HttpToken } from './http-token.ts';

/** Pages for load balancers, which have no token and learn nothing but whether traffic may come. */
const PUBLIC_PAGES = new Set(['/health', '/ready']);

/**
 * Who may ask. On loopback without a token every local program may; but a browser there is steered by the pages that it
 * shows, so what a page can make it send is refused: requests with an Origin, a name in Host that only pretends to be
 * this machine (DNS rebinding), and for MI content types that need no leave from the server (CSRF).
 */
export class HttpAccess {
  readonly #token: HttpToken | undefined;
  readonly #isLoopback: boolean;

  constructor(address: string, token: HttpToken | undefined) {
    this.#token = token;
    this.#isLoopback = isLoopback(address);
  }

  /** Undefined: it may call commands. */
  refusalOfCall(headers: IncomingHttpHeaders): HttpAnswer | undefined {
    return fromWebPage(headers) ?? this.#refusalByToken(headers) ?? wrongType(headers);
  }

  /** Undefined: it may see the page. */
  refusalOfPage(path: string, headers: IncomingHttpHeaders): HttpAnswer | undefined {
    if (!this.#isLoopback) return PUBLIC_PAGES.has(path) ? undefined : this.#refusalByToken(headers);
    const isShown = this.#token?.isShownBy(headers.authorization) === true;
    return fromWebPage(headers) ?? (isShown ? undefined : foreignName(headers));
  }

  #refusalByToken(headers: IncomingHttpHeaders): HttpAnswer | undefined {
    if (this.#token === undefined) return foreignName(headers);
    if (this.#token.isShownBy(headers.authorization)) return undefined;
    return {
      status: 401,
      text: 'expected the header Authorization: Bearer TOKEN with the token of mi.http_token or mi.http_token_file',
      headers: { 'WWW-Authenticate': 'Bearer realm="twinreg"' },
    };
  }
}

function fromWebPage({ origin }: IncomingHttpHeaders): HttpAnswer | undefined {
  if (origin === undefined) return undefined;
  return { status: 403, text: 'requests from web pages are refused; expected none with the header Origin' };
}

function foreignName({ host = '' }: IncomingHttpHeaders): HttpAnswer | undefined {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  if (plain.toLowerCase() === 'localhost' || isIP(bracketed ?? plain) !== 0) return undefined;
  return {
    status: 403,
    text: 'expected localhost or an IP address in the header Host; with a token (mi.http_token_file) a name will do',
  };
}

function wrongType(headers: IncomingHttpHeaders): HttpAnswer | undefined {
  if (/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) return undefined;
  return { status: 415, text: 'expected the header Content-Type: application/json' };
}
