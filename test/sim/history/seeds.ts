import { randomInt } from 'node:crypto';
import { inTest } from '../../support/soak.ts';

/** Seeds that one process runs. */
export interface Seeds {
  readonly from: number;
  readonly count: number;
}

/** Histories that each half runs: 2000 together in the tests, 100 000 in a soak. */
const COUNT = inTest(1000, { inSoak: 50_000 });

/** Seeds that a soak draws where it begins from lie in as many ranges as there are halves. */
const RANGE = 1_000_000_000;

/** In the tests always the same; a soak draws where it begins, so that each sees other histories, unless `TWINREG_FROM` says it. */
export function seedsOfHalf(half: 0 | 1): Seeds {
  const asked = process.env['TWINREG_FROM'];
  if (asked !== undefined) return { from: Number(asked) + half * COUNT, count: COUNT };
  const from = inTest(1 + half * COUNT, { inSoak: half * RANGE + randomInt(1, RANGE - COUNT) });
  return { from, count: COUNT };
}

/** The one history that somebody wants to see. */
export function replayedSeed(): number | undefined {
  const text = process.env['TWINREG_SEED'];
  return text === undefined ? undefined : Number(text);
}
