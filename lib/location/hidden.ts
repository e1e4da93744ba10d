import type { LocationRecord } from './record.ts';
import { compareVersions } from './version.ts';
import type { ViewRules } from './view.ts';
import { isSameContact } from './view.ts';

/** For each record of a state whether a newer one of the same contact under another key hides it; none at all: nothing is. */
export type Hidden = readonly boolean[];

export const NOTHING_HIDDEN: Hidden = [];

/** When so many records change at once (a merge), grouping all contacts is cheaper than comparing each with each. */
const GROUPING_FROM = 8;

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
  const changed = next.flatMap((record, index) => (record === before[index] ? [] : [index]));
  const rivalsOf = changed.length < GROUPING_FROM ? undefined : groups(next, rules);
  for (const index of changed) hideAround(index, next, rivalsOf?.(index), hidden, rules);
  return hidden;
}

/** Marks what the record hides, and the record itself if another one hides it. @param rivals the only ones to look at */
function hideAround(
  index: number,
  all: readonly LocationRecord[],
  rivals: readonly number[] | undefined,
  hidden: boolean[],
  rules: ViewRules,
): void {
  const record = all[index];
  const count = rivals?.length ?? all.length;
  for (let at = 0; at < count; at++) {
    const place = rivals === undefined ? at : (rivals[at] ?? 0);
    const other = all[place];
    if (record === undefined || other === undefined || !isSameContact(record, other, rules)) continue;
    const order = compareVersions(record.version, other.version);
    if (order > 0) hidden[place] = true;
    if (order < 0) hidden[index] = true;
  }
}

/** For each record the places of those that may be about the same contact; undefined where nobody can tell. */
function groups(
  records: readonly LocationRecord[],
  { contactGroup }: ViewRules,
): ((index: number) => readonly number[] | undefined) | undefined {
  if (contactGroup === undefined) return undefined;
  const texts = records.map(({ contactUri }) => contactGroup(contactUri));
  const places = new Map<string, number[]>();
  texts.forEach((text, place) => {
    const group = places.get(text);
    if (group === undefined) places.set(text, [place]);
    else group.push(place);
  });
  return (index) => places.get(texts[index] ?? '');
}
