/** With fewer contacts than this no share of them says anything about our own network. */
export const GUARDED_LEAST = 20;

/**
 * Whether at least twenty different contacts take part in the pinging with OPTIONS: the twenty that were asked last, each
 * once, in that order, and when. Contacts that are enrolled but not asked (keep-alives, hidden, expired) say nothing.
 */
export class RecentContacts {
  readonly #recordIds: number[] = [];
  readonly #askedAtMs: number[] = [];

  asked(recordId: number, nowMs: number): void {
    const known = this.#recordIds.indexOf(recordId);
    if (known >= 0 || this.#recordIds.length >= GUARDED_LEAST) {
      this.#recordIds.splice(Math.max(0, known), 1);
      this.#askedAtMs.splice(Math.max(0, known), 1);
    }
    this.#recordIds.push(recordId);
    this.#askedAtMs.push(nowMs);
  }

  /** Whether twenty were asked since then. */
  areEnoughSince(sinceMs: number): boolean {
    return this.#recordIds.length >= GUARDED_LEAST && (this.#askedAtMs[0] ?? -Infinity) >= sinceMs;
  }
}
