import { isIP, isIPv6 } from 'node:net';
import type { ParsedText } from './values.ts';

/** One socket to open. `sip:` in the configuration stands for two of them, as in OpenSIPS's `listen = sip:10.0.0.150`. */
export interface ListenAddress {
  readonly transport: 'udp' | 'tcp';
  /** IP address to bind; IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** How the outside knows this socket (OpenSIPS's `as`), where that differs. */
  readonly advertised: { readonly host: string; readonly port: number } | undefined;
}

type ParsedListen = ParsedText<readonly ListenAddress[]>;

const SIP_PORT = 5060;
const PORT_MIN = 1;
const PORT_MAX = 65_535;
export const LISTEN_EXPECTED =
  'ADDRESS[:PORT] or sip:ADDRESS[:PORT] (UDP and TCP), udp:ADDRESS[:PORT] or tcp:ADDRESS[:PORT], and perhaps " as HOST[:PORT]" behind it';

const TRANSPORTS: Readonly<Record<string, readonly ListenAddress['transport'][]>> = {
  udp: ['udp'],
  tcp: ['tcp'],
  sip: ['udp', 'tcp'],
};

const NOT_YET = 'this version serves udp, tcp and sip (both)';
const REPLICATION = 'replication with a second node is not in this version; remove this line';
const REFUSED: Readonly<Record<string, string>> = {
  bin: REPLICATION,
  bins: REPLICATION,
  tls: NOT_YET,
  sips: NOT_YET,
  ws: NOT_YET,
  wss: NOT_YET,
  sctp: NOT_YET,
  hep_udp: NOT_YET,
  hep_tcp: NOT_YET,
};

/** Reads one listener: `[udp:|tcp:|sip:]ADDRESS[:PORT][ as HOST[:PORT]]`; IPv6 stands in brackets. */
export function parseListen(text: string): ParsedListen {
  const words = text.split(' ').filter((word) => word !== '');
  const [socket, as, advertisedText] = words;
  if (socket === undefined || (words.length !== 1 && (words.length !== 3 || as?.toLowerCase() !== 'as')))
    return refuse();
  const { scheme, place } = splitScheme(socket);
  const refused = own(REFUSED, scheme);
  if (refused !== undefined) return { ok: false, message: refused };
  const transports = own(TRANSPORTS, scheme);
  if (transports === undefined) return refuse(`${scheme} is no transport`);
  return bindTo(transports, place, advertisedText);
}

function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** `udp:10.0.0.150:5060`, IPv6 in brackets. */
export function socketName({ transport, address, port }: ListenAddress): string {
  return `${transport}:${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** Text that does not begin like a scheme (`10.0.0.1`, `[::1]:5060`, `localhost:5060`) means `sip:`. */
function splitScheme(socket: string): { readonly scheme: string; readonly place: string } {
  const match = /^([a-z][a-z_]*):(?!\d+$)(.*)$/i.exec(socket);
  return { scheme: match?.[1]?.toLowerCase() ?? 'sip', place: match?.[2] ?? socket };
}

function bindTo(
  transports: readonly ListenAddress['transport'][],
  place: string,
  advertisedText: string | undefined,
): ParsedListen {
  const bound = parseHostPort(place);
  if (bound === undefined) return refuse(isIPv6(place) ? `an IPv6 address stands in brackets: [${place}]` : undefined);
  if (bound.host === '*') return refuse('write 0.0.0.0 for all IPv4 addresses, [::] for all addresses');
  if (isIP(bound.host) === 0) return refuse(`${bound.host} is no IP address`);
  const port = portOf(bound, SIP_PORT);
  if (port === undefined) return refuse(wrongPort(bound));
  const advertised = advertisedText === undefined ? undefined : parseAdvertised(advertisedText, port);
  if (typeof advertised === 'string') return refuse(advertised);
  return { ok: true, value: transports.map((transport) => ({ transport, address: bound.host, port, advertised })) };
}

/** Without a port of its own the advertised address has the port that is bound. @returns a text: what is wrong with it */
function parseAdvertised(text: string, boundPort: number): ListenAddress['advertised'] | string {
  const parsed = parseHostPort(text);
  if (parsed === undefined || !isHost(parsed.host)) return `${text} is no HOST[:PORT]`;
  const port = portOf(parsed, boundPort);
  return port === undefined ? wrongPort(parsed) : { host: parsed.host, port };
}

interface HostPort {
  /** Lower case; IPv6 without brackets. */
  readonly host: string;
  /** As it is written; undefined without one. */
  readonly portText: string | undefined;
}

function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::([^:[\]]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, portText] = match;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { host: (bracketed ?? plain ?? '').toLowerCase(), portText };
}

/** `otherwise` where none is written; undefined for what is no port. */
function portOf({ portText }: HostPort, otherwise: number): number | undefined {
  if (portText === undefined) return otherwise;
  const port = /^\d+$/.test(portText) ? Number(portText) : 0;
  return port >= PORT_MIN && port <= PORT_MAX ? port : undefined;
}

function wrongPort({ portText = '' }: HostPort): string {
  return `${portText} is no port (port ${PORT_MIN} to ${PORT_MAX})`;
}

/** A name as in DNS, or an IP address. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return text.length <= 253 && /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?$/i.test(text) && !/^[\d.]+$/.test(text);
}

function refuse(hint?: string): ParsedListen {
  return { ok: false, message: `${hint === undefined ? '' : `${hint}; `}expected ${LISTEN_EXPECTED}` };
}
