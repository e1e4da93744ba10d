import type { Digest } from './digest.ts';
import { DIGEST_BYTES } from './digest.ts';
import { DigestShare } from './digest-share.ts';
import type { AorState, LocationRecord } from './record.ts';
import type { Version } from './version.ts';

/** How many buckets the AoRs are divided into. Part of the protocol, like the hash that says which. */
export const BUCKETS = 16_384;

/** The bucket of an AoR with this bucket hash, 0..BUCKETS-1. */
export function bucketOf(hash: number): number {
  return hash & (BUCKETS - 1);
}

const NO_RECORDS: readonly LocationRecord[] = [];

/**
 * A digest of each bucket of AoRs, kept by difference: with each change what was is taken out and what is comes in. Two
 * tables with the same records and floors have the same digests, whatever way they came there.
 */
export class BucketDigests {
  readonly #high = new Int32Array(BUCKETS);
  readonly #low = new Int32Array(BUCKETS);
  readonly #share = new DigestShare();

  of(bucket: number): Digest {
    return { high: (this.#high[bucket] ?? 0) >>> 0, low: (this.#low[bucket] ?? 0) >>> 0 };
  }

  /** Puts `count` digests from `firstBucket` on one after the other, from `offset` on. */
  write(out: Buffer, offset: number, firstBucket: number, count: number): void {
    for (let index = 0; index < count; index++) {
      const at = offset + index * DIGEST_BYTES;
      out.writeInt32BE(this.#high[firstBucket + index] ?? 0, at);
      out.writeInt32BE(this.#low[firstBucket + index] ?? 0, at + 4);
    }
  }

  /** @param before its records stand at the same places in `after`, each the same object where it did not change. */
  changed(hash: number, before: AorState | undefined, after: AorState): void {
    const were = before?.records ?? NO_RECORDS;
    for (let index = 0; index < after.records.length; index++) {
      const was = were[index];
      const is = after.records[index];
      if (was === is) continue;
      if (was !== undefined) this.#takeRecord(hash, was);
      if (is !== undefined) this.#addRecord(hash, is);
    }
    const wasFloor = before?.floor;
    if (wasFloor === after.floor) return;
    if (wasFloor !== undefined) this.#takeFloor(hash, wasFloor.version);
    if (after.floor !== undefined) this.#addFloor(hash, after.floor.version);
  }

  /** Records of the AoR went out of memory, and its floor if `dropsFloor`. */
  dropped(hash: number, { records, floor }: AorState, indexes: ReadonlySet<number>, dropsFloor: boolean): void {
    for (const index of indexes) {
      const record = records[index];
      if (record !== undefined) this.#takeRecord(hash, record);
    }
    if (dropsFloor && floor !== undefined) this.#takeFloor(hash, floor.version);
  }

  #addRecord(hash: number, record: LocationRecord): void {
    this.#share.ofRecord(hash, record);
    this.#add(bucketOf(hash));
  }

  #takeRecord(hash: number, record: LocationRecord): void {
    this.#share.ofRecord(hash, record);
    this.#take(bucketOf(hash));
  }

  #addFloor(hash: number, version: Version): void {
    this.#share.ofFloor(hash, version);
    this.#add(bucketOf(hash));
  }

  #takeFloor(hash: number, version: Version): void {
    this.#share.ofFloor(hash, version);
    this.#take(bucketOf(hash));
  }

  #add(bucket: number): void {
    this.#high[bucket] = ((this.#high[bucket] ?? 0) + this.#share.high) | 0;
    this.#low[bucket] = ((this.#low[bucket] ?? 0) + this.#share.low) | 0;
  }

  #take(bucket: number): void {
    this.#high[bucket] = ((this.#high[bucket] ?? 0) - this.#share.high) | 0;
    this.#low[bucket] = ((this.#low[bucket] ?? 0) - this.#share.low) | 0;
  }
}
