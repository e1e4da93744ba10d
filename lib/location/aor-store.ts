import { invariant } from '../core/errors.ts';
import type { Tally } from './aor-codec.ts';
import {
  headBytes,
  isBlockOf,
  lengthOf,
  readHead,
  readTally,
  RECORDS_MAX,
  writeHead,
  writeTally,
} from './aor-codec.ts';
import { AorIndex } from './aor-index.ts';
import type { AorSlots } from './aor-slots.ts';
import { BLOCK, BUCKET_HASH, CHAIN, HASH } from './aor-slots.ts';
import { AorKey } from './aor-key.ts';
import { BlockReader } from './block-reader.ts';
import { BlockWriter } from './block-writer.ts';
import { BucketDigests } from './bucket-digests.ts';
import { BUCKET_HASH_KEY } from './bucket-hash.ts';
import type { Hidden } from './hidden.ts';
import { NOTHING_HIDDEN } from './hidden.ts';
import type { HashKey } from './half-sip-hash.ts';
import { isSameProfile, Profiles } from './profiles.ts';
import {
  addMarks,
  EXPIRY_TOLD,
  HIDDEN,
  ID_AT,
  marksOf,
  profileIndexOf,
  readRecord,
  skipRecord,
  writeRecord,
} from './record-codec.ts';
import type { AorState, LocationRecord } from './record.ts';
import { RecordIds } from './record-ids.ts';
import { Slabs } from './slabs.ts';
import type { StoredAor } from './stored-aor.ts';
import { packedBytes, sizeOf, startOf } from './stored-aor.ts';

/** How a state is to be written. */
export interface Writing {
  /** Whether the change fits in place (`fitsInPlace`). */
  readonly fits: boolean;
  /** Who is hidden in the new state. */
  readonly hidden: Hidden;
  readonly nowMs: number;
  /** Id of the one new record, when the disk gave it; else the next free ones are taken. */
  readonly newId: number | undefined;
}

/**
 * All AoRs, each as one packed block: what the garbage collector does not see costs a third of what objects cost, and no
 * pauses. It knows bytes and places; what records mean is the table's business. An AoR that was just read or written is
 * held decoded, since the next call is mostly about the same one.
 */
export class AorStore {
  /** Of all that is in the store. */
  readonly digests = new BucketDigests();
  /** Ids of the records that this node alone hides. Whatever rewrites a record, or drops it, takes it out. */
  readonly hiddenHere = new Set<number>();
  readonly #slots: AorSlots;
  readonly #index: AorIndex;
  readonly #key: AorKey;
  readonly #slabs = new Slabs();
  readonly #ids = new RecordIds();
  readonly #profiles = new Profiles();
  readonly #profileOf = this.#profiles.get.bind(this.#profiles);
  readonly #reader = new BlockReader();
  readonly #writer = new BlockWriter();
  #last: StoredAor | undefined = undefined;
  /** The string that the last AoR was found by: mostly the very one of the next call. Means nothing without `#last`. */
  #asked = '';

  constructor(slots: AorSlots, hashKey: HashKey) {
    this.#slots = slots;
    this.#index = new AorIndex(slots);
    this.#key = new AorKey(hashKey);
  }

  /** How many AoRs there are. */
  get size(): number {
    return this.#index.size;
  }

  get recordIdLimit(): number {
    return this.#ids.limit;
  }

  /** Different profiles among the bindings, and bytes of the blocks' slabs. */
  memory(): { readonly profiles: number; readonly slabBytes: number } {
    return { profiles: this.#profiles.size, slabBytes: this.#slabs.reservedBytes };
  }

  find(aor: string): StoredAor | undefined {
    if (this.#last !== undefined && (this.#asked === aor || this.#last.state.aor === aor)) return this.#last;
    this.#key.set(aor);
    const { hash } = this.#key;
    for (let slot = this.#index.chainOf(hash); slot !== 0; slot = this.#slots.get(slot, CHAIN)) {
      if (this.#slots.get(slot, HASH) !== hash) continue;
      const block = this.#blockOf(slot);
      if (!isBlockOf(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block), this.#key)) continue;
      this.#asked = aor;
      return (this.#last = this.#decode(slot, block));
    }
    return undefined;
  }

  /** The AoR in this slot, or undefined when the slot is free. */
  at(slot: number): StoredAor | undefined {
    if (this.#last?.slot === slot) return this.#last;
    const word = this.#slots.get(slot, BLOCK);
    if (word === 0) return undefined;
    this.#last = this.#decode(slot, word - 1);
    this.#asked = this.#last.state.aor;
    return this.#last;
  }

  /** The AoR that the record with this id belongs to, or undefined when the id is free. */
  ofRecord(id: number): StoredAor | undefined {
    const slot = this.#ids.slotOf(id);
    return slot === 0 ? undefined : this.at(slot);
  }

  /** The slot of the AoR that the record with this id belongs to, or 0 when the id is free. */
  slotOfRecord(id: number): number {
    return this.#ids.slotOf(id);
  }

  /** Who is hidden in this very state, if it is the one that was read or written last. */
  hiddenIn(state: AorState): Hidden | undefined {
    return this.#last?.state === state ? this.#last.hidden : undefined;
  }

  /** One record and its AoR by the record's id; nothing else of the AoR is decoded. */
  record(id: number): { readonly aor: string; readonly record: LocationRecord } | undefined {
    const slot = this.#ids.slotOf(id);
    if (slot === 0) return undefined;
    const block = this.#blockOf(slot);
    const bytes = this.#slabs.bufferOf(block);
    const base = this.#slabs.offsetOf(block);
    this.#reader.open(bytes, base, lengthOf(bytes, base));
    const { aor } = readHead(this.#reader);
    while (bytes.readUInt32BE(base + this.#reader.at + ID_AT) !== id) skipRecord(this.#reader);
    return { aor, record: readRecord(this.#reader, this.#profileOf) };
  }

  /**
   * Makes `next` the AoR's state. Its records are those of `stored` in their places, each the same object where it did
   * not change, and new ones behind them. Puts already past their expiry count as told.
   */
  write(stored: StoredAor | undefined, next: AorState, how: Writing): StoredAor {
    const inPlace = how.fits && stored !== undefined;
    const written = inPlace ? this.#patch(stored, next, how) : this.#rebuild(stored, next, how);
    this.#asked = next.aor;
    this.#last = written;
    this.digests.changed(this.#slots.get(written.slot, BUCKET_HASH), stored?.state, next);
    for (let index = 0; index < how.hidden.length; index++) {
      if (how.hidden[index] === true) this.addMarks(written, index, HIDDEN);
    }
    return written;
  }

  /** Takes records out, and the floor. Returns what is left, or undefined when the AoR is gone. */
  drop(stored: StoredAor, dropped: ReadonlySet<number>, dropFloor: boolean): StoredAor | undefined {
    const { slot, state } = stored;
    for (const index of dropped) this.#forget(stored, index);
    this.digests.dropped(this.#slots.get(slot, BUCKET_HASH), state, dropped, dropFloor);
    const kept = state.records.map((_, index) => index).filter((index) => !dropped.has(index));
    const next: AorState = {
      aor: state.aor,
      floor: dropFloor ? undefined : state.floor,
      records: state.records.filter((_, index) => !dropped.has(index)),
    };
    this.#last = undefined;
    if (next.records.length > 0 || next.floor !== undefined) return this.#copyKept(stored, next, kept);
    this.#index.remove(slot);
    this.#slabs.release(this.#blockOf(slot));
    this.#slots.release(slot);
    return undefined;
  }

  tallyOf(slot: number): Tally {
    const block = this.#blockOf(slot);
    return readTally(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block));
  }

  setTally(slot: number, tally: Tally): void {
    const block = this.#blockOf(slot);
    writeTally(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block), tally);
  }

  /** The record's EXPIRY_TOLD and NOTED. */
  marksOf(stored: StoredAor, index: number): number {
    const block = this.#blockOf(stored.slot);
    return marksOf(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block) + startOf(stored, index));
  }

  addMarks(stored: StoredAor, index: number, marks: number): void {
    const block = this.#blockOf(stored.slot);
    addMarks(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block) + startOf(stored, index), marks);
  }

  #blockOf(slot: number): number {
    const word = this.#slots.get(slot, BLOCK);
    invariant(word !== 0, 'a slot in use has a block');
    return word - 1;
  }

  #decode(slot: number, block: number): StoredAor {
    const bytes = this.#slabs.bufferOf(block);
    const base = this.#slabs.offsetOf(block);
    const reader = this.#reader;
    let hidden: boolean[] | undefined;
    reader.open(bytes, base, lengthOf(bytes, base));
    const { aor, floor, recordCount } = readHead(reader);
    const records: LocationRecord[] = [];
    const ids: number[] = [];
    const starts: number[] = [];
    for (let count = 0; count < recordCount; count++) {
      starts.push(reader.at);
      ids.push(bytes.readUInt32BE(base + reader.at + ID_AT));
      if ((marksOf(bytes, base + reader.at) & HIDDEN) !== 0)
        (hidden ??= Array<boolean>(recordCount).fill(false))[count] = true;
      records.push(readRecord(reader, this.#profileOf));
    }
    starts.push(reader.at);
    return { slot, state: { aor, floor, records }, ids, starts, hidden: hidden ?? NOTHING_HIDDEN };
  }

  #patch(stored: StoredAor, next: AorState, { hidden, nowMs }: Writing): StoredAor {
    const block = this.#blockOf(stored.slot);
    this.#writer.open(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block));
    for (let index = 0; index < next.records.length; index++) {
      const record = next.records[index];
      if (record === undefined || record === stored.state.records[index]) continue;
      this.#writer.at = startOf(stored, index);
      this.#writeRecord(record, stored.ids[index] ?? 0, this.#exchangeProfile(stored, index, record), nowMs);
    }
    return { slot: stored.slot, state: next, ids: stored.ids, starts: stored.starts, hidden };
  }

  #rebuild(stored: StoredAor | undefined, next: AorState, { hidden, nowMs, newId }: Writing): StoredAor {
    invariant(next.records.length <= RECORDS_MAX, 'the records of an AoR can be counted');
    const slot = stored?.slot ?? this.#slots.allocate();
    const known = stored?.ids.length ?? 0;
    const ids = next.records.map((_, index) => (index < known ? (stored?.ids[index] ?? 0) : this.#newId(newId, slot)));
    const block = this.#openBlock(next, packedBytes(next));
    const starts: number[] = [];
    next.records.forEach((record, index) => {
      starts.push(this.#writer.at);
      if (stored !== undefined && record === stored.state.records[index]) this.#copyRecord(stored, index);
      else this.#writeRecord(record, ids[index] ?? 0, this.#exchangeProfile(stored, index, record), nowMs);
    });
    starts.push(this.#writer.at);
    this.#place(stored, slot, block, next.aor);
    return { slot, state: next, ids, starts, hidden };
  }

  #copyKept(stored: StoredAor, next: AorState, kept: readonly number[]): StoredAor {
    const bytes = kept.reduce((sum, index) => sum + sizeOf(stored, index), headBytes(next.aor, next.floor));
    const block = this.#openBlock(next, bytes);
    const starts: number[] = [];
    for (const index of kept) {
      starts.push(this.#writer.at);
      this.#copyRecord(stored, index);
    }
    starts.push(this.#writer.at);
    this.#place(stored, stored.slot, block, next.aor);
    const ids = kept.map((index) => stored.ids[index] ?? 0);
    return { slot: stored.slot, state: next, ids, starts, hidden: kept.map((index) => stored.hidden[index] === true) };
  }

  /** A new block with the AoR's head in it; the writer stands behind it. */
  #openBlock(next: AorState, bytes: number): number {
    const block = this.#slabs.allocate(bytes);
    this.#writer.open(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block));
    writeHead(this.#writer, next.aor, next.floor, bytes, next.records.length);
    return block;
  }

  /** The new block takes the place of the old one, with its tally. */
  #place(stored: StoredAor | undefined, slot: number, block: number, aor: string): void {
    if (stored === undefined) {
      this.#slots.set(slot, BLOCK, block + 1);
      this.#key.set(aor);
      this.#index.add(slot, this.#key.hash);
      this.#slots.set(slot, BUCKET_HASH, this.#key.hashBy(BUCKET_HASH_KEY));
      return;
    }
    const tally = this.tallyOf(slot);
    this.#slabs.release(this.#blockOf(slot));
    this.#slots.set(slot, BLOCK, block + 1);
    this.setTally(slot, tally);
  }

  #writeRecord(record: LocationRecord, id: number, profile: number, nowMs: number): void {
    if (this.hiddenHere.size > 0) this.hiddenHere.delete(id);
    const isPast = record.kind === 'put' && record.expiresAtMs <= nowMs;
    writeRecord(this.#writer, record, id, profile, isPast ? EXPIRY_TOLD : 0);
  }

  #copyRecord(stored: StoredAor, index: number): void {
    const block = this.#blockOf(stored.slot);
    const base = this.#slabs.offsetOf(block);
    this.#writer.copy(this.#slabs.bufferOf(block), base + startOf(stored, index), base + startOf(stored, index + 1));
  }

  #newId(newId: number | undefined, slot: number): number {
    if (newId === undefined) return this.#ids.allocate(slot);
    this.#ids.claim(newId, slot);
    return newId;
  }

  /** The profile index for what now stands in a record's place; the profile that stood there is let go. */
  #exchangeProfile(stored: StoredAor | undefined, index: number, after: LocationRecord): number {
    const before = stored?.state.records[index];
    if (stored === undefined || before?.kind !== 'put')
      return after.kind === 'put' ? this.#profiles.acquire(after.binding) : 0;
    const held = this.#profileIndexAt(stored, index);
    if (after.kind === 'put' && isSameProfile(before.binding, after.binding)) return held;
    const profile = after.kind === 'put' ? this.#profiles.acquire(after.binding) : 0;
    this.#profiles.release(held);
    return profile;
  }

  #profileIndexAt(stored: StoredAor, index: number): number {
    const block = this.#blockOf(stored.slot);
    return profileIndexOf(this.#slabs.bufferOf(block), this.#slabs.offsetOf(block) + startOf(stored, index));
  }

  #forget(stored: StoredAor, index: number): void {
    if (stored.state.records[index]?.kind === 'put') this.#profiles.release(this.#profileIndexAt(stored, index));
    this.hiddenHere.delete(stored.ids[index] ?? 0);
    this.#ids.release(stored.ids[index] ?? 0);
  }
}
