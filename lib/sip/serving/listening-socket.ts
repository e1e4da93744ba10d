import { isIPv6 } from 'node:net';
import type { ListeningSocket, Transport } from '../engine.ts';
import type { ListenerSettings } from './listener-settings.ts';
import { numericAddress } from './numeric-address.ts';

/** A listener as requests and `location.socket` show it, with the port that was bound. */
export function listeningSocket(listener: ListenerSettings, boundPort: number): ListeningSocket {
  const { transport, address, advertised } = listener;
  const host = advertised?.host ?? address;
  const port = advertised !== undefined && advertised.port > 0 ? advertised.port : boundPort;
  return { transport, address, port: boundPort, name: socketName(transport, host, port) };
}

/** `transport:host:port`, as OpenSIPS writes a socket: IPv6 in brackets. */
export function socketName(transport: Transport, host: string, port: number): string {
  return `${transport}:${isIPv6(host) ? `[${host}]` : host}:${String(port)}`;
}

/** Whether it is bound to all addresses of its family and nobody said what the outside knows it as. */
export function isNameless({ transport, address, port, name }: ListeningSocket): boolean {
  return isWildcard(address) && name === socketName(transport, address, port);
}

/** Whether it stands for all addresses of its family. */
export function isWildcard(address: string): boolean {
  return ALL_ADDRESSES.has(numericAddress(address) ?? address);
}

const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** For people: what is bound, and what the outside knows it as if that is something else: `tcp:10.0.0.5:5060 as 192.0.2.1:5060`. */
export function describeSocket({ transport, address, port, name }: ListeningSocket): string {
  const bound = socketName(transport, address, port);
  return bound === name ? bound : `${bound} as ${name.slice(transport.length + 1)}`;
}
