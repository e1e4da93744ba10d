import type { AorState, Floor, LocationRecord, PutRecord } from './record.ts';
import { compareVersions } from './version.ts';

/** What the view of an AoR depends on besides its records. All nodes of a cluster must agree on it. */
export interface ViewRules {
  /** The newest so many are shown; 0 = all. */
  readonly maxContacts: number;
  /** usrloc's desc_time_order: newest first and q ignored, instead of highest q first and older before newer. */
  readonly descTimeOrder: boolean;
  /** RFC 3261 §19.1.4 equality of two Contact URIs; symmetric, not transitive, and blind to how URIs of one key differ. */
  readonly sameContact: (a: string, b: string) => boolean;
  /** matching_mode 1: contacts with different Call-IDs are different contacts. Default false. */
  readonly callIdMatters?: boolean;
  /**
   * A cheap text that equal contacts share (different ones may share it too): only contacts of one group are compared
   * with `sameContact`. Without it an AoR with n records costs up to n² comparisons.
   */
  readonly contactGroup?: (contactUri: string) => string;
}

/** From so many records on, grouping contacts is cheaper than comparing each with each. */
const GROUPING_FROM = 8;

const NONE: readonly PutRecord[] = [];

/** Whether the floor lies above the record (or at it). */
export function isBelowFloor(record: LocationRecord, floor: Floor | undefined): boolean {
  return floor !== undefined && compareVersions(record.version, floor.version) <= 0;
}

/** A put above the floor and before its expiry. It may still be hidden by a newer record of the same contact or by max_contacts. */
export function isAlive(record: LocationRecord, floor: Floor | undefined, nowMs: number): record is PutRecord {
  return record.kind === 'put' && record.expiresAtMs > nowMs && !isBelowFloor(record, floor);
}

/** Whether two records under different keys are about the same contact. */
export function isSameContact(a: LocationRecord, b: LocationRecord, rules: ViewRules): boolean {
  if (a.key === b.key || (rules.callIdMatters === true && a.callId !== b.callId)) return false;
  return a.contactUri === b.contactUri || rules.sameContact(a.contactUri, b.contactUri);
}

/**
 * The bindings that the AoR shows at `nowMs`, in list order. A pure function of merged state and cluster time: neither
 * expiry nor max_contacts nor a newer equal contact writes anything, so two nodes with the same records show the same.
 *
 * @param hidden for each record whether a newer equal contact hides it, for those who know; else it is worked out.
 * @param isHiddenHere which records this node alone does not show, for reasons of its own. They hide equal contacts as ever.
 */
export function liveRecords(
  state: AorState,
  nowMs: number,
  rules: ViewRules,
  hidden?: readonly boolean[],
  isHiddenHere: (record: PutRecord) => boolean = nowhere,
): readonly PutRecord[] {
  const { records, floor } = state;
  const only = records[0];
  if (only === undefined) return NONE;
  if (records.length === 1) return isAlive(only, floor, nowMs) && !isHiddenHere(only) ? [only] : NONE;

  const isHidden =
    hidden === undefined ? hiddenBy(records, rules) : (_: PutRecord, index: number) => hidden[index] === true;
  const live: PutRecord[] = [];
  records.forEach((record, index) => {
    if (isAlive(record, floor, nowMs) && !isHidden(record, index) && !isHiddenHere(record)) live.push(record);
  });
  return inListOrder(newest(live, rules.maxContacts), rules.descTimeOrder);
}

function nowhere(): boolean {
  return false;
}

/**
 * Whether a newer record has the same contact under another key. Dead records count: an unregistration that came in
 * under another spelling of the contact must not let the older spelling live on.
 */
function hiddenBy(records: readonly LocationRecord[], rules: ViewRules): (record: LocationRecord) => boolean {
  const rivals = rivalsOf(records, rules);
  return (record) => isShadowed(record, rivals(record), rules);
}

function isShadowed(record: LocationRecord, rivals: readonly LocationRecord[], rules: ViewRules): boolean {
  return rivals.some(
    (rival) => compareVersions(rival.version, record.version) > 0 && isSameContact(rival, record, rules),
  );
}

/** For each record those that may be about the same contact; it may be among them itself. */
export function rivalsOf(
  records: readonly LocationRecord[],
  rules: ViewRules,
): (record: LocationRecord) => readonly LocationRecord[] {
  const { contactGroup } = rules;
  if (contactGroup === undefined || records.length < GROUPING_FROM) return () => records;
  const groups = Map.groupBy(records, (record) => contactGroup(record.contactUri));
  return (record) => groups.get(contactGroup(record.contactUri)) ?? records;
}

function newest(live: PutRecord[], maxContacts: number): PutRecord[] {
  if (maxContacts === 0 || live.length <= maxContacts) return live;
  return live.sort((a, b) => compareVersions(b.version, a.version)).slice(0, maxContacts);
}

function inListOrder(live: PutRecord[], descTimeOrder: boolean): PutRecord[] {
  if (live.length < 2) return live;
  if (descTimeOrder) return live.sort((a, b) => compareVersions(b.version, a.version));
  return live.sort((a, b) => b.binding.q - a.binding.q || compareVersions(a.version, b.version));
}
