import type { NextHop, Transport } from '../engine.ts';
import { numericAddress } from '../serving/numeric-address.ts';

/** Connections that are remembered; beyond it the one that was quiet for longest is forgotten, and not pinged until it is heard again. */
const CONNECTIONS_MAX = 100_000;

/**
 * Where requests came from over a connection, since the server was connected. The server opens a connection for whoever
 * is pinged and has none, which this engine never wants: behind NAT nobody answers there, and who is silent is removed.
 */
export class ConnectionsSeen {
  /** The longest quiet first. */
  readonly #places = new Set<string>();

  heard(transport: Transport, address: string, port: number): void {
    if (transport === 'udp') return;
    const place = placeOf(transport, address, port);
    this.#places.delete(place);
    this.#places.add(place);
    if (this.#places.size <= CONNECTIONS_MAX) return;
    const [quietest] = this.#places;
    if (quietest !== undefined) this.#places.delete(quietest);
  }

  has({ transport, port }: NextHop, address: string): boolean {
    return this.#places.has(placeOf(transport, address, port));
  }

  /** The server says that it has none to there. */
  forget({ transport, port }: NextHop, address: string): void {
    this.#places.delete(placeOf(transport, address, port));
  }

  clear(): void {
    this.#places.clear();
  }
}

function placeOf(transport: Transport, address: string, port: number): string {
  return `${transport}:${numericAddress(address) ?? address}:${String(port)}`;
}
