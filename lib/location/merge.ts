import type { Plan, PlannedWrite } from './plan.ts';
import { findByKey } from './plan.ts';
import type { AorState, Floor, LocationRecord } from './record.ts';
import { rankOf } from './record.ts';
import { compareVersions } from './version.ts';

/** Whether `a` is above `b` in the order of (version, rank). */
function outranks(a: LocationRecord, b: LocationRecord): boolean {
  const order = compareVersions(a.version, b.version);
  return order > 0 || (order === 0 && rankOf(a) > rankOf(b));
}

/** Two records of one key: the greater one, sticky if either is. Returns `mine` itself when nothing changes. */
function mergeRecords(mine: LocationRecord, theirs: LocationRecord): LocationRecord {
  const winner = outranks(theirs, mine) ? theirs : mine;
  return winner.sticky || !(mine.sticky || theirs.sticky) ? winner : { ...winner, sticky: true };
}

function greaterFloor(mine: Floor | undefined, theirs: Floor | undefined): Floor | undefined {
  if (mine === undefined || theirs === undefined) return mine ?? theirs;
  return compareVersions(theirs.version, mine.version) > 0 ? theirs : mine;
}

/**
 * What `theirs` changes in `mine`: per key the greater (version, rank), per AoR the greater floor, sticky by OR. Nothing
 * else decides, neither CSeq nor the order of arrival; so merging is commutative, associative and idempotent. A state has one
 * record per key: who takes one from elsewhere has checked it.
 */
export function planMerge(mine: AorState, theirs: AorState): Plan {
  const writes: PlannedWrite[] = [];
  const placeOf = placesByKey(mine.records, theirs.records.length);
  for (const record of theirs.records) {
    const index = placeOf(record.key);
    const before = mine.records[index];
    const after = before === undefined ? record : mergeRecords(before, record);
    if (after !== before) writes.push({ index, after });
  }
  const floor = greaterFloor(mine.floor, theirs.floor);
  return { writes, floor: floor === mine.floor ? undefined : floor };
}

/** From so many look-ups on a map is cheaper than looking through all records each time. */
const MAP_FROM = 16;

function placesByKey(records: readonly LocationRecord[], lookUps: number): (key: string) => number {
  if (lookUps < MAP_FROM) return (key) => findByKey(records, key);
  const places = new Map(records.map(({ key }, place) => [key, place]));
  return (key) => places.get(key) ?? -1;
}
