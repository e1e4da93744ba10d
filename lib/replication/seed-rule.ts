/**
 * Whether a node is *synced*: a node that starts is not, until it has reconciled with one that is. A seed that finds
 * nobody within `seed_fallback_interval` declares itself synced, so that the first node of a cluster can be one. It says
 * what lookups may trust, never who wins a merge.
 */
export class SeedRule {
  isSeed: boolean;
  readonly #fallbackAtMs: number;
  #isSynced = false;

  /** @param fallbackAtMs monotonic */
  constructor(isSeed: boolean, fallbackAtMs: number) {
    this.isSeed = isSeed;
    this.#fallbackAtMs = fallbackAtMs;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Monotonic: when a seed declares itself; Infinity for others, and afterwards. */
  get dueMs(): number {
    return this.isSeed && !this.#isSynced ? this.#fallbackAtMs : Infinity;
  }

  /** @returns why the node has just become synced, if it has */
  advance(hasReconciledWithSynced: boolean, nowMs: number): 'twin' | 'seed' | undefined {
    if (this.#isSynced || (!hasReconciledWithSynced && nowMs < this.dueMs)) return undefined;
    this.#isSynced = true;
    return hasReconciledWithSynced ? 'twin' : 'seed';
  }
}
