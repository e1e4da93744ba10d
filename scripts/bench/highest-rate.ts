/** Each step down is so much of the one before. */
const STEP = 0.9;
const LEAST_PER_S = 500;
const SECONDS = 5;
const FIRST = 20_000_000;

/** New phones, so many a second. */
export interface RateAttempt {
  readonly first: number;
  readonly count: number;
  readonly cseq: 1;
  readonly pace: { readonly rate: number };
}

/** From what the closed loop reached downwards: what the first rate that holds came to, undefined when none does. */
export async function highestRate<T>(
  fromPerSecond: number,
  attempt: (phones: RateAttempt) => Promise<T | undefined>,
): Promise<T | undefined> {
  let first = FIRST;
  for (let rate = fromPerSecond; rate > LEAST_PER_S; rate *= STEP) {
    const count = Math.round(rate * SECONDS);
    const held = await attempt({ first, count, cseq: 1, pace: { rate } });
    if (held !== undefined) return held;
    first += count;
  }
  return undefined;
}
