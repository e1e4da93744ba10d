import type { AorSlots } from './aor-slots.ts';
import { BUCKET_HASH } from './aor-slots.ts';
import type { AorStore } from './aor-store.ts';
import type { AorSummary } from './aor-summary.ts';
import { summaryOf } from './aor-summary.ts';
import { BUCKETS, bucketOf } from './bucket-digests.ts';
import { withoutOutlived } from './forgetting.ts';
import type { AorState } from './record.ts';
import type { ViewRules } from './view.ts';

/** An AoR as it is when it is read. */
export interface IndexedAor {
  readonly state: AorState;
  /** Of what has not outlived all older copies; of all of it where that is nothing. */
  readonly summary: AorSummary;
  /** All of it has: it is compared as if it were not there. */
  readonly isOutlived: boolean;
}

/**
 * Which AoRs lay in which bucket at one moment: their slots in the order of buckets, 4 octets each. It is not kept up to
 * date, so that no change pays for it: AoRs that came later are not in it, and of those that are the state is read only
 * when it is asked for.
 */
export class BucketIndex {
  readonly #slots: AorSlots;
  readonly #store: AorStore;
  readonly #rules: ViewRules;
  /** Where each bucket begins in `#sorted`, and last where the last one ends. */
  readonly #starts = new Uint32Array(BUCKETS + 1);
  readonly #sorted: Uint32Array;

  /** A counting sort: one look at each slot's words, and nothing decoded. */
  constructor(slots: AorSlots, store: AorStore, rules: ViewRules) {
    this.#slots = slots;
    this.#store = store;
    this.#rules = rules;
    const found = new Uint32Array(store.size);
    const buckets = new Uint16Array(store.size);
    const starts = this.#starts;
    let count = 0;
    slots.forEachInUse(BUCKET_HASH, (slot, hash) => {
      const bucket = bucketOf(hash);
      found[count] = slot;
      buckets[count++] = bucket;
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
    });
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + (starts[bucket] ?? 0);
    this.#sorted = sorted(found, buckets, starts);
  }

  /** How many AoRs lay in the bucket. */
  count(bucket: number): number {
    return (this.#starts[bucket + 1] ?? 0) - (this.#starts[bucket] ?? 0);
  }

  /**
   * The AoRs that lay in the bucket and are there still, each as it is at the moment when it is read. Records and floors that have
   * outlived all older copies at `nowMs` are not in its summary, since one node may have forgotten them before the other. It may be
   * left and gone on with while the table changes. What came to stand in the slot of an AoR that went is left out, unless it lies
   * in this bucket too.
   */
  *states(bucket: number, nowMs: number): Generator<IndexedAor, undefined> {
    const end = this.#starts[bucket + 1] ?? 0;
    for (let at = this.#starts[bucket] ?? end; at < end; at++) {
      const state = this.#stateIn(this.#sorted[at] ?? 0, bucket);
      if (state === undefined) continue;
      const compared = withoutOutlived(state, nowMs, this.#rules);
      yield { state, summary: summaryOf(compared ?? state), isOutlived: compared === undefined };
    }
    return undefined;
  }

  #stateIn(slot: number, bucket: number): AorState | undefined {
    return this.#bucketAt(slot) === bucket ? this.#store.at(slot)?.state : undefined;
  }

  #bucketAt(slot: number): number {
    return bucketOf(this.#slots.get(slot, BUCKET_HASH));
  }
}

function sorted(slots: Uint32Array, buckets: Uint16Array, starts: Uint32Array): Uint32Array {
  const result = new Uint32Array(slots.length);
  const next = starts.slice();
  for (let index = 0; index < slots.length; index++) {
    const bucket = buckets[index] ?? 0;
    const at = next[bucket] ?? 0;
    result[at] = slots[index] ?? 0;
    next[bucket] = at + 1;
  }
  return result;
}
