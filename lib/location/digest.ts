/**
 * 64 bits in two words: the sum, word by word and modulo 2^32, of what each record and floor adds (`digest-share.ts`). The
 * digest of nothing is 0, 0.
 */
export interface Digest {
  readonly high: number;
  readonly low: number;
}

/** Octets of a digest in a frame: high, then low, big-endian. */
export const DIGEST_BYTES = 8;
