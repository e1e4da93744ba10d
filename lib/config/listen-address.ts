import { isIP, isIPv6 } from 'node:net';
import { hostPortText, isHost, parseHostPort, portOf, wrongPort } from '../core/host-port.ts';
import { BIN_PORT } from '../core/node-url.ts';
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

/** Where the twin reaches this node for replication, as in OpenSIPS's `listen = bin:10.0.0.177`. */
export interface ReplicationListener {
  /** `bins` is the same over TLS. */
  readonly transport: 'bin' | 'bins';
  /** IP address to bind; IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export type Listener = ListenAddress | ReplicationListener;

type ParsedListen = ParsedText<readonly Listener[]>;

const SIP_PORT = 5060;
export const LISTEN_EXPECTED =
  'ADDRESS[:PORT] or sip:ADDRESS[:PORT] (UDP and TCP), udp:ADDRESS[:PORT] or tcp:ADDRESS[:PORT], and perhaps " as HOST[:PORT]" behind it; or bin:ADDRESS[:PORT] for replication';

const TRANSPORTS: Readonly<Record<string, readonly ListenAddress['transport'][]>> = {
  udp: ['udp'],
  tcp: ['tcp'],
  sip: ['udp', 'tcp'],
};

const REPLICATION: Readonly<Record<string, ReplicationListener['transport']>> = { bin: 'bin', bins: 'bins' };

const NOT_YET = 'this version serves udp, tcp and sip (both)';
const NO_AS = '"as" tells phones an address, and no phone comes to a replication listener; remove it';
const REFUSED: Readonly<Record<string, string>> = {
  tls: NOT_YET,
  sips: NOT_YET,
  ws: NOT_YET,
  wss: NOT_YET,
  sctp: NOT_YET,
  hep_udp: NOT_YET,
  hep_tcp: NOT_YET,
};

/**
 * Reads one listener: `[udp:|tcp:|sip:]ADDRESS[:PORT][ as HOST[:PORT]]`, or `bin:ADDRESS[:PORT]`, `bins:ADDRESS[:PORT]`
 * for replication; IPv6 stands in brackets.
 */
export function parseListen(text: string): ParsedListen {
  const words = text.split(' ').filter((word) => word !== '');
  const [socket, as, advertisedText] = words;
  if (socket === undefined || (words.length !== 1 && (words.length !== 3 || as?.toLowerCase() !== 'as')))
    return refuse();
  const { scheme, place } = splitScheme(socket);
  const refused = own(REFUSED, scheme);
  if (refused !== undefined) return { ok: false, message: refused };
  const replication = own(REPLICATION, scheme);
  if (replication !== undefined && as !== undefined) return { ok: false, message: NO_AS };
  if (replication !== undefined) return bindReplication(replication, place);
  const transports = own(TRANSPORTS, scheme);
  if (transports === undefined) return refuse(`${scheme} is no transport`);
  return bindTo(transports, place, advertisedText);
}

function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** `udp:10.0.0.150:5060`, `bin:10.0.0.177:5555`; IPv6 in brackets. */
export function socketName({ transport, address, port }: Listener): string {
  return `${transport}:${hostPortText(address, port)}`;
}

export function isReplication(listener: Listener): listener is ReplicationListener {
  return listener.transport === 'bin' || listener.transport === 'bins';
}

export function isSip(listener: Listener): listener is ListenAddress {
  return !isReplication(listener);
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
  const bound = boundAddress(place, SIP_PORT);
  if ('hint' in bound) return refuse(bound.hint);
  const advertised = advertisedText === undefined ? undefined : parseAdvertised(advertisedText, bound.port);
  if (typeof advertised === 'string') return refuse(advertised);
  return { ok: true, value: transports.map((transport) => ({ transport, ...bound, advertised })) };
}

function bindReplication(transport: ReplicationListener['transport'], place: string): ParsedListen {
  const bound = boundAddress(place, BIN_PORT);
  return 'hint' in bound ? refuse(bound.hint) : { ok: true, value: [{ transport, ...bound }] };
}

type Bound = { readonly address: string; readonly port: number } | { readonly hint: string | undefined };

function boundAddress(place: string, usualPort: number): Bound {
  const bound = parseHostPort(place);
  if (bound === undefined)
    return { hint: isIPv6(place) ? `an IPv6 address stands in brackets: [${place}]` : undefined };
  if (bound.host === '*') return { hint: 'write 0.0.0.0 for all IPv4 addresses, [::] for all addresses' };
  if (isIP(bound.host) === 0) return { hint: `${bound.host} is no IP address` };
  const port = portOf(bound, usualPort);
  return port === undefined ? { hint: wrongPort(bound) } : { address: bound.host, port };
}

/** Without a port of its own the advertised address has the port that is bound. @returns a text: what is wrong with it */
function parseAdvertised(text: string, boundPort: number): ListenAddress['advertised'] | string {
  const parsed = parseHostPort(text);
  if (parsed === undefined || !isHost(parsed.host)) return `${text} is no HOST[:PORT]`;
  const port = portOf(parsed, boundPort);
  return port === undefined ? wrongPort(parsed) : { host: parsed.host, port };
}

function refuse(hint?: string): ParsedListen {
  return { ok: false, message: `${hint === undefined ? '' : `${hint}; `}expected ${LISTEN_EXPECTED}` };
}
