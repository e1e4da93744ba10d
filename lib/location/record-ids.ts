import { invariant } from '../core/errors.ts';
import { PagedU32 } from './paged-u32.ts';

/** An entry of a free id: this bit, and the free id before it. */
const FREE = 0x8000_0000;
const NONE = 0x7fff_ffff;

/**
 * Record ids and the slot of the AoR that each lies in: dense from 0, a freed id is the next to be given out. Entries: 0
 * never used, below 2^31 the slot, above it a link of the list of free ids.
 */
export class RecordIds {
  readonly #entries = new PagedU32();
  #limit = 0;
  #lastFreed = NONE;
  /** Below it there may be ids that a restore left out; they are found one by one as they are needed. */
  #gapsBelow = 0;
  #gapCursor = 0;

  /** One more than the greatest id that was ever in use. */
  get limit(): number {
    return this.#limit;
  }

  /** @param slot 1..2^31-1 */
  allocate(slot: number): number {
    const id = this.#takeFree();
    this.#entries.set(id, slot);
    return id;
  }

  /** Takes an id that the disk already uses. */
  claim(id: number, slot: number): void {
    invariant(
      id < NONE && this.slotOf(id) === 0 && this.#lastFreed === NONE,
      'each record is restored once, before others are written',
    );
    this.#entries.set(id, slot);
    this.#limit = Math.max(this.#limit, id + 1);
    this.#gapsBelow = this.#limit;
  }

  /** Slot of the AoR with this record, or 0 when the id is free. */
  slotOf(id: number): number {
    const entry = this.#entries.get(id);
    return entry >= FREE ? 0 : entry;
  }

  release(id: number): void {
    this.#entries.set(id, FREE + this.#lastFreed);
    this.#lastFreed = id;
  }

  #takeFree(): number {
    const id = this.#lastFreed;
    if (id !== NONE) {
      this.#lastFreed = this.#entries.get(id) - FREE;
      return id;
    }
    for (; this.#gapCursor < this.#gapsBelow; this.#gapCursor++) {
      if (this.#entries.get(this.#gapCursor) === 0) return this.#gapCursor++;
    }
    return this.#limit++;
  }
}
