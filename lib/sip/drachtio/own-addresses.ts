import type { Clock } from '../../core/clock.ts';
import { isLoopback } from '../../core/is-loopback.ts';
import type { InterfaceAddress } from '../serving/interface-addresses.ts';
import { numericAddress } from '../serving/numeric-address.ts';

/** How long the host's addresses, which come and go, are taken as they were. */
const FRESH_MS = 100;

/** Whether the server's addresses are on this host. */
export class OwnAddresses {
  readonly #clock: Clock;
  readonly #read: () => readonly InterfaceAddress[];
  #addresses: ReadonlySet<string> = new Set();
  #readAtMs = -Infinity;

  constructor(clock: Clock, read: () => readonly InterfaceAddress[]) {
    this.#clock = clock;
    this.#read = read;
  }

  has(address: string): boolean {
    if (isLoopback(address)) return true;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#readAtMs >= FRESH_MS) {
      this.#readAtMs = nowMs;
      this.#addresses = new Set(this.#read().map((found) => spelling(found.address)));
    }
    return this.#addresses.has(spelling(address));
  }
}

function spelling(address: string): string {
  return numericAddress(address) ?? address;
}
