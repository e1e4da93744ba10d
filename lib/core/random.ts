import { randomFillSync } from 'node:crypto';

/** A source of unpredictable numbers. The system's is made once, at the edge; tests use a seeded one. */
export interface Random {
  /** Uniform in 0..2^32-1. */
  u32(): number;
}

const POOL_WORDS = 1024;

/** The operating system's randomness, drawn in pools: one word at a time would cost microseconds each. */
export function systemRandom(): Random {
  const pool = new Uint32Array(POOL_WORDS);
  let next = POOL_WORDS;
  return {
    u32() {
      if (next === POOL_WORDS) {
        randomFillSync(pool);
        next = 0;
      }
      return pool[next++] ?? 0;
    },
  };
}
