import { FORGET_MARGIN_MS, HORIZON_MS, LATE_COPY_MS } from './horizon.ts';
import type { AorState, Floor, LocationRecord } from './record.ts';
import type { ViewRules } from './view.ts';
import { isAlive, isBelowFloor, isSameContact, rivalsOf } from './view.ts';
import { compareVersions } from './version.ts';

/**
 * When records and floors may be forgotten. A dead record outranks older copies of itself that may still exist on the
 * twin or on a disk; dropped too early, the older copy comes back to life. Two ways out:
 *
 * - by age: after version + H + margin no older version can be alive anywhere (`outlivedIndexes`);
 * - early: 40 s after its death, when nothing here needs it and it is proved that nobody holds anything older
 *   (`droppableIndexes`; the proof is the caller's).
 *
 * Permanent bindings have no H to outlive, so a key that was ever permanent is kept without limit ("sticky"), and so is what
 * keeps such a record dead: a floor above it, or a newer record of the same contact under another key.
 */

/** When the record has outlived all older copies of itself, in cluster time; never, if sticky. */
function outlivedAtMs(record: LocationRecord): number {
  return record.sticky ? Number.POSITIVE_INFINITY : record.version.ms + HORIZON_MS + FORGET_MARGIN_MS;
}

/**
 * Which records have outlived all older copies, as positions in `state.records`. What hides a sticky record of the same
 * contact under another key stays like a floor above one does, or the permanent binding would come back.
 */
export function outlivedIndexes(state: AorState, nowMs: number, rules: ViewRules): readonly number[] {
  const { records } = state;
  const old: number[] = [];
  records.forEach((record, index) => {
    if (outlivedAtMs(record) <= nowMs) old.push(index);
  });
  if (old.length === 0) return old;
  const sticky = records.filter((record) => record.sticky);
  return old.filter((index) => {
    const record = records[index];
    return record !== undefined && !hidesOlder(record, sticky, rules);
  });
}

export function floorOutlivedAtMs(floor: Floor, records: readonly LocationRecord[]): number {
  const holdsSticky = records.some((record) => record.sticky && isBelowFloor(record, floor));
  return holdsSticky ? Number.POSITIVE_INFINITY : floor.version.ms + HORIZON_MS + FORGET_MARGIN_MS;
}

/**
 * The state without what has outlived all older copies at `nowMs`, whether or not this node may drop it yet: what nodes compare. The state itself when that is nothing; undefined when it is all.
 */
export function withoutOutlived(state: AorState, nowMs: number, rules: ViewRules): AorState | undefined {
  const { aor, floor, records } = state;
  const outlived = outlivedIndexes(state, nowMs, rules);
  const dropsFloor = floor !== undefined && floorOutlivedAtMs(floor, records) <= nowMs;
  if (outlived.length === 0 && !dropsFloor) return state;
  const kept = records.filter((_, index) => !outlived.includes(index));
  if (kept.length === 0 && (dropsFloor || floor === undefined)) return undefined;
  return { aor, floor: dropsFloor ? undefined : floor, records: kept };
}

/** When a dead record may first be dropped early: no late copy of its request, or of what killed it, can arrive any more. */
function droppableAtMs(record: LocationRecord, floor: Floor | undefined): number {
  const { ms } = record.version;
  const endedAtMs = record.kind === 'put' ? record.expiresAtMs : ms;
  const diedAtMs =
    floor !== undefined && isBelowFloor(record, floor) ? Math.min(endedAtMs, floor.version.ms) : endedAtMs;
  return Math.max(ms, diedAtMs) + LATE_COPY_MS;
}

/**
 * Which records may be noted for early dropping, as positions in `state.records`: dead for long enough, never permanent,
 * and not what hides an older record of the same contact under another key.
 */
export function droppableIndexes(state: AorState, nowMs: number, rules: ViewRules): readonly number[] {
  const { floor, records } = state;
  const old: number[] = [];
  records.forEach((record, index) => {
    if (!record.sticky && !isAlive(record, floor, nowMs) && droppableAtMs(record, floor) <= nowMs) old.push(index);
  });
  if (old.length === 0 || records.length === 1) return old;
  const rivals = rivalsOf(records, rules);
  return old.filter((index) => {
    const record = records[index];
    return record !== undefined && !hidesOlder(record, rivals(record), rules);
  });
}

function hidesOlder(record: LocationRecord, rivals: readonly LocationRecord[], rules: ViewRules): boolean {
  return rivals.some(
    (rival) => compareVersions(rival.version, record.version) < 0 && isSameContact(rival, record, rules),
  );
}

/** Whether the floor may be noted for early dropping: old enough, and nothing lies at or below it. */
export function isFloorDroppable({ floor, records }: AorState, nowMs: number): boolean {
  if (floor === undefined || floor.version.ms + LATE_COPY_MS > nowMs) return false;
  return !records.some((record) => isBelowFloor(record, floor));
}

/**
 * When something next happens to the AoR by the mere passing of time: a binding expires, a dead record or floor becomes
 * droppable, or one is outlived. Infinity: never.
 *
 * @param overdueMs what to answer for something that was outlived by `nowMs` and is still there.
 */
export function nextDueMs(state: AorState, nowMs: number, overdueMs: number): number {
  const { floor, records } = state;
  let dueMs = Number.POSITIVE_INFINITY;
  for (const record of records) {
    if (isAlive(record, floor, nowMs)) dueMs = Math.min(dueMs, record.expiresAtMs);
    else if (!record.sticky) dueMs = Math.min(dueMs, after(droppableAtMs(record, floor), nowMs, dueMs));
    dueMs = Math.min(dueMs, after(outlivedAtMs(record), nowMs, overdueMs));
  }
  if (floor === undefined) return dueMs;
  dueMs = Math.min(dueMs, after(floor.version.ms + LATE_COPY_MS, nowMs, dueMs));
  return Math.min(dueMs, after(floorOutlivedAtMs(floor, records), nowMs, overdueMs));
}

function after(atMs: number, nowMs: number, otherwiseMs: number): number {
  return atMs > nowMs ? atMs : otherwiseMs;
}
