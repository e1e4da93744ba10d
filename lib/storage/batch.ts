import { ByteWriter } from './byte-writer.ts';
import { BATCH_BYTES_INITIAL, BATCH_BYTES_MAX } from './storage-limits.ts';

/** What a flush does to the tables beside appending its journal, one octet in front of each. */
export const OP_RECORD = 1;
export const OP_ENTRY = 2;
export const OP_DELETE = 3;
export const OP_FLOOR = 4;
export const OP_DELETE_FLOOR = 5;
export const OP_REJECT = 6;

/** The changes of one flush. Three of these take turns: two may be on their way to the disk while the third is filled. */
export interface Batch {
  /** Entries, exactly as they go into the journal table. */
  readonly journal: ByteWriter;
  /** Operations on rows, in order. */
  readonly rows: ByteWriter;
  /** Grows by one from batch to batch; the disk knows the last one that it holds. */
  seq: number;
  /** Change sets whose changes are in here. */
  changeSets: number;
  /** Monotonic time of the first of these. */
  firstChangeAtMs: number;
}

export function emptyBatch(): Batch {
  return {
    journal: new ByteWriter(BATCH_BYTES_INITIAL, BATCH_BYTES_MAX),
    rows: new ByteWriter(BATCH_BYTES_INITIAL, BATCH_BYTES_MAX),
    seq: 0,
    changeSets: 0,
    firstChangeAtMs: 0,
  };
}

/** Makes the batch ready to be filled again. */
export function reuseBatch(batch: Batch, seq: number): void {
  batch.journal.clear();
  batch.rows.clear();
  batch.seq = seq;
  batch.changeSets = 0;
}
