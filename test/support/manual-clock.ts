import type { Clock, Timer } from '../../lib/core/clock.ts';

interface Pending {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time that stands still until the test moves it. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #pending = new Set<Pending>();
  readonly #wallMs: number;

  /** @param wallMs the wall clock at the start. */
  constructor(wallMs = 1_800_000_000_000) {
    this.#wallMs = wallMs;
  }

  get timerCount(): number {
    return this.#pending.size;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallMs + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const pending = { dueMs: this.#nowMs + delayMs, run };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Moves time on at one go; what falls due meanwhile runs once, late. */
  jump(byMs: number): void {
    this.stall(byMs);
    this.advance(0);
  }

  /** Moves time on at one go; what falls due meanwhile has not had its turn yet. */
  stall(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Moves time on, and runs what becomes due on the way at its time, in order. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#nextUntil(endMs); next !== undefined; next = this.#nextUntil(endMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  #nextUntil(endMs: number): Pending | undefined {
    const due = [...this.#pending].filter((pending) => pending.dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}
