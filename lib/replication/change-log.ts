import { invariant } from '../core/errors.ts';
import type { Floor, LocationRecord } from '../location/record.ts';
import type { FramePlace } from './frame-memory.ts';
import { FrameMemory } from './frame-memory.ts';
import { FRAME, HEAD_BYTES, TAIL_BYTES } from './frame-type.ts';
import { sealFrame } from './frames.ts';
import { LOG_FRAME_BYTES } from './limits.ts';
import { writeState } from './state-codec.ts';
import { WireWriter } from './wire-writer.ts';

/** Change sets of this node as one finished frame. */
export interface Batch {
  /** Grows by one from batch to batch over the life of the process; what the commit gate counts by. */
  readonly number: number;
  /** Positions of its first and last change set. */
  readonly first: number;
  readonly last: number;
  /** The whole frame; stays as it is until the batch is acknowledged. */
  readonly bytes: Buffer;
  /** Monotonic: since when it waits to be acknowledged; undefined for one that was filled in this very turn. */
  readonly cutAtMs: number | undefined;
}

interface StoredBatch extends Batch {
  cutAtMs: number | undefined;
  readonly place: FramePlace;
}

const HEADER_BYTES = 8;
const COUNT_AT = 6;
const ENTRIES_MAX = 0xffff;

/**
 * The change sets that originate at this node, numbered from 1, as frames that wait to be sent and acknowledged. All that
 * is not acknowledged is kept, so that a connection between the same two processes can go on where the last one ended;
 * beyond `bytesMax` it is given up as a whole, and the twin needs a reconciliation.
 */
export class ChangeLog {
  readonly #bytesMax: number;
  readonly #memory = new FrameMemory();
  readonly #open = new WireWriter();
  #openCount = 0;
  #batches: StoredBatch[] = [];
  /** Batches before this index are acknowledged and gone. */
  #firstIndex = 0;
  #batchNumber = 1;
  #head = 0;
  #bytes = 0;
  /** The last position that is not kept any more, because it was acknowledged or given up. */
  #base = 0;
  #isKeeping = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The last position; 0 before the first change set. */
  get head(): number {
    return this.#head;
  }

  /** The last position that has been acknowledged or given up. */
  get base(): number {
    return this.#base;
  }

  get bytes(): number {
    return this.#bytes + this.#open.length;
  }

  get isKeeping(): boolean {
    return this.#isKeeping;
  }

  /** Number of the batch that takes the next change set. */
  get openBatch(): number {
    return this.#batchNumber;
  }

  get hasOpen(): boolean {
    return this.#openCount > 0;
  }

  /** The oldest batch that is not acknowledged. */
  get oldest(): Batch | undefined {
    return this.#batches[this.#firstIndex];
  }

  /** A change set that nobody will ask for: it is counted, and not kept. */
  skip(): void {
    this.#head++;
    this.#base = this.#head;
  }

  /** @returns false when there was no room: everything was given up, and only `keep` begins anew */
  append(aor: string, floor: Floor | undefined, records: readonly LocationRecord[]): boolean {
    if (!this.#isKeeping) {
      this.skip();
      return true;
    }
    this.#head++;
    if (this.#openCount === 0) this.#begin();
    writeState(this.#open, { aor, floor, records });
    this.#openCount++;
    if (this.bytes > this.#bytesMax) {
      this.giveUp();
      return false;
    }
    if (this.#open.length >= LOG_FRAME_BYTES || this.#openCount === ENTRIES_MAX) this.#finish();
    return true;
  }

  /** Finishes the batch that is being filled, if any: all that is there waits from now on. */
  cut(nowMs: number): void {
    this.#finish();
    for (let at = this.#batches.length - 1; at >= this.#firstIndex; at--) {
      const batch = this.#batches[at];
      if (batch?.cutAtMs !== undefined) return;
      if (batch !== undefined) batch.cutAtMs = nowMs;
    }
  }

  #finish(): void {
    if (this.#openCount === 0) return;
    this.#open.patchU16(COUNT_AT, this.#openCount);
    const body = this.#open.written();
    const place = this.#memory.take(HEAD_BYTES + body.length + TAIL_BYTES);
    body.copy(place.bytes, HEAD_BYTES);
    const bytes = sealFrame(place.bytes, FRAME.log);
    const first = this.#head - this.#openCount + 1;
    this.#batches.push({ number: this.#batchNumber++, first, last: this.#head, bytes, cutAtMs: undefined, place });
    this.#bytes += bytes.length;
    this.#openCount = 0;
    this.#open.clear();
  }

  /** From now on what comes is kept. What was kept before is not needed: a reconciliation covers it. */
  keep(): void {
    this.giveUp();
    this.#isKeeping = true;
  }

  /** Nothing is kept any more, and positions go on being counted. */
  giveUp(): void {
    for (const batch of this.#batches.slice(this.#firstIndex)) this.#memory.giveBack(batch.place);
    this.#batches = [];
    this.#firstIndex = 0;
    this.#bytes = 0;
    if (this.#openCount > 0) this.#batchNumber++;
    this.#openCount = 0;
    this.#open.clear();
    this.#base = this.#head;
    this.#isKeeping = false;
  }

  /** Whether all behind `position` is there, and `position` is the end of a batch. What is open must have been cut. */
  canGoOnAfter(position: number): boolean {
    if (!this.#isKeeping || position < this.#base || position > this.#head) return false;
    return position === this.#head || this.#indexAfter(position) >= 0;
  }

  /** The finished batch that follows on a position which is the end of one. */
  after(position: number): Batch | undefined {
    const index = this.#indexAfter(position);
    return index < 0 ? undefined : this.#batches[index];
  }

  /**
   * All up to `position` was acknowledged.
   * @returns the number of the last batch that is now acknowledged as a whole; 0 if none became so
   */
  acknowledged(position: number): number {
    let last = 0;
    for (let batch = this.#batches[this.#firstIndex]; batch !== undefined && batch.last <= position;) {
      last = batch.number;
      this.#base = batch.last;
      this.#bytes -= batch.bytes.length;
      this.#memory.giveBack(batch.place);
      this.#firstIndex++;
      batch = this.#batches[this.#firstIndex];
    }
    if (this.#firstIndex > 64 && this.#firstIndex * 2 > this.#batches.length) this.#dropPassed();
    return last;
  }

  #begin(): void {
    this.#open.clear();
    this.#open.u48(this.#head);
    this.#open.u16(0);
    invariant(this.#open.length === HEADER_BYTES, 'a log frame begins with its position and count');
  }

  /** Batches follow on each other without a gap, so a binary search finds it. */
  #indexAfter(position: number): number {
    let low = this.#firstIndex;
    let high = this.#batches.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const first = this.#batches[middle]?.first ?? 0;
      if (first === position + 1) return middle;
      if (first <= position) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #dropPassed(): void {
    this.#batches = this.#batches.slice(this.#firstIndex);
    this.#firstIndex = 0;
  }
}
