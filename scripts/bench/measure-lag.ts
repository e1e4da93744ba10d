import type { LagResult } from './lag.ts';
import type { LoadClient } from './load-client.ts';
import { placeOf } from './measure-pair.ts';
import { pause } from './pause.ts';
import type { ServerPair } from './server.ts';

export interface LagFigures extends LagResult {
  /** Registrations that came beside those of which the lag was measured. */
  readonly loadPerSecond: number;
}

const PHONES = 1500;
const PHONES_FIRST = 60_000_000;
const LOAD_FIRST = 70_000_000;
/** Longer than the phones take one after another. */
const LOAD_S = 10;
const BETWEEN_MS = 1500;

/** At each of these rates of other registrations. @param beside carries them */
export async function measureLag(
  pair: ServerPair,
  load: LoadClient,
  beside: LoadClient,
  loadsPerSecond: readonly number[],
): Promise<readonly LagFigures[]> {
  const { active, passive } = pair;
  const places = { active: placeOf(active), passive: placeOf(passive) };
  const all: LagFigures[] = [];
  for (const [index, rate] of loadsPerSecond.entries()) {
    const count = rate * LOAD_S;
    const others = beside.run({ ...places.active, first: LOAD_FIRST, count, cseq: index + 1, pace: { rate } });
    const lags = await load.lag({ ...places, first: PHONES_FIRST + index * PHONES, count: PHONES });
    await others;
    all.push({ ...lags, loadPerSecond: rate });
    await pause(BETWEEN_MS);
  }
  return all;
}
