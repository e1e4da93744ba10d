import type { LocationRecord } from './record.ts';
import { compareVersions } from './version.ts';
import type { ViewRules } from './view.ts';
import { isSameContact } from './view.ts';

/** For each record of a state whether a newer one of the same contact under another key hides it; none at all: nothing is. */
export type Hidden = readonly boolean[];

export const NOTHING_HIDDEN: Hidden = [];

/**
 * Who is hidden among `next`, when `was` was hidden among `before`: only the records that changed are compared with the others,
 * since comparing each with each would let a phone with some hundred contacts keep a node busy. What was hidden stays so
 * until it is written anew: what hides it only gets newer, and is not forgotten before it.
 *
 * @param before these stand at the same places in `next`; the same object where nothing changed.
 */
export function hiddenAfter(
  before: readonly LocationRecord[],
  was: Hidden,
  next: readonly LocationRecord[],
  rules: ViewRules,
): Hidden {
  const hidden = next.map((record, index) => record === before[index] && was[index] === true);
  next.forEach((record, index) => {
    if (record !== before[index]) hideAround(record, next, hidden, rules);
  });
  return hidden;
}

/** Marks what the record hides, and the record itself if another one hides it. */
function hideAround(record: LocationRecord, all: readonly LocationRecord[], hidden: boolean[], rules: ViewRules): void {
  const index = all.indexOf(record);
  all.forEach((other, place) => {
    if (!isSameContact(record, other, rules)) return;
    const order = compareVersions(record.version, other.version);
    if (order > 0) hidden[place] = true;
    if (order < 0) hidden[index] = true;
  });
}
