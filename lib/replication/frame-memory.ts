const SEGMENT_BYTES = 256 * 1024;
/** Free segments that are kept for use; more go back to the system. */
const FREE_MAX = 16;

class Segment {
  readonly bytes = Buffer.allocUnsafeSlow(SEGMENT_BYTES);
  used = 0;
  /** Frames in it that are still needed. */
  live = 0;
}

/** A piece of memory that holds one frame until it is given back. */
export interface FramePlace {
  readonly bytes: Buffer;
  readonly segment: Segment | undefined;
}

/**
 * Memory for frames that are kept for a while and given back in about the order in which they were made. Fresh memory for
 * each would cost more than all the rest of replication.
 */
export class FrameMemory {
  readonly #free: Segment[] = [];
  #current = new Segment();

  take(length: number): FramePlace {
    if (length > SEGMENT_BYTES) return { bytes: Buffer.allocUnsafeSlow(length), segment: undefined };
    if (this.#current.used + length > SEGMENT_BYTES) this.#next();
    const segment = this.#current;
    const bytes = segment.bytes.subarray(segment.used, segment.used + length);
    segment.used += length;
    segment.live++;
    return { bytes, segment };
  }

  giveBack({ segment }: FramePlace): void {
    if (segment === undefined) return;
    segment.live--;
    if (segment.live > 0) return;
    segment.used = 0;
    if (segment !== this.#current && this.#free.length < FREE_MAX) this.#free.push(segment);
  }

  #next(): void {
    this.#current = this.#free.pop() ?? new Segment();
  }
}
