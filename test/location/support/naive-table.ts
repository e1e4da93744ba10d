import type { ChangeSet, Judgement, Order } from '../../../lib/location/change.ts';
import type { AorState, Floor, LocationRecord, PutRecord } from '../../../lib/location/record.ts';
import { rankOf } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';
import { sameContact } from './states.ts';

const HORIZON_MS = 86_400_000;
const MARGIN_MS = 90_000;
const LATE_MS = 40_000;

interface NaiveAor {
  floor: Floor | undefined;
  readonly records: Map<string, LocationRecord>;
  /** Keys of puts whose expiry was told or was past when they came. */
  readonly told: Set<string>;
}

export interface NaiveSettings {
  readonly nodeId: number;
  readonly incarnation: number;
  readonly maxContacts: number;
  readonly descTimeOrder: boolean;
  readonly recordsPerAorMax: number;
  readonly aorsMax: number;
}

/** The rules once more, word by word and without a thought for speed: what the table is compared with. */
export class NaiveTable {
  readonly aors = new Map<string, NaiveAor>();
  /** What this node alone hides, as `aor key`. */
  readonly hiddenHere = new Set<string>();
  expires = 0;
  readonly #settings: NaiveSettings;

  constructor(settings: NaiveSettings) {
    this.#settings = settings;
  }

  read(aor: string): AorState {
    const { floor, records } = this.#at(aor);
    return { aor, floor, records: [...records.values()] };
  }

  live(aor: string, nowMs: number, hiddenToo = false): PutRecord[] {
    const { maxContacts, descTimeOrder } = this.#settings;
    const { records } = this.#at(aor);
    let live = [...records.values()].filter(
      (record): record is PutRecord => this.isAlive(aor, record, nowMs) && !this.#isHidden(aor, record),
    );
    if (!hiddenToo) live = live.filter(({ key }) => !this.hiddenHere.has(`${aor} ${key}`));
    live.sort((a, b) => compare(b.version, a.version));
    if (maxContacts > 0) live = live.slice(0, maxContacts);
    if (!descTimeOrder) live.reverse().sort((a, b) => b.binding.q - a.binding.q);
    return live;
  }

  wouldShow(aor: string, key: string, nowMs: number): boolean {
    return this.live(aor, nowMs, true).some((record) => record.key === key);
  }

  hide(aor: string, key: string, version: Version): boolean {
    const record = this.#at(aor).records.get(key);
    if (record?.kind !== 'put' || compare(record.version, version) !== 0 || this.hiddenHere.has(`${aor} ${key}`))
      return false;
    this.hiddenHere.add(`${aor} ${key}`);
    return true;
  }

  isAlive(aor: string, record: LocationRecord, nowMs: number): boolean {
    return record.kind === 'put' && record.expiresAtMs > nowMs && !this.#isBelowFloor(aor, record);
  }

  /** What was written, in no order, or the limit that was met. */
  commit({ aor, changes }: ChangeSet, nowMs: number): { keys: string[]; floor: boolean } | string {
    const before = this.#at(aor);
    const draft: NaiveAor = { floor: before.floor, records: new Map(before.records), told: new Set(before.told) };
    for (const change of changes) this.#change(draft, change, nowMs);
    const keys = [...draft.records].filter(([key, record]) => before.records.get(key) !== record).map(([key]) => key);
    const floor = draft.floor !== before.floor;
    if (keys.length === 0 && !floor) return { keys, floor };
    const grows = draft.records.size > before.records.size;
    if (grows && draft.records.size > this.#settings.recordsPerAorMax) return 'records-per-aor';
    if (!this.aors.has(aor) && this.aors.size >= this.#settings.aorsMax) return 'aors';
    this.#put(aor, draft, keys, nowMs);
    return { keys, floor };
  }

  merge(theirs: AorState, nowMs: number): { keys: string[]; floor: boolean } {
    const { aor } = theirs;
    const mine = this.#at(aor);
    const keys: string[] = [];
    for (const record of theirs.records) {
      const before = mine.records.get(record.key);
      const winner = before !== undefined && !isAbove(record, before) ? before : record;
      const sticky = record.sticky || before?.sticky === true;
      if (winner === before && sticky === before.sticky) continue;
      mine.records.set(record.key, { ...winner, sticky });
      keys.push(record.key);
    }
    const floor =
      theirs.floor !== undefined && (mine.floor === undefined || compare(theirs.floor.version, mine.floor.version) > 0);
    if (floor) mine.floor = theirs.floor;
    if (keys.length > 0 || floor) this.#put(aor, mine, keys, nowMs);
    return { keys, floor };
  }

  /** Who expired and who was forgotten by age, as `aor key`. */
  expire(nowMs: number): { expired: string[]; forgotten: string[]; floors: string[] } {
    const expired: string[] = [];
    const forgotten: string[] = [];
    const floors: string[] = [];
    for (const [aor, at] of [...this.aors]) {
      for (const record of at.records.values()) {
        if (record.kind !== 'put' || record.expiresAtMs > nowMs || at.told.has(record.key)) continue;
        at.told.add(record.key);
        if (!this.#isBelowFloor(aor, record) && !this.#isHidden(aor, record)) expired.push(`${aor} ${record.key}`);
      }
      const holdsSticky = [...at.records.values()].some((record) => record.sticky && this.#isBelowFloor(aor, record));
      const isOld = (version: Version): boolean => version.ms + HORIZON_MS + MARGIN_MS <= nowMs;
      const outlived = [...at.records.values()].filter(
        (old) =>
          !old.sticky &&
          isOld(old.version) &&
          ![...at.records.values()].some(
            (other) => other.sticky && isRival(other, old) && compare(other.version, old.version) < 0,
          ),
      );
      for (const record of outlived) {
        forgotten.push(`${aor} ${record.key}`);
        this.forget(aor, record.key);
      }
      if (at.floor !== undefined && !holdsSticky && isOld(at.floor.version)) {
        floors.push(aor);
        this.forgetFloor(aor);
      }
    }
    this.expires += expired.length;
    return { expired, forgotten, floors };
  }

  /** Whether this record may be dropped early. */
  isDroppable(aor: string, key: string, nowMs: number): boolean {
    const { floor, records } = this.#at(aor);
    const record = records.get(key);
    if (record === undefined || record.sticky || this.isAlive(aor, record, nowMs)) return false;
    const ends = [record.kind === 'put' ? record.expiresAtMs : record.version.ms];
    if (floor !== undefined && this.#isBelowFloor(aor, record)) ends.push(floor.version.ms);
    if (Math.max(record.version.ms, Math.min(...ends)) + LATE_MS > nowMs) return false;
    return ![...records.values()].some((other) => isRival(other, record) && compare(other.version, record.version) < 0);
  }

  isFloorDroppable(aor: string, nowMs: number): boolean {
    const { floor, records } = this.#at(aor);
    if (floor === undefined || floor.version.ms + LATE_MS > nowMs) return false;
    return ![...records.values()].some((record) => this.#isBelowFloor(aor, record));
  }

  forget(aor: string, key: string): void {
    this.#at(aor).records.delete(key);
    this.hiddenHere.delete(`${aor} ${key}`);
    this.#removeEmpty(aor);
  }

  forgetFloor(aor: string): void {
    this.#at(aor).floor = undefined;
    this.#removeEmpty(aor);
  }

  statistics(nowMs: number): Record<string, number> {
    const aors = [...this.aors.keys()];
    const records = aors.flatMap((aor) => this.read(aor).records.map((record) => ({ aor, record })));
    return {
      users: aors.filter((aor) => this.live(aor, nowMs).length > 0).length,
      contacts: aors.reduce((sum, aor) => sum + this.live(aor, nowMs).length, 0),
      expires: this.expires,
      records: records.length,
      deadRecords: records.filter(({ aor, record }) => !this.isAlive(aor, record, nowMs)).length,
      aors: aors.length,
      floors: aors.filter((aor) => this.#at(aor).floor !== undefined).length,
    };
  }

  #change(draft: NaiveAor, change: Order | Judgement, nowMs: number): void {
    if (change.kind === 'judge') {
      const record = draft.records.get(change.key);
      if (record?.kind !== 'put' || compare(record.version, change.version) !== 0) return;
      const { binding: _gone, ...rest } = record;
      draft.records.set(change.key, { ...rest, kind: 'judged' });
      return;
    }
    const version = this.#stamp(draft, nowMs);
    if (change.kind === 'floor') {
      draft.floor = { version, callId: change.callId, cseq: change.cseq };
      return;
    }
    const { key, contactUri, callId, cseq } = change;
    const wasSticky = draft.records.get(key)?.sticky === true;
    const base = { key, version, contactUri, callId, cseq };
    if (change.kind === 'remove') {
      draft.records.set(key, { ...base, kind: 'removed', sticky: wasSticky, expiresAtMs: version.ms });
      return;
    }
    const { expiresAtMs, binding } = change;
    const sticky = wasSticky || expiresAtMs === Infinity;
    const capped = sticky && expiresAtMs === Infinity ? Infinity : Math.min(expiresAtMs, nowMs + HORIZON_MS);
    draft.records.set(key, { ...base, kind: 'put', sticky, expiresAtMs: capped, binding });
  }

  #stamp(draft: NaiveAor, nowMs: number): Version {
    const { nodeId, incarnation } = this.#settings;
    const known = [...draft.records.values()].map((record) => record.version);
    if (draft.floor !== undefined) known.push(draft.floor.version);
    const greatest = known.sort(compare).at(-1);
    if (greatest === undefined || greatest.ms < nowMs) return { ms: nowMs, counter: 0, nodeId, incarnation };
    return { ms: greatest.ms, counter: greatest.counter + 1, nodeId, incarnation };
  }

  #put(aor: string, next: NaiveAor, keys: readonly string[], nowMs: number): void {
    for (const key of keys) {
      this.hiddenHere.delete(`${aor} ${key}`);
      const record = next.records.get(key);
      if (record?.kind === 'put' && record.expiresAtMs <= nowMs) next.told.add(key);
      else next.told.delete(key);
    }
    this.aors.set(aor, next);
  }

  #at(aor: string): NaiveAor {
    return this.aors.get(aor) ?? { floor: undefined, records: new Map(), told: new Set() };
  }

  #removeEmpty(aor: string): void {
    const { floor, records } = this.#at(aor);
    if (floor === undefined && records.size === 0) this.aors.delete(aor);
  }

  #isBelowFloor(aor: string, record: LocationRecord): boolean {
    const { floor } = this.#at(aor);
    return floor !== undefined && compare(record.version, floor.version) <= 0;
  }

  #isHidden(aor: string, record: LocationRecord): boolean {
    const { records } = this.#at(aor);
    return [...records.values()].some((other) => isRival(other, record) && compare(other.version, record.version) > 0);
  }
}

function isRival(other: LocationRecord, record: LocationRecord): boolean {
  return other.key !== record.key && sameContact(other.contactUri, record.contactUri);
}

function isAbove(a: LocationRecord, b: LocationRecord): boolean {
  return (compare(a.version, b.version) || rankOf(a) - rankOf(b)) > 0;
}

function compare(a: Version, b: Version): number {
  const [x, y] = [a, b].map((version) => [version.ms, version.counter, version.nodeId, version.incarnation]);
  const place = x!.findIndex((value, index) => value !== y![index]);
  return place < 0 ? 0 : x![place]! - y![place]!;
}
