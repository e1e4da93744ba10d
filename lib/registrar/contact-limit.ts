import type { Judgement } from '../location/change.ts';
import type { PutRecord } from '../location/record.ts';
import { compareVersions } from '../location/version.ts';
import { Fault } from '../sip/fault.ts';
import type { Match } from './matching.ts';

export interface LimitRules {
  /** 0 = no limit. */
  readonly maxContacts: number;
  readonly forceRegistration: boolean;
}

/** What a request wants to bind or remove, with what is known of it. */
export interface Wanted {
  readonly match: Match;
  readonly isRemoval: boolean;
}

const NOBODY: readonly Judgement[] = [];
const TOO_MANY = new Fault(503, 'Service Unavailable', [['P-Registrar-Error', 'Too many registered contacts']]);

/**
 * usrloc's max_contacts: who must go so that the request fits, or why it does not. Counted is the AoR as the request
 * leaves it, whatever the order of its Contacts. A binding that expired makes room; a refresh needs none.
 * @param live the view before the request, which shows no more than max_contacts
 */
export function evictions(
  wanted: readonly Wanted[],
  live: readonly PutRecord[],
  rules: LimitRules,
): readonly Judgement[] | Fault {
  const { maxContacts } = rules;
  if (maxContacts === 0) return NOBODY;
  let puts = 0;
  for (const { isRemoval } of wanted) if (!isRemoval) puts++;
  if (live.length + puts <= maxContacts) return NOBODY;
  const touched = touchedKeys(wanted);
  const kept = live.filter((record) => !touched.has(record.key));
  const excess = kept.length + puts - maxContacts;
  if (excess <= 0) return NOBODY;
  if (!rules.forceRegistration || excess > kept.length) return TOO_MANY;
  return leastRecentlyRefreshed(kept, excess).map(({ key, version }) => ({
    kind: 'judge',
    key,
    version,
    reason: 'evicted',
  }));
}

/** Keys of the records that the request renews, replaces or removes: they are not counted beside it, and never evicted by it. */
function touchedKeys(wanted: readonly Wanted[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { match } of wanted) {
    if (match.own !== undefined) keys.add(match.own.key);
    for (const other of match.others) keys.add(other.key);
  }
  return keys;
}

/** OpenSIPS evicts from an end of its list, which with its default order is the binding that was added last. */
function leastRecentlyRefreshed(records: readonly PutRecord[], count: number): readonly PutRecord[] {
  return records.toSorted((a, b) => compareVersions(a.version, b.version)).slice(0, count);
}
