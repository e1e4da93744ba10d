import type { EventQueue } from './event-queue.ts';

/** The wall clock at the beginning of every history, were it right: after this version was made. */
export const START_MS = Date.UTC(2027, 0, 1);

/**
 * The clocks of one machine. The monotonic one runs a little fast or slow and never steps; it goes on over restarts of the
 * process. The wall clock is off, and steps when it is told to.
 */
export class HostClock {
  readonly #queue: EventQueue;
  readonly #rate: number;
  #wallOffsetMs: number;

  constructor(queue: EventQueue, driftPpm: number, wallOffsetMs: number) {
    this.#queue = queue;
    this.#rate = 1 + driftPpm / 1e6;
    this.#wallOffsetMs = wallOffsetMs;
  }

  /** By how much the wall clock is wrong, drift aside. */
  get wallOffsetMs(): number {
    return this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#queue.nowMs * this.#rate;
  }

  wallMs(): number {
    return Math.floor(START_MS + this.monotonicMs() + this.#wallOffsetMs);
  }

  step(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** How long it takes, in true time, until this clock has moved on by so much. */
  trueMs(ownMs: number): number {
    return ownMs / this.#rate;
  }
}
