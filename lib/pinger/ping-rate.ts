/** What may be sent at once after a quiet time, as a part of a second's pings. */
const BURST_PART = 0.02;

/** No second, wherever it begins, has more pings than the rate: what is saved up and what is earned in it are that together. */
export class PingRate {
  readonly #burst: number;
  readonly #perMs: number;
  #saved: number;
  #atMs: number;

  /** @param ratePerS at least 2 */
  constructor(ratePerS: number, nowMs: number) {
    this.#burst = Math.max(1, Math.floor(ratePerS * BURST_PART));
    this.#perMs = (ratePerS - this.#burst) / 1000;
    this.#saved = this.#burst;
    this.#atMs = nowMs;
  }

  earn(nowMs: number): void {
    this.#saved = Math.min(this.#burst, this.#saved + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }

  /** Whether one may be sent now. */
  get allows(): boolean {
    return this.#saved >= 1;
  }

  /** Whole milliseconds from the last `earn` until one may be sent. */
  get waitMs(): number {
    return Math.ceil(Math.max(0, 1 - this.#saved) / this.#perMs);
  }

  spend(): void {
    this.#saved--;
  }
}
