import type { AorSlots } from './aor-slots.ts';
import { DEAD_NEXT } from './aor-slots.ts';

const END = 0xffff_ffff;

/** First in, first out, through the slots themselves, so each stands in it at most once. A freed slot stays: whoever takes it from the queue looks what it now is. */
export class SlotQueue {
  readonly #slots: AorSlots;
  #first = END;
  #last = END;

  constructor(slots: AorSlots) {
    this.#slots = slots;
  }

  /** Nothing happens when the slot is in the queue already. */
  push(slot: number): void {
    if (this.#slots.get(slot, DEAD_NEXT) !== 0) return;
    this.#slots.set(slot, DEAD_NEXT, END);
    if (this.#last === END) this.#first = slot;
    else this.#slots.set(this.#last, DEAD_NEXT, slot);
    this.#last = slot;
  }

  /** The slot that has waited longest, or 0. */
  shift(): number {
    const slot = this.#first;
    if (slot === END) return 0;
    this.#first = this.#slots.get(slot, DEAD_NEXT);
    if (this.#first === END) this.#last = END;
    this.#slots.set(slot, DEAD_NEXT, 0);
    return slot;
  }
}
