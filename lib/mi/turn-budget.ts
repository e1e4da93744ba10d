import type { Clock } from '../core/clock.ts';

/** Work for clients goes on for so long, then everything else has its turn. */
const BUDGET_MS = 2;

/**
 * Shares the event loop: phones are answered between two pieces of work for clients. All clients of a transport have one
 * budget together, so that many take no more of a turn than one.
 */
export class TurnBudget {
  readonly #clock: Clock;
  #beganMs: number;
  #next: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganMs = clock.monotonicMs();
  }

  /** Between two pieces of work. Undefined: go on; else wait for the next turn. */
  spent(): Promise<void> | undefined {
    if (this.#next === undefined && this.#clock.monotonicMs() - this.#beganMs < BUDGET_MS) return undefined;
    this.#next ??= new Promise((resolve) => {
      this.#clock.soon(() => {
        this.#next = undefined;
        this.#beganMs = this.#clock.monotonicMs();
        resolve();
      });
    });
    return this.#next;
  }
}
