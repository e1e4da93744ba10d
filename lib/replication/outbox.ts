import type { Batch, ChangeLog } from './change-log.ts';
import { BULK_WINDOW_BYTES, LOG_WINDOW_BYTES } from './limits.ts';

/** Where frames of a reconciliation come from, one at a time, each as late as possible. */
export interface BulkSource {
  /** The next frame, or undefined when there is nothing to send now. */
  nextBulk(): Buffer | undefined;
}

/**
 * The order in which a connection's frames go out: what keeps it alive first, then the log, then the reconciliation. The
 * latter two only as far as their windows allow, so that little ever stands before a heartbeat, here, in the kernel or on the
 * wire, and a twin that does not read costs no more memory than these windows.
 */
export class Outbox {
  readonly #log: ChangeLog;
  readonly #bulk: BulkSource;
  readonly #send: (bytes: Buffer) => void;
  /** Position up to which the log was sent; undefined until it may be. */
  #logSent: number | undefined;
  /** Sizes of the log frames that are under way, with their last positions. */
  #underWay: { readonly last: number; readonly bytes: number }[] = [];
  #logBytes = 0;
  #bulkSent = 0;
  #bulkAcknowledged = 0;

  constructor(log: ChangeLog, bulk: BulkSource, send: (bytes: Buffer) => void) {
    this.#log = log;
    this.#bulk = bulk;
    this.#send = send;
  }

  /** Position up to which the log went out on this connection. */
  get logSent(): number {
    return this.#logSent ?? 0;
  }

  get isLogSent(): boolean {
    return this.#logSent === this.#log.head;
  }

  /** Octets of reconciliation frames under way. */
  get bulkUnderWay(): number {
    return this.#bulkSent - this.#bulkAcknowledged;
  }

  urgent(bytes: Buffer): void {
    this.#send(bytes);
  }

  /** The log is sent from behind this position on. */
  beginLog(after: number): void {
    this.#logSent = after;
  }

  /** The log was acknowledged up to here; false for a position that was not sent. */
  logAcknowledged(position: number): boolean {
    if (position > this.logSent) return false;
    let passed = 0;
    for (const { last, bytes } of this.#underWay) {
      if (last > position) break;
      this.#logBytes -= bytes;
      passed++;
    }
    if (passed > 0) this.#underWay = this.#underWay.slice(passed);
    return true;
  }

  /** So many octets of reconciliation frames were dealt with; false for more than were sent. */
  bulkAcknowledged(bytes: number): boolean {
    if (bytes < this.#bulkAcknowledged || bytes > this.#bulkSent) return false;
    this.#bulkAcknowledged = bytes;
    return true;
  }

  /** Sends what may go now. */
  pump(): void {
    this.pumpLog();
    while (this.bulkUnderWay < BULK_WINDOW_BYTES) {
      const bytes = this.#bulk.nextBulk();
      if (bytes === undefined) return;
      this.#bulkSent += bytes.length;
      this.#send(bytes);
    }
  }

  /** Sends of the log what may go now. */
  pumpLog(): void {
    if (this.#logSent === undefined) return;
    while (this.#logBytes < LOG_WINDOW_BYTES) {
      const batch: Batch | undefined = this.#log.after(this.#logSent);
      if (batch === undefined) return;
      this.#logSent = batch.last;
      this.#logBytes += batch.bytes.length;
      this.#underWay.push({ last: batch.last, bytes: batch.bytes.length });
      this.#send(batch.bytes);
    }
  }
}
