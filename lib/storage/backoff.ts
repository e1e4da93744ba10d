/** Pauses between tries: from `leastMs`, doubled each time, up to `mostMs`. */
export class Backoff {
  readonly #leastMs: number;
  readonly #mostMs: number;
  #nextMs: number;

  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#nextMs = leastMs;
  }

  pauseMs(): number {
    const pause = this.#nextMs;
    this.#nextMs = Math.min(this.#mostMs, pause * 2);
    return pause;
  }

  reset(): void {
    this.#nextMs = this.#leastMs;
  }
}
