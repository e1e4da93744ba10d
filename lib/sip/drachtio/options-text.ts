import { isIPv6 } from 'node:net';
import type { ListeningSocket, NextHop, OptionsRequest } from '../engine.ts';
import { Fault } from '../fault.ts';
import { isOneLine, isUriText, withoutHeaders } from '../outgoing-uri.ts';
import { parseUri } from '../uri.ts';
import { DRACHTIO_LIMITS } from './drachtio-settings.ts';
import { withoutLocalhost } from './reply-text.ts';

export interface OptionsIdentity {
  readonly callId: string;
  readonly cseq: number;
}

/**
 * An OPTIONS as drachtio-server takes it, to which it adds Via, the tag of From and Content-Length; undefined when it must not have it: a URI of
 * another scheme than sip and sips would crash it, and one that is too long overruns its buffer.
 *
 * It takes no Route header. A header in the Request-URI becomes one of the request, and the server takes it out of the
 * URI: so Path gets through. For the same reason a contact's own URI headers are cut off, which could set any header.
 */
export function optionsText(
  { requestUri, fromUri, route }: Pick<OptionsRequest, 'requestUri' | 'fromUri' | 'route'>,
  { callId, cseq }: OptionsIdentity,
  socket: ListeningSocket | undefined,
  userAgent: string,
): string | undefined {
  const uri = withoutHeaders(requestUri);
  if (!isUriText(uri) || !isUriText(fromUri) || !isOneLine(route) || !isSip(uri)) return undefined;
  // One in the user part, where others may see the beginning of headers.
  if (uri.includes('?')) return undefined;
  const target = route === '' ? uri : `${uri}?Route=${escapedHeader(route)}`;
  if (target.length > DRACHTIO_LIMITS.requestUriBytesMax) return undefined;
  return (
    `OPTIONS ${target} SIP/2.0\r\nFrom: <${withoutLocalhost(fromUri)}>\r\nTo: <${withoutLocalhost(uri)}>\r\n` +
    `Call-ID: ${callId}\r\nCSeq: ${String(cseq)} OPTIONS\r\nMax-Forwards: 70\r\n` +
    `${socket === undefined ? '' : `Contact: <${ownUri(socket)}>\r\n`}Accept: application/sdp\r\n` +
    `${userAgent === '' ? '' : `User-Agent: ${userAgent}\r\n`}\r\n`
  );
}

/** The next hop as the server takes it, which then adds no Route for it. @param host numeric */
export function proxyUri({ transport, port }: NextHop, host: string): string {
  return `sip:${bracketed(host)}:${String(port)};transport=${transport}`;
}

function ownUri({ transport, name }: ListeningSocket): string {
  const place = name.slice(transport.length + 1);
  return transport === 'udp' ? `sip:${place}` : `sip:${place};transport=${transport}`;
}

export function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function isSip(uriText: string): boolean {
  const uri = parseUri(uriText);
  return !(uri instanceof Fault) && (uri.scheme === 'sip' || uri.scheme === 'sips');
}

/** RFC 3261 §25.1: what may stand for itself in the value of a URI header. */
const PLAIN = /[^A-Za-z0-9\-_.!~*'()[\]/?:+$]/g;

function escapedHeader(value: string): string {
  return value.replace(PLAIN, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
