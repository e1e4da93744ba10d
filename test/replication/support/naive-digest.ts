/*
 * Hashes and digests of a reconciliation, written from docs/REPLICATION.md §9 with whole numbers of any size, so that no
 * rule of 32-bit arithmetic is taken over from the real ones.
 */
import type { AorState, Floor, LocationRecord } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';

const WORD = 1n << 32n;

export interface NaiveDigest {
  readonly high: number;
  readonly low: number;
}

export function naiveBucketHash(aor: string): number {
  return halfSipHash(aor, 0x74776e72n, 0x65670001n);
}

export function naiveCheckHash(aor: string): number {
  return halfSipHash(aor, 0x74776e72n, 0x65670002n);
}

/** HalfSipHash-1-3 with 32 bits of output, by the page's steps. */
function halfSipHash(aor: string, k0: bigint, k1: bigint): number {
  const v = [k0, k1, 0x6c796765n ^ k0, 0x74656462n ^ k1];
  const octets = Array.from(aor, (char) => BigInt(char.charCodeAt(0)));
  const whole = octets.length - (octets.length % 4);
  for (let at = 0; at < whole; at += 4) absorb(v, littleEndian(octets.slice(at, at + 4)));
  absorb(v, littleEndian(octets.slice(whole)) + (BigInt(octets.length % 256) << 24n));
  v[2] = word(v, 2) ^ 0xffn;
  for (let count = 0; count < 3; count++) round(v);
  return Number(word(v, 1) ^ word(v, 3));
}

function littleEndian(octets: readonly bigint[]): bigint {
  return octets.reduceRight((value, octet) => value * 256n + octet, 0n);
}

function absorb(v: bigint[], m: bigint): void {
  v[3] = word(v, 3) ^ m;
  round(v);
  v[0] = word(v, 0) ^ m;
}

function round(v: bigint[]): void {
  addRotateXor(v, 0, 1, 5n);
  v[0] = rotate(word(v, 0), 16n);
  addRotateXor(v, 2, 3, 8n);
  addRotateXor(v, 0, 3, 7n);
  addRotateXor(v, 2, 1, 13n);
  v[2] = rotate(word(v, 2), 16n);
}

/** a += b; b <<<= by; b ^= a */
function addRotateXor(v: bigint[], a: number, b: number, by: bigint): void {
  v[a] = (word(v, a) + word(v, b)) % WORD;
  v[b] = rotate(word(v, b), by) ^ word(v, a);
}

function word(v: readonly bigint[], index: number): bigint {
  return v[index] ?? 0n;
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) % WORD) + (value >> (32n - by));
}

export function naiveShareOfRecord(aor: string, record: LocationRecord): NaiveDigest {
  return share(aor, record.version, (record.kind === 'judged' ? 2 : 1) + (record.sticky ? 4 : 0));
}

export function naiveShareOfFloor(aor: string, floor: Floor): NaiveDigest {
  return share(aor, floor.version, 8);
}

export function naiveDigestOf({ aor, floor, records }: AorState): NaiveDigest {
  const shares = records.map((record) => naiveShareOfRecord(aor, record));
  if (floor !== undefined) shares.push(naiveShareOfFloor(aor, floor));
  return naiveSum(shares);
}

export function naiveSum(shares: readonly NaiveDigest[]): NaiveDigest {
  const sum = (name: 'high' | 'low') => shares.reduce((total, one) => (total + one[name]) % 2 ** 32, 0);
  return { high: sum('high'), low: sum('low') };
}

function share(aor: string, version: Version, what: number): NaiveDigest {
  const ms = BigInt(version.ms);
  const words = {
    hash: BigInt(naiveBucketHash(aor)),
    ms: ms % WORD,
    time: (ms / WORD) * 65536n + BigInt(version.counter),
    incarnation: BigInt(version.incarnation),
    kind: BigInt(version.nodeId * 16 + what),
  };
  return { high: mix(0x6a09e667n, 0x85ebca6bn, words), low: mix(0xbb67ae85n, 0x7feb352dn, words) };
}

interface Words {
  readonly hash: bigint;
  readonly ms: bigint;
  readonly time: bigint;
  readonly incarnation: bigint;
  readonly kind: bigint;
}

function mix(seed: bigint, factor: bigint, { hash, ms, time, incarnation, kind }: Words): number {
  let s = step(seed ^ kind, factor);
  s = step(s ^ incarnation, factor);
  s = step(s ^ hash, factor);
  s = step(s ^ time, factor);
  s = step(s ^ ms, factor);
  s = step(s, 0xc2b2ae35n);
  return Number(step(s, 0x846ca68bn));
}

function step(value: bigint, factor: bigint): bigint {
  const product = (value * factor) % WORD;
  return product ^ (product >> 15n);
}
