import { isIPv6 } from 'node:net';
import { hostPortText, isHost, parseHostPort, portOf, wrongPort } from './host-port.ts';

/** Where a node of the cluster takes replication connections: the column `url` of OpenSIPS's clusterer table. */
export interface NodeUrl {
  /** `bins` is the same over TLS. */
  readonly transport: 'bin' | 'bins';
  /** An IP address, IPv6 without brackets, or a name to be looked up. */
  readonly host: string;
  readonly port: number;
}

/** The port of OpenSIPS's proto_bin, where a URL names none. */
export const BIN_PORT = 5555;

export const NODE_URL_EXPECTED = `bin:HOST[:PORT] or bins:HOST[:PORT] (port ${BIN_PORT} by default, IPv6 in brackets)`;

export type ParsedNodeUrl =
  { readonly ok: true; readonly value: NodeUrl } | { readonly ok: false; readonly message: string };

/** Reads `bin:10.0.0.177`, `bin:node-b.example:5556`, `bins:[2001:db8::1]`. A refusal says what is wrong and what is expected. */
export function parseNodeUrl(text: string): ParsedNodeUrl {
  const [, scheme = '', place = ''] = /^([a-z][a-z0-9_]*):(.*)$/i.exec(text) ?? [];
  const transport = scheme.toLowerCase();
  if (transport === '') return refuse('no bin: stands before it');
  if (transport !== 'bin' && transport !== 'bins')
    return refuse(`${transport} is not what nodes talk to each other by`);
  const parsed = parseHostPort(place);
  if (parsed === undefined) return refuse(isIPv6(place) ? `an IPv6 address stands in brackets: [${place}]` : undefined);
  if (!isHost(parsed.host)) return refuse(`${parsed.host} is no host`);
  const port = portOf(parsed, BIN_PORT);
  return port === undefined ? refuse(wrongPort(parsed)) : { ok: true, value: { transport, host: parsed.host, port } };
}

/** `bin:10.0.0.177:5555`, IPv6 in brackets. */
export function nodeUrlText({ transport, host, port }: NodeUrl): string {
  return `${transport}:${hostPortText(host, port)}`;
}

function refuse(hint?: string): ParsedNodeUrl {
  return { ok: false, message: `${hint === undefined ? '' : `${hint}; `}expected ${NODE_URL_EXPECTED}` };
}
