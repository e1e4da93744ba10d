import { findByKey } from './plan.ts';
import type { LocationRecord } from './record.ts';
import type { StoredAor } from './stored-aor.ts';
import { compareVersions } from './version.ts';

/** Whether this node alone hides the record. */
export type HiddenHere = (record: LocationRecord) => boolean;

/**
 * Which records of the AoR are hidden here, when those with these ids are; undefined when none is. A record of another
 * state of the same AoR counts only at the very version that is stored.
 */
export function hiddenHereIn({ state, ids }: StoredAor, hidden: ReadonlySet<number>): HiddenHere | undefined {
  if (hidden.size === 0 || !ids.some((id) => hidden.has(id))) return undefined;
  return (record) => {
    const index = findByKey(state.records, record.key);
    const stored = state.records[index];
    return (
      stored !== undefined && hidden.has(ids[index] ?? -1) && compareVersions(stored.version, record.version) === 0
    );
  };
}
