import type { AorSlots } from './aor-slots.ts';
import { CHAIN, HASH } from './aor-slots.ts';
import { PagedU32 } from './paged-u32.ts';

const BUCKETS_AT_START = 1024;
const BUCKETS_PER_AOR = 2;

/**
 * Slots by the hash of their AoR: linear hashing (Litwin, 1980) with chains through the slots. Each AoR that comes adds
 * two buckets by splitting two, so that the table grows to any size without ever being rebuilt in one go, and most chains
 * have one link. It does not shrink.
 */
export class AorIndex {
  readonly #slots: AorSlots;
  readonly #heads = new PagedU32();
  #size = 0;
  /** Buckets before this round of splitting, a power of two; `#split` of them are split already. */
  #round = BUCKETS_AT_START;
  #split = 0;

  constructor(slots: AorSlots) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#size;
  }

  /** First slot of the chain that holds all AoRs with this hash, and others; 0 = none. */
  chainOf(hash: number): number {
    return this.#heads.get(this.#bucketOf(hash));
  }

  add(slot: number, hash: number): void {
    this.#slots.set(slot, HASH, hash);
    this.#push(this.#bucketOf(hash), slot);
    this.#size++;
    if (this.#size * BUCKETS_PER_AOR <= this.#round + this.#split) return;
    for (let count = 0; count < BUCKETS_PER_AOR; count++) this.#splitOne();
  }

  remove(slot: number): void {
    const bucket = this.#bucketOf(this.#slots.get(slot, HASH));
    const next = this.#slots.get(slot, CHAIN);
    let before = this.#heads.get(bucket);
    if (before === slot) this.#heads.set(bucket, next);
    else {
      while (this.#slots.get(before, CHAIN) !== slot) before = this.#slots.get(before, CHAIN);
      this.#slots.set(before, CHAIN, next);
    }
    this.#size--;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#round - 1);
    return bucket < this.#split ? hash & (this.#round * 2 - 1) : bucket;
  }

  #push(bucket: number, slot: number): void {
    this.#slots.set(slot, CHAIN, this.#heads.get(bucket));
    this.#heads.set(bucket, slot);
  }

  #splitOne(): void {
    const bucket = this.#split++;
    let slot = this.#heads.get(bucket);
    this.#heads.set(bucket, 0);
    while (slot !== 0) {
      const next = this.#slots.get(slot, CHAIN);
      this.#push(this.#bucketOf(this.#slots.get(slot, HASH)), slot);
      slot = next;
    }
    if (this.#split < this.#round) return;
    this.#round *= 2;
    this.#split = 0;
  }
}
