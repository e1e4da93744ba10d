/** Counts durations in buckets, as Prometheus's histograms do. One costs a few nanoseconds, so that every request can be counted. */
export class DurationHistogram {
  /** Upper bounds in milliseconds, inclusive, ascending. */
  readonly boundsMs: readonly number[];
  /** One for each bound, and one for what lies above all of them. */
  readonly #counts: Float64Array;
  #sumMs = 0;

  constructor(boundsMs: readonly number[]) {
    this.boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  observe(durationMs: number): void {
    const { boundsMs } = this;
    let at = 0;
    while (at < boundsMs.length && durationMs > (boundsMs[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** For each bound how many took at most so long. */
  cumulative(): readonly number[] {
    let sum = 0;
    return this.boundsMs.map((_, at) => (sum += this.#counts[at] ?? 0));
  }
}
