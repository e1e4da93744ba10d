import type { Clock } from '../core/clock.ts';
import { isLoopback } from '../core/is-loopback.ts';
import type { Log } from '../core/log.ts';
import { AddressWatch, type AddressListener } from '../role/address-watch.ts';
import type { AddressRule } from '../role/address-rule.ts';
import type { InterfaceAddress } from '../sip/serving/interface-addresses.ts';
import { isWildcard } from '../sip/serving/listening-socket.ts';
import { numericAddress } from '../sip/serving/numeric-address.ts';
import type { SipEngine } from '../sip/engine.ts';

interface SipAddressParts {
  /** Numeric addresses that SIP is served at. */
  readonly addresses: readonly string[];
  readonly engine: Pick<SipEngine, 'sockets' | 'ownsSockets' | 'waiting' | 'bindWaiting'>;
  /** Those of this host now, of interfaces that are up. */
  readonly interfaceAddresses: () => readonly InterfaceAddress[];
  readonly clock: Clock;
  readonly log: Log;
}

/** With its address here, a socket that could not be bound for so long will not be by itself. */
const BIND_FAILS_MS = 1000;

/**
 * Whether the addresses that SIP is served at are here, and the sockets that wait for them. Here means on an interface that is
 * up. A loopback address is on every machine, so that it is here while this process has all its sockets: of two nodes
 * on one machine only one can have them. It is always here where the sockets are another program's, whose end is no move of an address.
 */
export class SipAddress {
  readonly #parts: SipAddressParts;
  /** In one spelling, without those that stand for all of their family: these cannot leave. */
  readonly #watched: readonly string[];
  readonly #watch: AddressWatch;

  constructor(parts: SipAddressParts) {
    const { addresses, engine, clock, log } = parts;
    this.#parts = parts;
    this.#watched = [...new Set(addresses.filter((address) => !isWildcard(address)).map(spelling))];
    this.#watch = new AddressWatch({ addresses: this.#watched, present: () => this.#present(), clock, log });
    this.#watch.addListener({ arrived: () => engine.bindWaiting() });
  }

  get rule(): Exclude<AddressRule, 'followed'> {
    return this.#watched.length === 0 ? 'always-here' : 'watched';
  }

  /** Whether another host can have it. */
  get isFloating(): boolean {
    return this.#watched.some((address) => !isLoopback(address));
  }

  /** Those that are not here, in one spelling; none before the first look. */
  get absent(): readonly string[] {
    return this.#watch.hasLooked ? this.#watched.filter((one) => this.#watch.hereSinceMs(one) === undefined) : [];
  }

  /** Some socket waits for its address. */
  get isAwaited(): boolean {
    return this.#parts.engine.waiting.length > 0;
  }

  /** Some socket's address is here, and the socket cannot be bound all the same. */
  get isBindFailing(): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    return this.#parts.engine.waiting.some(({ socket, sinceMs }) => {
      const hereSinceMs = this.#watch.hereSinceMs(spelling(socket.address));
      return hereSinceMs !== undefined && nowMs - Math.max(sinceMs, hereSinceMs) >= BIND_FAILS_MS;
    });
  }

  addListener(listener: AddressListener): void {
    this.#watch.addListener(listener);
  }

  /** To be called when the engine has started. Tells at once what is here. */
  start(): void {
    this.#watch.start();
  }

  stop(): void {
    this.#watch.stop();
  }

  /** Somebody says that the address may have come or gone. */
  look(): void {
    this.#watch.look();
    this.#parts.engine.bindWaiting();
  }

  /** A socket was bound. */
  readonly bound = (): void => this.#watch.look();

  #present(): ReadonlySet<string> {
    const onInterfaces = this.isFloating ? this.#parts.interfaceAddresses() : [];
    const found = new Set(onInterfaces.map(({ address }) => spelling(address)));
    return new Set(this.#watched.filter((one) => (isLoopback(one) ? this.#isBound(one) : found.has(one))));
  }

  #isBound(address: string): boolean {
    const { sockets, ownsSockets, waiting } = this.#parts.engine;
    if (!ownsSockets) return true;
    const isIts = (socket: { readonly address: string }): boolean => spelling(socket.address) === address;
    return sockets.some(isIts) && !waiting.some(({ socket }) => isIts(socket));
  }
}

function spelling(address: string): string {
  return numericAddress(address) ?? address;
}
