import type { Clock } from '../core/clock.ts';
import type { ListeningSocket, NextHop } from '../sip/engine.ts';
import { sameSpelling } from './ping-address.ts';

interface OwnSocketsParts {
  /** What the node is bound to now. */
  readonly sockets: () => readonly ListeningSocket[];
  /** Addresses of this host now, loopback ones included. */
  readonly hostAddresses: () => readonly string[];
  readonly clock: Clock;
}

/** How long the host's addresses, which come and go, are taken as they were. */
const ADDRESSES_MS = 60_000;

const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Knows what would come back to this node: its sockets as they are bound, and as the outside knows them. */
export class OwnSockets {
  readonly #parts: OwnSocketsParts;
  #addresses: ReadonlySet<string> = new Set();
  #goodUntilMs = -Infinity;

  constructor(parts: OwnSocketsParts) {
    this.#parts = parts;
  }

  readonly has = ({ transport, host, port }: NextHop): boolean => {
    const address = sameSpelling(host);
    return this.#parts.sockets().some((socket) => {
      if (socket.transport !== transport) return false;
      if (socket.name === socketName(transport, address, port)) return true;
      if (socket.port !== port) return false;
      const bound = sameSpelling(socket.address);
      return bound === address || (ALL_ADDRESSES.has(bound) && this.#isOfHost(address));
    });
  };

  #isOfHost(address: string): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs >= this.#goodUntilMs) {
      this.#addresses = new Set(this.#parts.hostAddresses().map(sameSpelling));
      this.#goodUntilMs = nowMs + ADDRESSES_MS;
    }
    return address.startsWith('127.') || this.#addresses.has(address);
  }
}

/** As `ListeningSocket.name` has it. */
function socketName(transport: string, host: string, port: number): string {
  return `${transport}:${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
