import type { RecordWrite } from '../location/change.ts';
import type { RecordReader } from '../location/ports.ts';
import { MEMORY_ONLY } from '../location/record.ts';
import type { AorState, Binding, Floor, LocationRecord } from '../location/record.ts';
import { OP_DELETE, OP_DELETE_FLOOR, OP_ENTRY, OP_FLOOR, OP_RECORD, OP_REJECT } from './batch.ts';
import type { Batch } from './batch.ts';
import { textRoom } from './byte-writer.ts';
import { IdSet } from './id-set.ts';
import { entryRoom, floorRoom, recordRoom, writeEntry, writeFloor, writeRecord } from './record-codec.ts';

/** What storage reads of the table: records by id, an AoR's floor, and the last stamp. */
export interface StoredTable extends RecordReader {
  /** Greatest millisecond of a stamp that this process issued; 0 before the first. */
  readonly lastStampMs: number;
  read(aor: string): AorState;
}

/**
 * Turns changes into bytes of the current batch. Every change goes into the journal; a new record or one whose
 * seldom-changing part differs goes into the rows as well; what only the journal knows is *behind* until the merge wrote
 * its row.
 *
 * The memory of a batch is bounded. A change that does not fit is not lost: its record id is *owed*, and `catchUp` writes
 * the record as it then stands. While anything is owed, what is on disk is not the state of any one moment.
 */
export class ChangeWriter {
  #batch: Batch;
  /** Records whose rows on disk are older than the journal. */
  readonly #behind = new IdSet();
  readonly #owed = new IdSet();
  readonly #owedFloors = new Set<string>();
  /** Set from `oweAll` until nothing is owed. */
  #floorsOwed = false;
  #journalBytes = 0;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** All journal bytes ever appended: what paces the merge. */
  get journalBytes(): number {
    return this.#journalBytes;
  }

  get behind(): IdSet {
    return this.#behind;
  }

  get owedCount(): number {
    return this.#owed.size + this.#owedFloors.size;
  }

  /** From now on changes go there. */
  use(batch: Batch): void {
    this.#batch = batch;
  }

  write(aor: string, write: RecordWrite): void {
    const { recordId, before, after } = write;
    if (this.#owed.size > 0 && this.#owed.has(recordId)) return;
    const known = isStored(before);
    if (!isStored(after)) {
      if (known) this.forget(recordId);
      return;
    }
    if (!known || rowDiffers(before, after)) {
      this.#record(recordId, aor, after);
      return;
    }
    const journal = this.#batch.journal;
    if (!journal.room(entryRoom(after))) {
      this.#owed.add(recordId);
      return;
    }
    const start = journal.length;
    writeEntry(journal, recordId, after, before.callId !== after.callId);
    this.#journalBytes += journal.length - start;
    this.#behind.add(recordId);
  }

  forget(recordId: number): void {
    this.#behind.delete(recordId);
    const rows = this.#batch.rows;
    if (this.#owed.has(recordId)) return;
    if (!rows.room(5)) {
      this.#owed.add(recordId);
      return;
    }
    rows.u8(OP_DELETE);
    rows.u32(recordId);
  }

  floor(aor: string, floor: Floor): void {
    const rows = this.#batch.rows;
    if (this.#owedFloors.has(aor)) return;
    if (!rows.room(1 + floorRoom(aor, floor))) {
      this.#owedFloors.add(aor);
      return;
    }
    rows.u8(OP_FLOOR);
    writeFloor(rows, aor, floor);
  }

  forgetFloor(aor: string): void {
    const rows = this.#batch.rows;
    if (this.#owedFloors.has(aor)) return;
    if (!rows.room(1 + textRoom(aor.length))) {
      this.#owedFloors.add(aor);
      return;
    }
    rows.u8(OP_DELETE_FLOOR);
    rows.text(aor);
  }

  /** Sets an unreadable row aside, so that its id can be used. */
  reject(recordId: number, reason: string): void {
    const rows = this.#batch.rows;
    const octets = Buffer.from(reason, 'utf8');
    if (!rows.room(5 + textRoom(octets.length))) return;
    rows.u8(OP_REJECT);
    rows.u32(recordId);
    rows.octets(octets);
  }

  /** Brings one row up to the table; false when the batch is full. */
  merge(table: RecordReader, recordId: number): boolean {
    const found = table.readRecord(recordId);
    if (found !== undefined) {
      const rows = this.#batch.rows;
      if (!rows.room(1 + entryRoom(found.record))) return false;
      rows.u8(OP_ENTRY);
      writeEntry(rows, recordId, found.record, true);
    }
    this.#behind.delete(recordId);
    return true;
  }

  /**
   * Everything in the table is owed: the file that it was written to is gone. The floors come with the records of their
   * AoRs; one of an AoR without any record is known to nobody here, and stays in memory only.
   */
  oweAll(recordIdLimit: number): void {
    this.#behind.clear();
    for (let id = 0; id < recordIdLimit; id++) this.#owed.add(id);
    this.#floorsOwed = true;
  }

  /** Writes up to `most` owed records and floors while the batch is below `bytesFull`. */
  catchUp(table: StoredTable, most: number, bytesFull: number): void {
    let left = most;
    for (const aor of this.#owedFloors) {
      if (left-- <= 0 || this.#batch.rows.length >= bytesFull) return;
      this.#owedFloors.delete(aor);
      const floor = table.read(aor).floor;
      if (floor === undefined) this.forgetFloor(aor);
      else this.floor(aor, floor);
    }
    let id = this.#owed.next(0, Number.MAX_SAFE_INTEGER);
    while (id >= 0 && left-- > 0 && this.#batch.rows.length < bytesFull) {
      this.#owed.delete(id);
      this.#payRecord(table, id);
      id = this.#owed.next(id + 1, Number.MAX_SAFE_INTEGER);
    }
    if (this.owedCount === 0) this.#floorsOwed = false;
  }

  #payRecord(table: StoredTable, recordId: number): void {
    const found = table.readRecord(recordId);
    if (found === undefined || !isStored(found.record)) this.forget(recordId);
    else this.#record(recordId, found.aor, found.record);
    if (found === undefined || !this.#floorsOwed) return;
    const floor = table.read(found.aor).floor;
    if (floor !== undefined) this.floor(found.aor, floor);
  }

  /**
   * The whole record, into the rows, and into the journal with its Call-ID: an older entry of this id, of the record
   * that had it before, must not win at the next start.
   */
  #record(recordId: number, aor: string, record: LocationRecord): void {
    const { journal, rows } = this.#batch;
    if (!rows.room(1 + recordRoom(aor, record)) || !journal.room(entryRoom(record))) {
      this.#owed.add(recordId);
      return;
    }
    rows.u8(OP_RECORD);
    writeRecord(rows, recordId, aor, record);
    const start = journal.length;
    writeEntry(journal, recordId, record, true);
    this.#journalBytes += journal.length - start;
    this.#behind.delete(recordId);
  }
}

function isStored(record: LocationRecord | undefined): record is LocationRecord {
  return record !== undefined && !(record.kind === 'put' && (record.binding.flags & MEMORY_ONLY) !== 0);
}

/** Whether the part of the row that the journal does not carry is another. A removal leaves it as it is. */
function rowDiffers(before: LocationRecord, after: LocationRecord): boolean {
  if (before.contactUri !== after.contactUri || before.key !== after.key) return true;
  if (after.kind !== 'put') return false;
  return before.kind !== 'put' || bindingDiffers(before.binding, after.binding);
}

function bindingDiffers(a: Binding, b: Binding): boolean {
  if (a === b) return false;
  return (
    a.received !== b.received ||
    a.q !== b.q ||
    a.methods !== b.methods ||
    a.flags !== b.flags ||
    a.cflags !== b.cflags ||
    a.userAgent !== b.userAgent ||
    a.socket !== b.socket ||
    a.path !== b.path ||
    a.instance !== b.instance ||
    a.attr !== b.attr
  );
}
