import { PagedU32 } from './paged-u32.ts';

/** Eight words a slot, half a cache line. */
const WORD_BITS = 3;
const SLOT_WORDS = 1 << WORD_BITS;

/** What a word of a slot says. 0 always means none. */
export const HASH = 0;
/** Block of the AoR, as its number + 1. */
export const BLOCK = 1;
/** Next slot of the same hash chain; of a free slot, the next free one. */
export const CHAIN = 2;
/** Neighbours in the list of the second that the AoR is due in. */
export const DUE_NEXT = 3;
export const DUE_BEFORE = 4;
export const DUE_SECOND = 5;
/** Next slot in the queue of those with something droppable. */
export const DEAD_NEXT = 6;
/** Hash of the AoR that all nodes compute alike; here 0 is a hash like any other. What it says of a free slot is past. */
export const BUCKET_HASH = 7;

export type SlotWord =
  | typeof HASH
  | typeof BLOCK
  | typeof CHAIN
  | typeof DUE_NEXT
  | typeof DUE_BEFORE
  | typeof DUE_SECOND
  | typeof DEAD_NEXT
  | typeof BUCKET_HASH;

/**
 * A fixed place for each AoR, from 1 on, whatever its block does: lists are threaded through the slots, and record ids
 * point at them. A freed slot is the next to be given out.
 */
export class AorSlots {
  readonly #words = new PagedU32();
  #limit = 1;
  #lastFreed = 0;

  /** One more than the greatest slot that was ever in use. */
  get limit(): number {
    return this.#limit;
  }

  get(slot: number, word: SlotWord): number {
    return this.#words.get((slot << WORD_BITS) + word);
  }

  set(slot: number, word: SlotWord, value: number): void {
    this.#words.set((slot << WORD_BITS) + word, value);
  }

  /** Every slot in use, and one of its words: past `get`, since half a million are to be read in some milliseconds. */
  forEachInUse(word: SlotWord, visit: (slot: number, value: number) => void): void {
    let slot = 0;
    for (const page of this.#words.pages) {
      for (let at = 0; at < page.length; at += SLOT_WORDS) {
        if (page[at + BLOCK] !== 0) visit(slot, page[at + word] ?? 0);
        slot++;
      }
    }
  }

  allocate(): number {
    const slot = this.#lastFreed;
    if (slot === 0) return this.#limit++;
    this.#lastFreed = this.get(slot, CHAIN);
    return slot;
  }

  /** The slot must be in no list but that of the droppable, where its next owner may as well stand. */
  release(slot: number): void {
    this.set(slot, BLOCK, 0);
    this.set(slot, CHAIN, this.#lastFreed);
    this.#lastFreed = slot;
  }
}
