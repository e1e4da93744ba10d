import type { NextHop, Transport } from './engine.ts';
import { Fault } from './fault.ts';
import { parseUri, uriParam, type SipUri } from './uri.ts';

const DEFAULT_PORTS: Readonly<Record<Transport, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 };

/**
 * Where a request to this URI goes: its host, its port or the transport's own (RFC 3261 §19.1.2), its transport parameter.
 * Undefined for what is no sip or sips URI and for transports that nobody here speaks. `maddr` does not count: a phone
 * could send pings to others with it. Neither SRV nor NAPTR is asked (RFC 3263): behind NAT the
 * next hop is an address, and a name in a Path is that of a host.
 */
export function nextHop(uriText: string): NextHop | undefined {
  const uri = parseUri(uriText);
  if (uri instanceof Fault || uri.host === '') return undefined;
  const transport = transportOf(uri);
  if (transport === undefined) return undefined;
  const host = uri.host.startsWith('[') ? uri.host.slice(1, -1) : uri.host;
  return { transport, host, port: uri.port === 0 ? DEFAULT_PORTS[transport] : uri.port };
}

/** RFC 3261 §26.2.2 and RFC 7118 §5.2: sips means TLS below whatever the parameter says. */
function transportOf(uri: SipUri): Transport | undefined {
  const isSecure = uri.scheme === 'sips';
  switch (uriParam(uri, 'transport')?.toLowerCase()) {
    case undefined:
    case '':
    case 'udp':
      return isSecure ? 'tls' : 'udp';
    case 'tcp':
      return isSecure ? 'tls' : 'tcp';
    case 'tls':
      return 'tls';
    case 'ws':
      return isSecure ? 'wss' : 'ws';
    case 'wss':
      return 'wss';
    default:
      return undefined;
  }
}
