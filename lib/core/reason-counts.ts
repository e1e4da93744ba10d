/** Where a further reason is counted when there are as many as may be. */
export const OTHER_REASON = 'other';

/** How often each of a few reasons occurred. At most `reasonsMax` are told apart, whatever arrives; the rest count as one. */
export class ReasonCounts {
  readonly #reasonsMax: number;
  readonly #counts = new Map<string, number>();

  constructor(reasonsMax: number) {
    this.#reasonsMax = reasonsMax;
  }

  count(reason: string): void {
    const known = this.#counts.get(reason);
    if (known !== undefined) this.#counts.set(reason, known + 1);
    else if (this.#counts.size < this.#reasonsMax) this.#counts.set(reason, 1);
    else this.#counts.set(OTHER_REASON, (this.#counts.get(OTHER_REASON) ?? 0) + 1);
  }

  /** In the order in which they first occurred. */
  all(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}

/** The most frequent reasons, the most frequent first. */
export function mostFrequent(
  counts: ReadonlyMap<string, number>,
  most: number,
): readonly (readonly [string, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, most);
}
