import type { Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';

/** A daemon that says nothing for so long is given up. */
const PATIENCE_MS = 10_000;

/**
 * What waits for something that may take long: the disk, of which the daemon itself says after 30 s that it takes too long; or keepalived and the other
 * node, for as long as the caller allows, a minute at most.
 */
const SLOW_METHODS: ReadonlyMap<string, number> = new Map([
  ['ul_flush', 40_000],
  ['ul_sync', 40_000],
  ['handover', 70_000],
]);

/** Ends the connection when it is waited for, and nothing arrives, for too long. */
export class Silence {
  readonly #clock: Clock;
  readonly #giveUp: () => void;
  #timer: Timer | undefined;
  #patienceMs = PATIENCE_MS;

  constructor(socket: Socket, path: string, clock: Clock) {
    this.#clock = clock;
    this.#giveUp = () => {
      const seconds = this.#patienceMs / 1000;
      socket.destroy(new OperationalError(`the daemon behind ${path} did not answer for ${seconds} s`));
    };
  }

  /** @param method what the daemon has been asked for */
  begin(method: string): void {
    this.#patienceMs = SLOW_METHODS.get(method) ?? PATIENCE_MS;
    this.#timer = this.#clock.after(this.#patienceMs, this.#giveUp);
  }

  end(): void {
    this.#timer?.cancel();
  }
}
