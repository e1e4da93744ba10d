import type { AorState, Floor, LocationRecord } from './record.ts';

/** What a change set or a merge does to one AoR, worked out before anything is touched. */
export interface Plan {
  /** At most one per key. */
  readonly writes: readonly PlannedWrite[];
  /** The AoR's new floor, or undefined when it stays as it is. */
  readonly floor: Floor | undefined;
}

export interface PlannedWrite {
  /** Which of the state's records this replaces; -1 for a new one. */
  readonly index: number;
  readonly after: LocationRecord;
}

export function emptyState(aor: string): AorState {
  return { aor, floor: undefined, records: [] };
}

/** Position of the record with this key, or -1. */
export function findByKey(records: readonly LocationRecord[], key: string): number {
  for (let index = 0; index < records.length; index++) {
    if (records[index]?.key === key) return index;
  }
  return -1;
}

/** The state as it is after the plan: replaced records keep their places, new ones come last in the plan's order. */
export function carryOut(state: AorState, plan: Plan): AorState {
  const records = state.records.slice();
  for (const { index, after } of plan.writes) {
    if (index < 0) records.push(after);
    else records[index] = after;
  }
  return { aor: state.aor, floor: plan.floor ?? state.floor, records };
}
