import { isIP, isIPv6 } from 'node:net';

const PORT_MIN = 1;
const PORT_MAX = 65_535;

/** The two parts of `HOST[:PORT]` as they are written. */
export interface HostPort {
  /** Lower case; IPv6 without brackets. */
  readonly host: string;
  /** As it is written; undefined without one. */
  readonly portText: string | undefined;
}

/** Reads `HOST[:PORT]`, where IPv6 stands in brackets. What host and port are is not looked at. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::([^:[\]]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, portText] = match;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { host: (bracketed ?? plain ?? '').toLowerCase(), portText };
}

/** `otherwise` where none is written; undefined for what is no port. */
export function portOf({ portText }: HostPort, otherwise: number): number | undefined {
  if (portText === undefined) return otherwise;
  const port = /^\d+$/.test(portText) ? Number(portText) : 0;
  return port >= PORT_MIN && port <= PORT_MAX ? port : undefined;
}

/** What to say of a port that `portOf` does not take. */
export function wrongPort({ portText = '' }: HostPort): string {
  return `${portText} is no port (port ${PORT_MIN} to ${PORT_MAX})`;
}

/** `10.0.0.1:5060`, `[::1]:5060`. */
export function hostPortText(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** A name as in DNS, or an IP address. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return text.length <= 253 && /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?$/i.test(text) && !/^[\d.]+$/.test(text);
}
