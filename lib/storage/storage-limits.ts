/** Bytes that a batch's journal, and likewise its row operations, may take; what does not fit is noted by record id and written later. */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;
export const BATCH_BYTES_INITIAL = 256 * 1024;

/** A batch of this size is flushed without waiting for the interval. */
export const BATCH_BYTES_FULL = 4 * 1024 * 1024;

/** Batches at the storage thread; while both are there, changes go on into the third. */
export const FLUSHES_IN_FLIGHT_MAX = 2;

/**
 * The journal is merged into the rows at such a rate that it keeps about this size: bytes for each record id, within
 * bounds. Larger makes a change cheaper, and the file and the start slower.
 */
export const JOURNAL_BYTES_PER_ID = 256;
export const JOURNAL_BYTES_LEAST = 16 * 1024 * 1024;
export const JOURNAL_BYTES_MOST = 256 * 1024 * 1024;

/** Every so often a part of the records is merged. */
export const MERGE_STEP_MS = 100;
/**
 * Rows that a merge step writes at least, if so many are behind: 1000 a second. So the rows of a table that changes less
 * often than that are never more than about a second behind.
 */
export const MERGE_STEP_ROWS_LEAST = 100;
/** And at most: what the event loop can spare at a time. */
export const MERGE_STEP_ROWS_MOST = 4096;

/** Records that a step rewrites after an overflow, or into a new file. */
export const CATCH_UP_STEP_RECORDS = 2048;

/** Pause between steps of a merge that was asked for. */
export const MERGE_RUSH_MS = 25;

/** Journal bytes that one flush deletes at most, beside as much as it adds. */
export const JOURNAL_DELETE_BYTES = 8 * 1024 * 1024;

/** Record ids above this are not taken from a file: a table as large as the greatest id would have to be made. */
export const RECORD_ID_MAX = 64 * 1024 * 1024 - 1;

/** Records in one message of the loader. */
export const LOAD_CHUNK_RECORDS = 2048;

/** How long a flush may wait for another program's write lock before it counts as failed. */
export const BUSY_TIMEOUT_MS = 200;

/** Pause before a failed flush, or a dead storage thread, is tried again; doubled from the one to the other. */
export const RETRY_LEAST_MS = 100;
export const RETRY_MOST_MS = 1000;
