import { Ageing } from './ageing.ts';
import { AorSlots } from './aor-slots.ts';
import { AorStore } from './aor-store.ts';
import { planChanges } from './apply.ts';
import { BucketIndex } from './bucket-index.ts';
import type { ChangeSet, CommittedChangeSet, Origin, RecordWrite } from './change.ts';
import type { DeadNote } from './dead-note.ts';
import type { Digest } from './digest.ts';
import type { LocationStatistics } from './gauges.ts';
import { Gauges } from './gauges.ts';
import type { HashKey } from './half-sip-hash.ts';
import type { Hidden } from './hidden.ts';
import { hiddenAfter, NOTHING_HIDDEN } from './hidden.ts';
import { Listeners } from './listeners.ts';
import { LocalHiding } from './local-hiding.ts';
import { planMerge } from './merge.ts';
import type { Plan } from './plan.ts';
import { carryOut, emptyState, findByKey } from './plan.ts';
import type { ChangeListener, RecordLoader, RecordReader } from './ports.ts';
import type { AorState, Floor, LocationRecord, PutRecord } from './record.ts';
import type { Writer } from './stamp.ts';
import type { StoredAor } from './stored-aor.ts';
import { fitsInPlace, packedBytes } from './stored-aor.ts';
import type { ViewRules } from './view.ts';
import { liveRecords } from './view.ts';
import type { Version } from './version.ts';

export interface LocationSettings extends ViewRules {
  /** 1..65535. */
  readonly nodeId: number;
  /** Random 32 bits per process start. */
  readonly incarnation: number;
  /** Records of one AoR, dead ones included; beyond it a request that adds one is refused. At most 10 000. */
  readonly recordsPerAorMax: number;
  /** AoRs in memory; beyond it a request for another one is refused. */
  readonly aorsMax: number;
  /** Secret of the hash that AoRs are found by; by default made from the incarnation, which phones do not see. */
  readonly hashKey?: HashKey;
}

/** What one AoR's records and floor may take when packed: about what the list of its bindings takes, which must fit into a datagram. */
export const AOR_BYTES_MAX = 60_000;

/** The change set as applied. Nothing was written when it has neither writes nor a floor. */
export type Committed = CommittedChangeSet;

/** The change set would have gone beyond a limit: nothing was changed. */
export interface Refused {
  readonly refused: 'records-per-aor' | 'aors' | 'aor-bytes';
  /** The limit's value. */
  readonly limit: number;
}

/**
 * All that this node knows of who is where: the records of every AoR, how requests change them and how another node's
 * knowledge merges into them, what is shown of them, and when they are forgotten. Takes and returns values; knows neither
 * clock nor disk nor network. All times are cluster milliseconds and are handed in.
 */
export class LocationTable implements RecordReader, RecordLoader {
  readonly #settings: LocationSettings & { maxContacts: number };
  /** As this node's own configuration has it. */
  readonly #ownMaxContacts: number;
  readonly #writer: Writer;
  readonly #slots = new AorSlots();
  readonly #listeners = new Listeners();
  readonly #store: AorStore;
  readonly #gauges: Gauges;
  readonly #ageing: Ageing;
  readonly #hiding: LocalHiding;
  #lastStampMs = 0;

  constructor(settings: LocationSettings) {
    const { nodeId, incarnation } = settings;
    const hashKey = settings.hashKey ?? [incarnation, Math.imul(incarnation, 0x9e3779b1) ^ nodeId];
    this.#settings = { ...settings };
    this.#ownMaxContacts = settings.maxContacts;
    this.#writer = { nodeId, incarnation };
    this.#store = new AorStore(this.#slots, hashKey);
    this.#gauges = new Gauges(this.#store, this.#settings);
    this.#ageing = new Ageing(this.#slots, this.#store, this.#gauges, this.#listeners, this.#settings);
    this.#hiding = new LocalHiding(this.#store, this.#ageing);
  }

  /** Hears of everything from now on, after those that were added before. */
  addListener(listener: ChangeListener): void {
    this.#listeners.add(listener);
  }

  /** What is known of the AoR: a value that later changes do not touch. An unknown AoR is empty. */
  read(aor: string): AorState {
    return this.#store.find(aor)?.state ?? emptyState(aor);
  }

  /** The bindings that a state shows at `nowMs`, in list order: of what this node hides none. */
  live(state: AorState, nowMs: number): readonly PutRecord[] {
    return liveRecords(state, nowMs, this.#settings, this.#store.hiddenIn(state), this.#hiding.inState(state));
  }

  /**
   * The twin's `max_contacts`, 0 = no limit: of the two the smaller counts, so that both nodes show the same. What is counted
   * of an AoR follows when it is next looked at.
   */
  showAtMost(twinsMaxContacts: number): void {
    const limits = [this.#ownMaxContacts, twinsMaxContacts].filter((limit) => limit > 0);
    this.#settings.maxContacts = limits.length === 0 ? 0 : Math.min(...limits);
  }

  /**
   * Applies one request's changes, all or none: orders get stamps above cluster time and above all that is known of the
   * AoR, judgements apply to what is still as it was judged. A lifetime above HORIZON_S is cut to it. A refusal leaves no
   * trace; a change set that changes nothing is told to nobody.
   */
  commit(changeSet: ChangeSet, nowMs: number): Committed | Refused {
    const { aor, origin, changes } = changeSet;
    const stored = this.#store.find(aor);
    const state = stored?.state ?? emptyState(aor);
    const plan = planChanges(state, changes, nowMs, this.#writer);
    const next = carryOut(state, plan);
    const fits = fitsInPlace(stored, next);
    const refused = fits ? undefined : this.#refusal(stored, next);
    if (refused !== undefined) return refused;
    if (plan.lastStamp !== undefined) this.#hasStamped(plan.lastStamp);
    return this.#apply(stored, next, fits, plan, origin, nowMs);
  }

  /**
   * Takes over what another node or the disk knows of one AoR: per key the greater (version, rank), the greater floor,
   * sticky by OR. Limits do not count here: what was answered elsewhere is not dropped. Writes that lose are not told.
   */
  merge(state: AorState, origin: 'peer' | 'disk', nowMs: number): CommittedChangeSet {
    const stored = this.#store.find(state.aor);
    const mine = stored?.state ?? emptyState(state.aor);
    const plan = planMerge(mine, state);
    const next = carryOut(mine, plan);
    return this.#apply(stored, next, fitsInPlace(stored, next), plan, origin, nowMs);
  }

  /** Greatest millisecond of a stamp issued by this process; 0 before the first. A durable mark must not stay far below it. */
  get lastStampMs(): number {
    return this.#lastStampMs;
  }

  /** This node agreed on cluster time with another: from now on it may forget. Until then, and until its first stamp, its clock may be wrong and it forgets nothing. */
  clockAgreed(): void {
    this.#ageing.mayForget();
  }

  /**
   * To be called about once a second: tells `expired` for each put that passed its expiry (once; not for what the floor or
   * a newer equal contact had ended before), sets the gauges right, and forgets what has outlived all older copies
   * (version + H + margin). Looks at TURN_AORS_MAX AoRs at most and returns whether more are waiting: then it should be
   * called again soon, after other work was done. What had expired before a restore is not told.
   *
   * @param forgets false while the table is compared with another one: what was sent must be there still when the answer comes
   */
  expire(nowMs: number, forgets = true): boolean {
    return this.#ageing.turn(nowMs, forgets);
  }

  /**
   * Notes up to NOTE_AORS_MAX AoRs' dead records and floors that may go early: dead for LATE_COPY_MS, never permanent,
   * hiding no older record of the same contact under another key; of floors those with nothing at or below them.
   * Undefined when there are none. A new note replaces the one before, which then drops nothing any more.
   *
   * The caller hands the note to `dropNoted` once it has proved that nothing older can come back: a flush of this node's
   * disk that began after the note was taken is durable, and with a twin configured, all nodes were in sync when it was
   * taken and the twin has durable both logs up to where they stood then. Without a disk or a twin there is nothing to
   * prove. If the proof fails, it takes a new note.
   */
  noteDead(nowMs: number): DeadNote | undefined {
    return this.#ageing.noteDead(nowMs);
  }

  /** Drops what the note holds and nobody has changed since. Returns how many records and floors went. */
  dropNoted(note: DeadNote, nowMs: number): number {
    return this.#ageing.dropNoted(note, nowMs);
  }

  /**
   * Hides a contact on this node alone, for a node that may not judge it: it is not shown and does not count,
   * and is otherwise what it was. That lasts until the record is written anew, by whomever, or shown by one of the two
   * below. Returns whether it was hidden now: not unless it is still a put at this version. `statistics` follows with the
   * next `expire`, here and below.
   */
  hideLocally(aor: string, key: string, version: Version): boolean {
    return this.#hiding.hide(aor, key, version);
  }

  /** Shows a contact that this node hid. Returns whether it did. */
  showLocally(aor: string, key: string): boolean {
    return this.#hiding.show(aor, key);
  }

  /** Shows all that this node hid: it is in sync again. Returns how many that were. */
  showHidden(): number {
    return this.#hiding.showAll();
  }

  /** How many contacts this node hides; expired ones are among them until they are forgotten. */
  get hiddenCount(): number {
    return this.#hiding.count;
  }

  /** The digest of a bucket's records and floors, 0..BUCKETS-1. What is old enough to be dropped and has not been yet is in it. */
  bucketDigest(bucket: number): Digest {
    return this.#store.digests.of(bucket);
  }

  /** Puts `count` digests from `firstBucket` on into `out` from `offset` on, DIGEST_BYTES big-endian octets each. */
  writeBucketDigests(out: Buffer, offset: number, firstBucket: number, count: number): void {
    this.#store.digests.write(out, offset, firstBucket, count);
  }

  /** Which AoRs lie in which bucket now; about 10 ms for half a million, and 4 octets each as long as it is held. */
  bucketIndex(): BucketIndex {
    return new BucketIndex(this.#slots, this.#store, this.#settings);
  }

  /** As of the last change or `expire` of each AoR; exact right after an `expire` that left nothing waiting. */
  statistics(): LocationStatistics {
    return this.#gauges.statistics();
  }

  /** Different profiles (User-Agent, socket and the like) among the bindings, and bytes taken for packed AoRs, used or not. */
  memory(): { readonly profiles: number; readonly slabBytes: number } {
    return this.#store.memory();
  }

  /**
   * All AoRs, one at a time. It may be left and gone on with while the table changes: an AoR that is there all the while
   * comes exactly once, in the state that it then has.
   */
  *aors(): Generator<AorState, undefined> {
    for (let slot = 1; slot < this.#slots.limit; slot++) {
      const stored = this.#store.at(slot);
      if (stored !== undefined) yield stored.state;
    }
    return undefined;
  }

  /** Id of the AoR's record under this key, or undefined when there is none. */
  recordIdOf(aor: string, key: string): number | undefined {
    const stored = this.#store.find(aor);
    return stored?.ids[findByKey(stored.state.records, key)];
  }

  get recordIdLimit(): number {
    return this.#store.recordIdLimit;
  }

  readRecord(recordId: number): { readonly aor: string; readonly record: LocationRecord } | undefined {
    return this.#store.record(recordId);
  }

  /** The record, if its AoR shows it at `nowMs`: it is alive, and neither a newer equal contact nor max_contacts hides it. */
  readShown(recordId: number, nowMs: number): { readonly aor: string; readonly record: PutRecord } | undefined {
    const stored = this.#store.ofRecord(recordId);
    if (stored === undefined) return undefined;
    const record = stored.state.records[stored.ids.indexOf(recordId)];
    const shown = this.live(stored.state, nowMs).find((live) => live === record);
    return shown === undefined ? undefined : { aor: stored.state.aor, record: shown };
  }

  /** The record, if this node's own hiding is all that keeps its AoR from showing it at `nowMs`. */
  readHidden(recordId: number, nowMs: number): { readonly aor: string; readonly record: PutRecord } | undefined {
    const stored = this.#hiding.has(recordId) ? this.#store.ofRecord(recordId) : undefined;
    if (stored === undefined) return undefined;
    const record = stored.state.records[stored.ids.indexOf(recordId)];
    const shown = liveRecords(stored.state, nowMs, this.#settings, stored.hidden).find((live) => live === record);
    return shown === undefined ? undefined : { aor: stored.state.aor, record: shown };
  }

  /** One record per key and id. Counted as if it had not expired, until `expire` has looked at it. */
  restore(recordId: number, aor: string, record: LocationRecord): void {
    const stored = this.#store.find(aor);
    const state = stored?.state ?? emptyState(aor);
    // A second row of one key was written by hand: the first one counts, and the other id is free.
    if (findByKey(state.records, record.key) >= 0) return;
    const next = carryOut(state, { writes: [{ index: -1, after: record }], floor: undefined });
    this.#restore(stored, next, recordId);
  }

  restoreFloor(aor: string, floor: Floor): void {
    const stored = this.#store.find(aor);
    const next = carryOut(stored?.state ?? emptyState(aor), { writes: [], floor });
    this.#restore(stored, next, undefined);
  }

  #restore(stored: StoredAor | undefined, next: AorState, newId: number | undefined): void {
    const hidden = this.#hiddenAfter(stored, next);
    const written = this.#store.write(stored, next, { fits: false, hidden, nowMs: 0, newId });
    this.#gauges.recount(stored?.state, written, 0);
    this.#ageing.restored(written.slot);
  }

  #hiddenAfter(stored: StoredAor | undefined, next: AorState): Hidden {
    if (next.records.length < 2) return NOTHING_HIDDEN;
    return hiddenAfter(stored?.state.records ?? [], stored?.hidden ?? NOTHING_HIDDEN, next.records, this.#settings);
  }

  #refusal(stored: StoredAor | undefined, next: AorState): Refused | undefined {
    const { recordsPerAorMax, aorsMax } = this.#settings;
    const count = next.records.length;
    if (count > recordsPerAorMax && count > (stored?.state.records.length ?? 0)) {
      return { refused: 'records-per-aor', limit: recordsPerAorMax };
    }
    if (stored === undefined && this.#store.size >= aorsMax && (count > 0 || next.floor !== undefined)) {
      return { refused: 'aors', limit: aorsMax };
    }
    const bytes = packedBytes(next);
    if (bytes > AOR_BYTES_MAX && (stored === undefined || bytes > packedBytes(stored.state))) {
      return { refused: 'aor-bytes', limit: AOR_BYTES_MAX };
    }
    return undefined;
  }

  #hasStamped(stamp: Version): void {
    this.#lastStampMs = Math.max(this.#lastStampMs, stamp.ms);
    this.#ageing.mayForget();
  }

  #apply(
    stored: StoredAor | undefined,
    next: AorState,
    fits: boolean,
    plan: Plan,
    origin: Origin,
    nowMs: number,
  ): CommittedChangeSet {
    const { aor } = next;
    if (plan.writes.length === 0 && plan.floor === undefined) return { aor, origin, writes: [], floor: undefined };
    const written = this.#store.write(stored, next, {
      fits,
      hidden: this.#hiddenAfter(stored, next),
      nowMs,
      newId: undefined,
    });
    const { dead } = this.#gauges.recount(stored?.state, written, nowMs);
    this.#ageing.written(written, dead > 0, nowMs);
    const committed = { aor, origin, writes: recordWrites(stored, written, plan), floor: plan.floor };
    this.#listeners.committed(committed);
    return committed;
  }
}

function recordWrites(before: StoredAor | undefined, after: StoredAor, plan: Plan): readonly RecordWrite[] {
  let added = before?.ids.length ?? 0;
  return plan.writes.map(({ index, after: record }) => {
    const place = index < 0 ? added++ : index;
    return { recordId: after.ids[place] ?? 0, before: before?.state.records[index], after: record };
  });
}
