import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';

interface AddressWatchParts {
  /** What SIP is served at; none: nothing can leave. */
  readonly addresses: readonly string[];
  /** Those of them that are here now. */
  readonly present: () => ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Hears of what it follows, in order, right when it is noticed; must not throw. */
export interface AddressListener {
  arrived?(address: string): void;
  left?(address: string): void;
  /** Whether all addresses are here is known now, or is otherwise than before; after `arrived` and `left`. */
  changed?(isHere: boolean): void;
}

/** How often the interfaces are looked at: so late may a node notice that its address came or went, if nobody says so. */
const LOOK_EVERY_MS = 100;

/**
 * Notices when the addresses that SIP is served at come to this host and leave it. Whoever moves them need not tell: a
 * killed keepalived tells nobody. The system offers no event for it that Node could hear, so it looks.
 */
export class AddressWatch {
  readonly #parts: AddressWatchParts;
  readonly #listeners: AddressListener[] = [];
  /** Monotonic times of arrival. */
  readonly #hereSinceMs = new Map<string, number>();
  #isHere: boolean | undefined;
  #timer: Timer | undefined;
  #isRunning = false;

  constructor(parts: AddressWatchParts) {
    this.#parts = parts;
  }

  /** Whether all of them are here, as was seen last. */
  get isHere(): boolean {
    return this.#isHere ?? false;
  }

  get hasLooked(): boolean {
    return this.#isHere !== undefined;
  }

  /** Since when, by the monotonic clock; undefined: it is not here. */
  hereSinceMs(address: string): number | undefined {
    return this.#hereSinceMs.get(address);
  }

  /** Hears of changes from now on. */
  addListener(listener: AddressListener): void {
    this.#listeners.push(listener);
  }

  /** Looks for the first time, and again and again. */
  start(): void {
    this.#isRunning = true;
    this.look();
    if (this.#parts.addresses.length > 0) this.#arm();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** To be called when there is a reason to think that something changed. Nothing before `start` and after `stop`. */
  look(): void {
    if (!this.#isRunning) return;
    const present = this.#parts.present();
    for (const address of this.#parts.addresses) this.#compare(address, present.has(address));
    const isHere = this.#parts.addresses.every((address) => present.has(address));
    if (isHere === this.#isHere) return;
    this.#isHere = isHere;
    for (const listener of this.#listeners) listener.changed?.(isHere);
  }

  #compare(address: string, isHere: boolean): void {
    const { clock, log } = this.#parts;
    const wasHere = this.#hereSinceMs.has(address);
    if (this.#isHere === undefined) {
      log.info({ address }, isHere ? 'the address is here' : 'the address is not here');
    } else if (isHere !== wasHere) log.info({ address }, isHere ? 'the address arrived' : 'the address left');
    if (isHere === wasHere) return;
    if (isHere) this.#hereSinceMs.set(address, clock.monotonicMs());
    else this.#hereSinceMs.delete(address);
    for (const listener of this.#listeners) {
      if (isHere) listener.arrived?.(address);
      else listener.left?.(address);
    }
  }

  #arm(): void {
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => {
      this.look();
      this.#arm();
    });
  }
}
