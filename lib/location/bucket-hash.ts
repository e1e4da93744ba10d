import type { HashKey } from './half-sip-hash.ts';

/**
 * HalfSipHash keys of the two hashes that all nodes compute alike for an AoR's octets: the bucket hash, whose low bits
 * are its bucket, and another one that with it names the AoR in 64 bits. Part of the protocol, so they are no secrets:
 * whoever chooses AoRs that collide gains a bucket that takes longer to compare, and no more. Where an AoR is found in
 * memory is decided by a secret hash.
 */
export const BUCKET_HASH_KEY: HashKey = [0x74776e72, 0x65670001];
export const CHECK_HASH_KEY: HashKey = [0x74776e72, 0x65670002];
