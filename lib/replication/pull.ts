import type { BucketIndex } from '../location/bucket-index.ts';
import { BUCKETS } from '../location/bucket-digests.ts';
import { DIGEST_BYTES } from '../location/digest.ts';
import { FRAME } from './frame-type.ts';
import type { Pair } from './frames.ts';
import { frame, pairsFrame } from './frames.ts';
import { DIGESTS_PER_FRAME, PAIRS_MAX } from './limits.ts';
import type { ReplicatedTable } from './ports.ts';
import { ProtocolError } from './protocol-error.ts';

type PullTable = Pick<ReplicatedTable, 'writeBucketDigests' | 'bucketIndex'>;

/**
 * The receiving half of a reconciliation: this node says what it has, and the twin sends what is missing here. First the
 * digests of all buckets; then, for each bucket that the twin asks about, its AoRs by hash and digest. What the twin then
 * sends is merged like any change; its end mark ends the round.
 */
export class Pull {
  readonly #table: PullTable;
  #index: BucketIndex | undefined;
  #nextBucket = BUCKETS;
  #wanted: number[] = [];
  #isRunning = false;
  #received = 0;

  constructor(table: PullTable) {
    this.#table = table;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** States that came in this round. */
  get received(): number {
    return this.#received;
  }

  begin(): void {
    this.#isRunning = true;
    this.#index = undefined;
    this.#nextBucket = 0;
    this.#wanted = [];
    this.#received = 0;
  }

  /** The next frame to send, or undefined when there is nothing to say now. */
  nextFrame(nowMs: number): Buffer | undefined {
    if (this.#nextBucket < BUCKETS) return this.#digests();
    const bucket = this.#wanted.shift();
    return bucket === undefined ? undefined : this.#pairs(bucket, nowMs);
  }

  /** The twin asks for the AoRs of some buckets. */
  want(buckets: readonly number[]): void {
    this.#expectRunning('a question about buckets');
    if (this.#wanted.length + buckets.length > BUCKETS || buckets.some((bucket) => bucket >= BUCKETS))
      throw new ProtocolError('frame-unexpected', 'a question about buckets that do not exist');
    this.#wanted.push(...buckets);
  }

  took(states: number): void {
    this.#expectRunning('states');
    this.#received += states;
  }

  end(): void {
    this.#expectRunning('an end mark');
    if (this.#nextBucket < BUCKETS)
      throw new ProtocolError('frame-unexpected', 'an end mark before all digests were sent');
    this.#isRunning = false;
    this.#index = undefined;
    this.#wanted = [];
  }

  #digests(): Buffer {
    const first = this.#nextBucket;
    this.#nextBucket += DIGESTS_PER_FRAME;
    return frame(FRAME.digests, (out) => {
      out.u16(first);
      out.u16(DIGESTS_PER_FRAME);
      const digests = Buffer.allocUnsafe(DIGESTS_PER_FRAME * DIGEST_BYTES);
      this.#table.writeBucketDigests(digests, 0, first, DIGESTS_PER_FRAME);
      out.octets(digests);
    });
  }

  /** AoRs that came since the index was made are left out: the twin sends them, for nothing. */
  #pairs(bucket: number, nowMs: number): Buffer {
    const index = (this.#index ??= this.#table.bucketIndex());
    if (index.count(bucket) > PAIRS_MAX) return pairsFrame({ bucket, overflow: true, pairs: [] });
    const pairs: Pair[] = [];
    for (const { summary, isOutlived } of index.states(bucket, nowMs)) if (!isOutlived) pairs.push(summary);
    return pairsFrame({ bucket, overflow: false, pairs });
  }

  #expectRunning(what: string): void {
    if (!this.#isRunning) throw new ProtocolError('frame-unexpected', `${what} that nobody asked for`);
  }
}
