import { halfSipHash } from '../../../lib/location/half-sip-hash.ts';
import type { AorState } from '../../../lib/location/record.ts';
import { rankOf } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';

const BUCKETS = 16_384;
const WORD = 0xffff_ffffn;

/** The digests once more, from the description of the protocol, in whole numbers and without a thought for speed. */
export function naiveDigests(states: Iterable<AorState>): Buffer {
  const sums = new Map<number, { high: bigint; low: bigint }>();
  for (const state of states) {
    const bucket = naiveHash(state.aor) % BUCKETS;
    const sum = sums.get(bucket) ?? { high: 0n, low: 0n };
    const { high, low } = naiveSum(state);
    sums.set(bucket, { high: (sum.high + high) & WORD, low: (sum.low + low) & WORD });
  }
  const bytes = Buffer.alloc(BUCKETS * 8);
  for (const [bucket, { high, low }] of sums) {
    bytes.writeUInt32BE(Number(high), bucket * 8);
    bytes.writeUInt32BE(Number(low), bucket * 8 + 4);
  }
  return bytes;
}

export function naiveHash(aor: string): number {
  const octets = Buffer.from(aor, 'latin1');
  const words = new Uint32Array(Math.ceil((octets.length + 1) / 4));
  octets.forEach((octet, index) => (words[index >> 2]! |= octet << ((index & 3) * 8)));
  return halfSipHash(words, octets.length, [0x74776e72, 0x65670001]);
}

export function naiveSum({ aor, floor, records }: AorState): { high: bigint; low: bigint } {
  const hash = naiveHash(aor);
  const shares = records.map((record) => share(hash, record.version, rankOf(record) + (record.sticky ? 4 : 0)));
  if (floor !== undefined) shares.push(share(hash, floor.version, 8));
  const sum = (part: 'high' | 'low'): bigint => shares.reduce((total, each) => total + each[part], 0n) & WORD;
  return { high: sum('high'), low: sum('low') };
}

function share(hash: number, { ms, counter, nodeId, incarnation }: Version, what: number) {
  const time = BigInt(ms);
  const words = [
    BigInt(nodeId * 16 + what),
    BigInt(incarnation),
    BigInt(hash),
    ((time >> 32n) << 16n) + BigInt(counter),
    time & WORD,
  ];
  return { high: mixed(words, 0x6a09e667n, 0x85ebca6bn), low: mixed(words, 0xbb67ae85n, 0x7feb352dn) };
}

function mixed(words: readonly bigint[], seed: bigint, factor: bigint): bigint {
  let sum = seed;
  for (const word of words) sum = step(sum ^ word, factor);
  return step(step(sum, 0xc2b2ae35n), 0x846ca68bn);
}

function step(word: bigint, factor: bigint): bigint {
  const product = (word * factor) & WORD;
  return product ^ (product >> 15n);
}
