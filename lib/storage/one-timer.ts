import type { Clock, Timer } from '../core/clock.ts';

/** A timer that is armed once at a time. */
export class OneTimer {
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does nothing while it is armed. */
  arm(delayMs: number, run: () => void): void {
    this.#timer ??= this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      run();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
