import type { AorSlots } from './aor-slots.ts';
import type { AorStore } from './aor-store.ts';
import type { DeadNote, NotedAor } from './dead-note.ts';
import { NOTE_AORS_MAX } from './dead-note.ts';
import { DueWheel } from './due-wheel.ts';
import { droppableIndexes, floorOutlivedAtMs, isFloorDroppable, nextDueMs, outlivedIndexes } from './forgetting.ts';
import type { Gauges } from './gauges.ts';
import { LATE_COPY_MS } from './horizon.ts';
import type { Listeners } from './listeners.ts';
import { EXPIRY_TOLD, NOTED } from './record-codec.ts';
import type { Floor } from './record.ts';
import { SlotQueue } from './slot-queue.ts';
import type { StoredAor } from './stored-aor.ts';
import type { ViewRules } from './view.ts';
import { isBelowFloor } from './view.ts';
import type { Version } from './version.ts';
import { compareVersions } from './version.ts';

/** AoRs that one call of `turn` looks at, so that it takes a few milliseconds at most. */
export const TURN_AORS_MAX = 1000;

/** When an AoR with something that has outlived all, but must not be forgotten yet, is looked at again. */
const FORGET_RETRY_MS = 60_000;

/** When time goes back further than this, all AoRs are looked at again; below it, what is wrong is right again as soon. */
const STEP_BACK_MS = 1000;

/**
 * What the mere passing of time does to the AoRs: bindings expire, dead records become droppable, and all that has
 * outlived its older copies is forgotten. Each AoR stands in the wheel at the next second when something may be due.
 *
 * Time may go back, when nodes agree on another: what expired meanwhile is shown again, and is told no second time.
 */
export class Ageing {
  readonly #slots: AorSlots;
  readonly #store: AorStore;
  readonly #gauges: Gauges;
  readonly #listeners: Listeners;
  readonly #rules: ViewRules;
  readonly #wheel: DueWheel;
  /** AoRs that had something droppable when they were last looked at. */
  readonly #droppable: SlotQueue;
  #note: DeadNote | undefined = undefined;
  #mayForget = false;
  /** In this turn. */
  #forgets = false;
  /** The latest time that was heard of, since it last went back. */
  #latestMs = 0;
  /** After time went back: from this slot on, AoRs are still to be looked at again. */
  #againFrom = Number.POSITIVE_INFINITY;

  constructor(slots: AorSlots, store: AorStore, gauges: Gauges, listeners: Listeners, rules: ViewRules) {
    this.#slots = slots;
    this.#store = store;
    this.#gauges = gauges;
    this.#listeners = listeners;
    this.#rules = rules;
    this.#wheel = new DueWheel(slots);
    this.#droppable = new SlotQueue(slots);
  }

  mayForget(): void {
    this.#mayForget = true;
  }

  written(stored: StoredAor, hasDead: boolean, nowMs: number): void {
    const { state } = stored;
    this.#noteTime(nowMs);
    // What a write makes droppable at another key of the same contact is found when the AoR is looked at again.
    const lookAgainMs = hasDead || state.floor !== undefined ? nowMs + LATE_COPY_MS : Number.POSITIVE_INFINITY;
    this.#wheel.arm(stored.slot, Math.min(lookAgainMs, nextDueMs(state, nowMs, nowMs)), nowMs);
  }

  /** The AoR came from the disk, and nobody has said yet what time it is. */
  restored(slot: number): void {
    this.#wheel.armUnplaced(slot);
  }

  /** What the AoR shows has changed without a write: it is looked at in the next turn. */
  lookSoon(slot: number): void {
    this.#wheel.armNow(slot);
  }

  turn(nowMs: number, forgets: boolean): boolean {
    this.#noteTime(nowMs);
    this.#forgets = forgets && this.#mayForget;
    const unplaced = this.#wheel.place(nowMs, TURN_AORS_MAX, (slot) => {
      this.#look(slot, nowMs, false);
    });
    const left = this.#lookAgain(nowMs, unplaced);
    const unused = this.#wheel.turn(nowMs, left, (slot) => {
      this.#look(slot, nowMs, true);
    });
    return unused === 0;
  }

  noteDead(nowMs: number): DeadNote | undefined {
    this.#noteTime(nowMs);
    for (const { slot } of this.#note?.noted ?? []) this.#droppable.push(slot);
    this.#note = undefined;
    if (!this.#mayForget) return undefined;
    const noted: NotedAor[] = [];
    for (let count = 0; count < NOTE_AORS_MAX; count++) {
      const slot = this.#droppable.shift();
      if (slot === 0) break;
      const found = this.#noteAor(slot, nowMs);
      if (found !== undefined) noted.push(found);
    }
    this.#note = noted.length === 0 ? undefined : { noted };
    return this.#note;
  }

  dropNoted(note: DeadNote, nowMs: number): number {
    if (note !== this.#note) return 0;
    this.#noteTime(nowMs);
    this.#note = undefined;
    let dropped = 0;
    for (const noted of note.noted) dropped += this.#dropNotedAor(noted, nowMs);
    return dropped;
  }

  #noteTime(nowMs: number): void {
    if (nowMs >= this.#latestMs) this.#latestMs = nowMs;
    else if (nowMs < this.#latestMs - STEP_BACK_MS) {
      this.#latestMs = nowMs;
      this.#againFrom = 1;
    }
  }

  /** Goes on with looking at all AoRs, up to so many. Returns how many more it might have looked at. */
  #lookAgain(nowMs: number, slotsMax: number): number {
    let left = slotsMax;
    for (; left > 0 && this.#againFrom < this.#slots.limit; left--) this.#look(this.#againFrom++, nowMs, true);
    if (left > 0) this.#againFrom = Number.POSITIVE_INFINITY;
    return left;
  }

  /** Time has passed for this AoR: all that follows from it. */
  #look(slot: number, nowMs: number, tells: boolean): void {
    const stored = this.#store.at(slot);
    if (stored === undefined) return;
    this.#noticeExpiry(stored, nowMs, tells);
    const kept = this.#forgets ? this.#forgetOutlived(stored, nowMs) : stored;
    if (kept !== undefined) this.#lookedAt(stored, kept, nowMs);
  }

  #lookedAt(before: StoredAor, after: StoredAor, nowMs: number): void {
    this.#gauges.recount(before.state, after, nowMs);
    if (isFloorDroppable(after.state, nowMs) || droppableIndexes(after.state, nowMs, this.#rules).length > 0) {
      this.#droppable.push(after.slot);
    }
    this.#wheel.arm(after.slot, nextDueMs(after.state, nowMs, nowMs + FORGET_RETRY_MS), nowMs);
  }

  /** What the floor or a newer equal contact had ended before did not expire. */
  #noticeExpiry(stored: StoredAor, nowMs: number, tells: boolean): void {
    const { state, hidden } = stored;
    state.records.forEach((record, index) => {
      if (record.kind !== 'put' || record.expiresAtMs > nowMs) return;
      if ((this.#store.marksOf(stored, index) & EXPIRY_TOLD) !== 0) return;
      this.#store.addMarks(stored, index, EXPIRY_TOLD);
      if (!tells || hidden[index] === true || isBelowFloor(record, state.floor)) return;
      this.#gauges.expired();
      this.#listeners.expired(state.aor, record);
    });
  }

  #forgetOutlived(stored: StoredAor, nowMs: number): StoredAor | undefined {
    const { records, floor } = stored.state;
    const outlived = new Set(outlivedIndexes(stored.state, nowMs, this.#rules));
    return this.#drop(stored, outlived, floor !== undefined && floorOutlivedAtMs(floor, records) <= nowMs);
  }

  #noteAor(slot: number, nowMs: number): NotedAor | undefined {
    const stored = this.#store.at(slot);
    if (stored === undefined) return undefined;
    const indexes = droppableIndexes(stored.state, nowMs, this.#rules);
    const floor = isFloorDroppable(stored.state, nowMs) ? stored.state.floor?.version : undefined;
    for (const index of indexes) this.#store.addMarks(stored, index, NOTED);
    return indexes.length > 0 || floor !== undefined ? { slot, floor } : undefined;
  }

  #dropNotedAor({ slot, floor }: NotedAor, nowMs: number): number {
    const stored = this.#store.at(slot);
    if (stored === undefined) return 0;
    const { state } = stored;
    const indexes = droppableIndexes(state, nowMs, this.#rules);
    const noted = new Set(indexes.filter((index) => (this.#store.marksOf(stored, index) & NOTED) !== 0));
    const dropsFloor = isUnchanged(state.floor, floor) && isFloorDroppable(state, nowMs);
    const kept = this.#drop(stored, noted, dropsFloor);
    if (kept !== undefined) this.#lookedAt(stored, kept, nowMs);
    return noted.size + (dropsFloor ? 1 : 0);
  }

  /** Takes records and floor out of memory and tells so. The gauges still count what is left as before. */
  #drop(stored: StoredAor, dropped: ReadonlySet<number>, dropsFloor: boolean): StoredAor | undefined {
    if (dropped.size === 0 && !dropsFloor) return stored;
    const { slot, state, ids } = stored;
    const was = this.#store.tallyOf(slot);
    const kept = this.#store.drop(stored, dropped, dropsFloor);
    if (kept === undefined) {
      this.#wheel.disarm(slot);
      this.#gauges.gone(state, was);
    }
    for (const index of dropped) this.#listeners.forgotten(state.aor, ids[index] ?? 0);
    if (dropsFloor) this.#listeners.floorForgotten(state.aor);
    return kept;
  }
}

function isUnchanged(floor: Floor | undefined, noted: Version | undefined): boolean {
  return floor !== undefined && noted !== undefined && compareVersions(floor.version, noted) === 0;
}
