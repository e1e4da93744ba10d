/** 64 secret bits, as two words. */
export type HashKey = readonly [number, number];

/**
 * HalfSipHash-1-3 (Aumasson, Bernstein): 32 bits that nobody can predict or make collide without the key. AoRs come from
 * strangers; with a plain hash they could choose a million that share one chain.
 *
 * @param words the octets, four to a word, the first in the low end; those beyond `length` in the last word do not matter.
 * @param length in octets.
 */
export function halfSipHash(words: Uint32Array, length: number, key: HashKey): number {
  let v0 = key[0] | 0;
  let v1 = key[1] | 0;
  let v2 = 0x6c796765 ^ key[0];
  let v3 = 0x74656462 ^ key[1];
  const full = length >>> 2;
  // One loop for all rounds: those of the full words, that of the last with the length, and three to finish.
  for (let round = 0; round <= full + 3; round++) {
    const word = round < full ? (words[round] ?? 0) : round === full ? lastWord(words[round] ?? 0, length) : 0;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (round === full) v2 ^= 0xff;
  }
  return (v1 ^ v3) >>> 0;
}

/** The 0 to 3 octets that fill no word, below the length in the top octet. */
function lastWord(word: number, length: number): number {
  const rest = (length & 3) << 3;
  return (length << 24) | (word & ((1 << rest) - 1));
}
