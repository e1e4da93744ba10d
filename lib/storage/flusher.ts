import type { Clock } from '../core/clock.ts';
import { invariant } from '../core/errors.ts';
import { emptyBatch, reuseBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { ChangeWriter } from './change-writer.ts';
import type { StoredTable } from './change-writer.ts';
import type { JournalLedger } from './journal-ledger.ts';
import type { MergeSweep } from './merge-sweep.ts';
import type { FlushOrder } from './messages.ts';
import {
  BATCH_BYTES_FULL,
  CATCH_UP_STEP_RECORDS,
  FLUSHES_IN_FLIGHT_MAX,
  JOURNAL_DELETE_BYTES,
} from './storage-limits.ts';

/** What the flusher tells, and what it needs. */
export interface FlusherPorts {
  readonly clock: Clock;
  readonly table: StoredTable;
  clusterNowMs(): number;
  post(order: FlushOrder): void;
  /** A batch is on disk; `complete`: and with it all that was in memory when it was cut. */
  durable(batch: FlushedBatch): void;
  /** Changes come faster than the disk takes them: some are not in any batch. */
  overflowed(): void;
}

/** Where a file stands that was opened. */
interface FileHead {
  readonly seq: number;
  readonly markMs: number;
}

export interface FlushedBatch {
  readonly seq: number;
  readonly markMs: number;
  readonly complete: boolean;
}

interface Flight {
  readonly batch: Batch;
  readonly order: FlushOrder;
  readonly complete: boolean;
  readonly postedAtMs: number;
}

/**
 * Cuts batches and sends them to the storage thread, at most two at a time, in order. Batches that the thread has not
 * acknowledged are kept, so that they can be sent again to a new thread.
 */
export class Flusher {
  readonly writer: ChangeWriter;
  readonly #ports: FlusherPorts;
  readonly #ledger: JournalLedger;
  readonly #sweep: MergeSweep;
  readonly #free: Batch[] = [emptyBatch(), emptyBatch()];
  #flights: Flight[] = [];
  #current: Batch = emptyBatch();
  #connected = true;
  #clearFirst = false;
  #cutWanted = false;
  #durableSeq: number;
  #markMs: number;
  #lastCutMs: number;
  #waiting: { readonly seq: number; readonly done: () => void }[] = [];

  /** @param file the last batch that the file holds, and its mark. */
  constructor(ports: FlusherPorts, ledger: JournalLedger, sweep: MergeSweep, file: FileHead) {
    this.#ports = ports;
    this.#ledger = ledger;
    this.#sweep = sweep;
    this.#durableSeq = file.seq;
    this.#markMs = file.markMs;
    this.#lastCutMs = ports.clock.monotonicMs();
    this.#current.seq = file.seq + 1;
    this.writer = new ChangeWriter(this.#current);
  }

  get currentSeq(): number {
    return this.#current.seq;
  }

  get durableSeq(): number {
    return this.#durableSeq;
  }

  get lastCutMs(): number {
    return this.#lastCutMs;
  }

  /** Monotonic time at which the oldest batch that is on its way was sent; undefined when none is. */
  get waitingSinceMs(): number | undefined {
    return this.#flights[0]?.postedAtMs;
  }

  get pending(): number {
    const sets = this.#flights.reduce((sum, flight) => sum + flight.batch.changeSets, this.#current.changeSets);
    return sets + this.writer.owedCount;
  }

  get lagMs(): number {
    const oldest = [...this.#flights.map((flight) => flight.batch), this.#current].find(
      (batch) => batch.changeSets > 0,
    );
    return oldest === undefined ? 0 : this.#ports.clock.monotonicMs() - oldest.firstChangeAtMs;
  }

  /** Before each change set, so that a change set is never divided between two batches. */
  beginChangeSet(): void {
    if (this.#isFull()) this.cut();
    if (this.#current.changeSets++ === 0) this.#current.firstChangeAtMs = this.#ports.clock.monotonicMs();
  }

  /** One step of what goes on beside the changes: the merge, and what an overflow left behind. */
  step(rush: boolean): void {
    const { table } = this.#ports;
    const owed = this.writer.owedCount > 0;
    // Also in the step that pays the last of it: only the flush of that batch mends it.
    if (owed) this.#ports.overflowed();
    if (this.#isFull()) this.cut();
    if (!this.#connected || this.#isFull()) return;
    if (owed) this.writer.catchUp(table, CATCH_UP_STEP_RECORDS, BATCH_BYTES_FULL);
    else if (rush) this.#sweep.rush(table, this.writer);
    else this.#sweep.step(table, this.writer, this.#ledger.bytes);
  }

  /** Sends what is gathered; when two batches are on their way, as soon as one of them is on disk. */
  cut(): void {
    if (!this.#connected || this.#flights.length >= FLUSHES_IN_FLIGHT_MAX) {
      this.#cutWanted = true;
      return;
    }
    this.#cutWanted = false;
    const batch = this.#current;
    const next = this.#free.pop();
    invariant(next !== undefined, 'there is one batch more than may be in flight');
    const postedAtMs = this.#ports.clock.monotonicMs();
    const complete = this.writer.owedCount === 0;
    if (!complete) this.#ports.overflowed();
    const flight = { batch, order: this.#order(batch), complete, postedAtMs };
    this.#flights.push(flight);
    reuseBatch(next, batch.seq + 1);
    this.#current = next;
    this.writer.use(next);
    this.#lastCutMs = postedAtMs;
    this.#ports.post(flight.order);
  }

  /** Sends what is gathered, filled up with what an overflow left behind, however long that holds the event loop. */
  cutFull(): void {
    if (this.#connected && !this.#isFull()) this.writer.catchUp(this.#ports.table, Infinity, BATCH_BYTES_FULL);
    this.cut();
  }

  flushed(seq: number): void {
    const flight = this.#flights[0];
    // An answer of a thread that has been given up since.
    if (flight?.order.seq !== seq) return;
    this.#flights.shift();
    this.#free.push(flight.batch);
    this.#durableSeq = seq;
    const { markMs } = flight.order;
    this.#ports.durable({ seq, markMs, complete: flight.complete });
    if (flight.complete) this.#release(seq);
    if (this.#cutWanted) this.cut();
  }

  /** Calls `done` when a flush that was cut after now, and with which all of memory is there, is on disk. */
  whenFlushed(done: () => void): void {
    this.#waiting.push({ seq: this.#current.seq, done });
  }

  /** Nothing is sent until `resume` or `startOver`. */
  disconnect(): void {
    this.#connected = false;
  }

  /** The same file is open again: what it has not acknowledged is sent once more. */
  resume(): void {
    this.#connected = true;
    for (const flight of this.#flights) this.#ports.post(flight.order);
    if (this.#cutWanted) this.cut();
  }

  /** Another file is there instead: it gets all that the table holds. @param fileSeq the last batch that it says to hold. */
  startOver(fileSeq: number): void {
    this.#free.push(...this.#flights.map((flight) => flight.batch));
    const seq = Math.max(fileSeq, this.#current.seq) + 1;
    this.#flights = [];
    this.#ledger.clear();
    reuseBatch(this.#current, seq);
    this.#clearFirst = true;
    this.writer.oweAll(this.#ports.table.recordIdLimit);
    this.#connected = true;
    this.#ports.overflowed();
    this.cut();
  }

  #order(batch: Batch): FlushOrder {
    const { clock, table } = this.#ports;
    const position = this.#sweep.position;
    this.#ledger.add(batch.seq, batch.journal.length, position);
    const nowMs = this.#ports.clusterNowMs();
    // Rule 19: what a crash loses was stamped no more than the reserve above the mark. Time may have gone back since, when the
    // twin's was taken over, and a stamp may be ahead of time, above a version of the twin's: the mark covers all of them.
    this.#markMs = Math.max(this.#markMs, nowMs, table.lastStampMs);
    const clear = this.#clearFirst;
    this.#clearFirst = false;
    return {
      type: 'flush',
      seq: batch.seq,
      journal: batch.journal.memory,
      journalBytes: batch.journal.length,
      rows: batch.rows.memory,
      rowsBytes: batch.rows.length,
      deleteUpTo: this.#ledger.overtaken(position, JOURNAL_DELETE_BYTES + batch.journal.length),
      markMs: this.#markMs,
      clockOffsetMs: Math.round(nowMs - clock.wallMs()),
      clear,
    };
  }

  #isFull(): boolean {
    return this.#current.rows.length + this.#current.journal.length >= BATCH_BYTES_FULL;
  }

  #release(seq: number): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter((waiter) => waiter.seq <= seq);
    this.#waiting = this.#waiting.filter((waiter) => waiter.seq > seq);
    for (const waiter of due) waiter.done();
  }
}
