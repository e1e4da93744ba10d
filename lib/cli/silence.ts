import type { Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';

/** A daemon that says nothing for so long is given up. */
const PATIENCE_MS = 10_000;

/** What waits for the disk: the daemon itself says when that takes too long, after 30 s. */
const SLOW_METHODS: ReadonlySet<string> = new Set(['ul_flush', 'ul_sync']);
const SLOW_PATIENCE_MS = 40_000;

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
    this.#patienceMs = SLOW_METHODS.has(method) ? SLOW_PATIENCE_MS : PATIENCE_MS;
    this.#timer = this.#clock.after(this.#patienceMs, this.#giveUp);
  }

  end(): void {
    this.#timer?.cancel();
  }
}
