import { isIP, isIPv6 } from 'node:net';
import type { ParsedText } from './values.ts';

/** Where HTTP is served; undefined address = nowhere. */
export type HttpAddress =
  | { readonly kind: 'off' }
  /** IPv6 without brackets. */
  | { readonly kind: 'on'; readonly address: string; readonly port: number };

/** The port of OpenSIPS's httpd. */
export const HTTP_PORT = 8888;
/** Where nothing says it. */
export const USUAL_HTTP = { kind: 'on', address: '127.0.0.1', port: HTTP_PORT } as const;
export const HTTP_EXPECTED = `ADDRESS[:PORT] (an IP address, IPv6 in brackets; port ${HTTP_PORT} by default), or off`;

const PORT_MAX = 65_535;

/** Reads `127.0.0.1`, `10.0.0.150:8888`, `[::1]:8888`, `off` or nothing. */
export function parseHttpAddress(text: string): ParsedText<HttpAddress> {
  if (text === '' || text === 'off') return { ok: true, value: { kind: 'off' } };
  const [, bracketed, plain = '', portText = `${HTTP_PORT}`] =
    /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const isAddress = bracketed === undefined ? isIP(plain) === 4 : isIPv6(bracketed);
  const port = Number(portText);
  if (isAddress && port >= 1 && port <= PORT_MAX) return { ok: true, value: { kind: 'on', address, port } };
  return { ok: false, message: `expected ${HTTP_EXPECTED}` };
}
