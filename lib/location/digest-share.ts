import type { LocationRecord } from './record.ts';
import { rankOf } from './record.ts';
import type { Version } from './version.ts';

const U32 = 0x1_0000_0000;

const HIGH_SEED = 0x6a09e667;
const LOW_SEED = 0xbb67ae85;
const HIGH_FACTOR = 0x85ebca6b;
const LOW_FACTOR = 0x7feb352d;
const PENULTIMATE_FACTOR = 0xc2b2ae35;
const LAST_FACTOR = 0x846ca68b;

/** What the share is of: a record's rank (1, 2), with this bit if it is sticky; or a floor. */
const STICKY = 4;
const FLOOR = 8;

/**
 * What one record, or one floor, adds to a digest: 64 bits, as two words. Both are mixed in the same way, with constants
 * of their own, from five words: the AoR's bucket hash, the version's milliseconds modulo 2^32, the rest of them · 2^16 +
 * counter, incarnation, node id · 2^4 + what it is. A version names a record within its AoR, so its key need not be
 * hashed. Part of the protocol: all nodes must mix alike. One share is used again and again.
 */
export class DigestShare {
  /** Signed: for sums modulo 2^32. */
  high = 0;
  low = 0;

  ofRecord(hash: number, record: LocationRecord): void {
    this.#mix(hash, record.version, rankOf(record) | (record.sticky ? STICKY : 0));
  }

  ofFloor(hash: number, version: Version): void {
    this.#mix(hash, version, FLOOR);
  }

  /** Both words in one go and in whole numbers of 32 bits, since this is done twice for each REGISTER. */
  #mix(hash: number, version: Version, what: number): void {
    const { ms, incarnation } = version;
    const time = ((ms / U32) << 16) | version.counter;
    const kind = (version.nodeId << 4) | what;
    let high = step(HIGH_SEED ^ kind, HIGH_FACTOR);
    let low = step(LOW_SEED ^ kind, LOW_FACTOR);
    high = step(high ^ incarnation, HIGH_FACTOR);
    low = step(low ^ incarnation, LOW_FACTOR);
    high = step(high ^ hash, HIGH_FACTOR);
    low = step(low ^ hash, LOW_FACTOR);
    high = step(high ^ time, HIGH_FACTOR);
    low = step(low ^ time, LOW_FACTOR);
    high = step(high ^ ms, HIGH_FACTOR);
    low = step(low ^ ms, LOW_FACTOR);
    this.high = step(step(high, PENULTIMATE_FACTOR), LAST_FACTOR);
    this.low = step(step(low, PENULTIMATE_FACTOR), LAST_FACTOR);
  }
}

/** A permutation of all words, so that what differs in one word only stays different. */
function step(word: number, factor: number): number {
  const product = Math.imul(word, factor);
  return product ^ (product >>> 15);
}
