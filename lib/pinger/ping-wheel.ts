import { invariant } from '../core/errors.ts';
import type { PingCells } from './ping-cells.ts';
import { pingPhase } from './ping-phase.ts';

/** Slots of a round. With half a million contacts a slot has eight; with an interval of 30 s it is half a millisecond. */
export const WHEEL_SLOTS = 65_536;

const PHASE_SHIFT = 16;

/**
 * Whose turn it is: all contacts in a ring of slots by their phase, and a hand that goes round once an interval. The
 * wheel knows fractions of a round and no time, so that another interval moves nobody. Slots are counted from the
 * beginning of cluster time, in one count over all rounds.
 */
export class PingWheel {
  readonly #cells: PingCells;
  /** Record id + 1 of each slot's first contact; 0 = none. */
  readonly #heads = new Uint32Array(WHEEL_SLOTS);
  /** The slot that the hand has reached, in the count over all rounds. */
  #at = 0;
  /** The same within the round. */
  #slot = 0;
  /** Who comes next in this slot, as record id + 1. */
  #next = 0;
  #size = 0;
  #rounds = 0;

  constructor(cells: PingCells) {
    this.#cells = cells;
  }

  get size(): number {
    return this.#size;
  }

  /** How often the hand has gone past the beginning of a round. */
  get rounds(): number {
    return this.#rounds;
  }

  /** How many slots the hand is behind. */
  behind(target: number): number {
    return Math.max(0, target - this.#at);
  }

  /** A contact whose slot the hand is just in waits for the next round. */
  add(recordId: number, aor: string, key: string): void {
    const cells = this.#cells;
    invariant(!cells.isEnrolled(recordId), 'a contact is enrolled once');
    const slot = pingPhase(aor, key) >>> PHASE_SHIFT;
    const head = this.#heads[slot] ?? 0;
    cells.enrol(recordId, slot);
    cells.setBefore(recordId, 0);
    cells.setNext(recordId, head);
    if (head !== 0) cells.setBefore(head - 1, recordId + 1);
    this.#heads[slot] = recordId + 1;
    this.#size++;
  }

  remove(recordId: number): void {
    const cells = this.#cells;
    invariant(cells.isEnrolled(recordId), 'only who is enrolled is withdrawn');
    const next = cells.nextOf(recordId);
    const before = cells.beforeOf(recordId);
    if (this.#next === recordId + 1) this.#next = next;
    if (before === 0) this.#heads[cells.slotOf(recordId)] = next;
    else cells.setNext(before - 1, next);
    if (next !== 0) cells.setBefore(next - 1, before);
    cells.withdraw(recordId);
    this.#size--;
  }

  /** The hand jumps: whoever was due meanwhile is left out. */
  moveTo(target: number): void {
    this.#at = target;
    this.#slot = target % WHEEL_SLOTS;
    this.#next = 0;
  }

  /**
   * Whole rounds that were missed are not made up for: the hand stays where it is, less than a round behind. When time went
   * back (nodes agreed on another cluster time), the hand goes back too.
   */
  keepUpWith(target: number): void {
    if (target < this.#at) this.moveTo(target);
    else this.#at += Math.floor(this.behind(target) / WHEEL_SLOTS) * WHEEL_SLOTS;
  }

  /** The next contact that is due up to and including the slot `target`, or undefined when nobody is. */
  take(target: number): number | undefined {
    while (this.#next === 0) {
      if (this.#at >= target) return undefined;
      this.#at++;
      this.#slot = (this.#slot + 1) % WHEEL_SLOTS;
      if (this.#slot === 0) this.#rounds++;
      this.#next = this.#heads[this.#slot] ?? 0;
    }
    const recordId = this.#next - 1;
    this.#next = this.#cells.nextOf(recordId);
    return recordId;
  }
}
