import type { AorSlots } from './aor-slots.ts';
import { DUE_BEFORE, DUE_NEXT, DUE_SECOND } from './aor-slots.ts';

/** A little over 36 hours of seconds: more than H and its margin, so that almost nothing is due beyond the wheel. */
const SECONDS = 1 << 17;
/** The list of those who wait for the wheel to learn what time it is. */
const UNPLACED = SECONDS;
const UNPLACED_SECOND = 0xffff_ffff;

/**
 * When each AoR must be looked at again because of the mere passing of time: one entry per AoR, in the list of its
 * second. Being early is cheap (it is looked at and placed again), so what moves into the future, above all a refresh,
 * is not moved here.
 */
export class DueWheel {
  readonly #slots: AorSlots;
  readonly #heads = new Uint32Array(SECONDS + 1);
  /**
   * The earliest second whose list may have entries that are due; 0 before the first look at the clock. It follows time when
   * that goes back: the lists then hold some for seconds beyond the wheel, who are merely looked at early.
   */
  #second = 0;

  constructor(slots: AorSlots) {
    this.#slots = slots;
  }

  /** Makes sure that the AoR is looked at by `dueMs` (Infinity: no need). */
  arm(slot: number, dueMs: number, nowMs: number): void {
    this.#begin(nowMs);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const second = Math.min(Math.max(Math.floor(dueMs / 1000), this.#second), this.#second + SECONDS - 1);
    const armed = this.#slots.get(slot, DUE_SECOND);
    if (armed === UNPLACED_SECOND || (armed !== 0 && armed <= second)) return;
    this.disarm(slot);
    this.#link(slot, second);
  }

  /** Has the AoR looked at in the next turn. */
  armNow(slot: number): void {
    if (this.#second === 0) {
      this.armUnplaced(slot);
      return;
    }
    const armed = this.#slots.get(slot, DUE_SECOND);
    if (armed === UNPLACED_SECOND || armed === this.#second) return;
    this.disarm(slot);
    this.#link(slot, this.#second);
  }

  /** For an AoR that comes from the disk, when nobody has said yet what time it is: it is looked at first of all. */
  armUnplaced(slot: number): void {
    if (this.#slots.get(slot, DUE_SECOND) === 0) this.#link(slot, UNPLACED_SECOND);
  }

  disarm(slot: number): void {
    const second = this.#slots.get(slot, DUE_SECOND);
    if (second === 0) return;
    const next = this.#slots.get(slot, DUE_NEXT);
    const before = this.#slots.get(slot, DUE_BEFORE);
    if (before === 0) this.#heads[listOf(second)] = next;
    else this.#slots.set(before, DUE_NEXT, next);
    if (next !== 0) this.#slots.set(next, DUE_BEFORE, before);
    this.#slots.set(slot, DUE_SECOND, 0);
  }

  /** Takes out up to `slotsMax` of those that came unplaced and has each looked at. Returns how many more it might have taken. */
  place(nowMs: number, slotsMax: number, look: (slot: number) => void): number {
    this.#begin(nowMs);
    return this.#drain(UNPLACED, slotsMax, look);
  }

  /**
   * Takes out up to `slotsMax` AoRs that are due, or will be in this very second, and has each looked at; `look` may arm
   * it again. Returns how many more it might have taken: 0 when others may be waiting.
   */
  turn(nowMs: number, slotsMax: number, look: (slot: number) => void): number {
    this.#begin(nowMs);
    const nowSecond = Math.floor(nowMs / 1000);
    this.#second = Math.max(this.#second, nowSecond - SECONDS + 1);
    let left = slotsMax;
    while (left > 0) {
      left = this.#drain(this.#second % SECONDS, left, look);
      if (left === 0 || this.#second >= nowSecond) break;
      this.#second++;
    }
    return left;
  }

  /** Those that `look` puts back into this list come to stand before the ones still to be visited, and are not met again. */
  #drain(list: number, slotsMax: number, look: (slot: number) => void): number {
    let left = slotsMax;
    let slot = this.#heads[list] ?? 0;
    for (; slot !== 0 && left > 0; left--) {
      const next = this.#slots.get(slot, DUE_NEXT);
      this.disarm(slot);
      look(slot);
      slot = next;
    }
    return left;
  }

  #begin(nowMs: number): void {
    if (this.#second === 0 || nowMs < this.#second * 1000) this.#second = Math.max(1, Math.floor(nowMs / 1000));
  }

  #link(slot: number, second: number): void {
    const list = listOf(second);
    const first = this.#heads[list] ?? 0;
    this.#slots.set(slot, DUE_SECOND, second);
    this.#slots.set(slot, DUE_BEFORE, 0);
    this.#slots.set(slot, DUE_NEXT, first);
    if (first !== 0) this.#slots.set(first, DUE_BEFORE, slot);
    this.#heads[list] = slot;
  }
}

function listOf(second: number): number {
  return second === UNPLACED_SECOND ? UNPLACED : second % SECONDS;
}
