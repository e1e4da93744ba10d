import type { RecordReader } from '../location/ports.ts';
import type { ChangeWriter } from './change-writer.ts';
import {
  JOURNAL_BYTES_LEAST,
  JOURNAL_BYTES_MOST,
  JOURNAL_BYTES_PER_ID,
  MERGE_STEP_ROWS_LEAST,
  MERGE_STEP_ROWS_MOST,
} from './storage-limits.ts';

/** How far the sweep has come: whole rounds over all record ids, and the next id of this round. */
export interface SweepPosition {
  readonly round: number;
  readonly recordId: number;
}

/**
 * Goes round and round over all record ids and writes the rows of those that are behind. After a whole round from where
 * it stood when a journal row was cut, every record in that row has been written since, and the row can go.
 *
 * The pace follows the bytes that come into the journal, so that the journal keeps its size whatever the load; and a
 * few rows are written at any load, so that a quiet table has rows that are nearly up to date.
 */
export class MergeSweep {
  #round = 0;
  #next = 0;
  #bytesSeen = 0;

  get position(): SweepPosition {
    return { round: this.#round, recordId: this.#next };
  }

  /** One step. `journalBytes`: what the journal on disk holds now. */
  step(table: RecordReader, writer: ChangeWriter, journalBytes: number): void {
    const idLimit = table.recordIdLimit;
    const added = writer.journalBytes - this.#bytesSeen;
    this.#bytesSeen = writer.journalBytes;
    this.#sweep(table, writer, idsDue(idLimit, added, journalBytes), MERGE_STEP_ROWS_LEAST);
  }

  /** A step that does not keep to the pace. */
  rush(table: RecordReader, writer: ChangeWriter): void {
    this.#sweep(table, writer, table.recordIdLimit, MERGE_STEP_ROWS_MOST);
  }

  #sweep(table: RecordReader, writer: ChangeWriter, idsLeast: number, rowsLeast: number): void {
    const idLimit = table.recordIdLimit;
    let ids = 0;
    let rows = 0;
    while (
      writer.behind.size > 0 &&
      ids <= idLimit &&
      rows < MERGE_STEP_ROWS_MOST &&
      (ids < idsLeast || rows < rowsLeast)
    ) {
      if (this.#next >= idLimit) this.#wrap();
      const id = writer.behind.next(this.#next, idLimit);
      const end = id < 0 ? idLimit : id;
      ids += end - this.#next;
      this.#next = end;
      if (id < 0) {
        this.#wrap();
        ids++;
        continue;
      }
      if (!writer.merge(table, id)) return;
      ids++;
      rows++;
      this.#next = id + 1;
    }
    // With nothing behind, every row is as good as visited.
    if (writer.behind.size === 0) this.#round++;
  }

  #wrap(): void {
    this.#round++;
    this.#next = 0;
  }
}

/** Ids to pass for so many new journal bytes; faster while the journal is larger than it should be. */
function idsDue(idLimit: number, bytesAdded: number, journalBytes: number): number {
  const target = Math.min(JOURNAL_BYTES_MOST, Math.max(JOURNAL_BYTES_LEAST, idLimit * JOURNAL_BYTES_PER_ID));
  return Math.ceil(((idLimit * bytesAdded) / target) * Math.max(1, journalBytes / target));
}
