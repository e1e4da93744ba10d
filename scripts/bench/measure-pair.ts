import { highestRate } from './highest-rate.ts';
import type { LoadClient } from './load-client.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { LOADS } from './measure.ts';
import { pause } from './pause.ts';
import { cpuUs } from './proc.ts';
import type { Server, ServerPair } from './server.ts';

/** CPU microseconds per REGISTER of all processes of each node, and the rate that the active one reached. */
export interface PairFigure {
  readonly activeUs: number;
  readonly passiveUs: number;
  readonly perSecond: number;
  readonly resent: number;
}

export interface PairFigures extends Readonly<Record<(typeof LOADS)[number], PairFigure>> {
  /** The greatest rate at which new contacts came and nothing was sent again, and the passive node had them all. */
  readonly sustainedPerSecond: number;
}

const CLOSED = { inFlight: 64 };
const PACED_PER_S = 8000;
const PACED_S = 6;
/** Until what a load left to be done later is done: a flush, messages to the other node. */
const AFTERWARDS_MS = 1500;
const WARM_UP_PHONES = 200_000;
const WARM_UP_FIRST = 90_000_000;
const PACED_FIRST = 10_000_000;

export async function measurePair(pair: ServerPair, load: LoadClient, phones: number): Promise<PairFigures> {
  const closed = { first: 0, count: phones, pace: CLOSED };
  const paced = { first: PACED_FIRST, count: PACED_PER_S * PACED_S, pace: { rate: PACED_PER_S } };
  await load.run({ ...placeOf(pair.active), first: WARM_UP_FIRST, count: WARM_UP_PHONES, cseq: 1, pace: CLOSED });
  await pause(AFTERWARDS_MS);
  const figures = {
    'new, closed loop': await one(pair, load, { ...closed, cseq: 1 }),
    'refresh, closed loop': await one(pair, load, { ...closed, cseq: 2 }),
    'new, 8000/s': await one(pair, load, { ...paced, cseq: 1 }),
    'refresh, 8000/s': await one(pair, load, { ...paced, cseq: 2 }),
  };
  await checkHeld(pair, load, closed);
  return { ...figures, sustainedPerSecond: await sustained(pair, load, figures['new, closed loop'].perSecond) };
}

type Phones = Omit<LoadOrder, 'address' | 'port'>;

async function one(pair: ServerPair, load: LoadClient, phones: Phones): Promise<PairFigure> {
  const active = pair.active.pids();
  const passive = pair.passive.pids();
  const before = { active: cpuUs(active), passive: cpuUs(passive) };
  const { answered, refused, resent, seconds } = await load.run({ ...placeOf(pair.active), ...phones });
  await pause(AFTERWARDS_MS);
  if (refused > resent) throw new Error(`${pair.name}: ${refused} of ${phones.count} refused`);
  return {
    activeUs: (cpuUs(active) - before.active) / phones.count,
    passiveUs: (cpuUs(passive) - before.passive) / phones.count,
    perSecond: answered / seconds,
    resent,
  };
}

async function sustained(pair: ServerPair, load: LoadClient, fromPerSecond: number): Promise<number> {
  const rate = await highestRate(fromPerSecond, async (phones) =>
    (await holds(pair, load, phones)) ? phones.pace.rate : undefined,
  );
  return rate ?? 0;
}

/** A rate that is so far beyond the server that the load gives up does not hold either. */
async function holds(pair: ServerPair, load: LoadClient, phones: Phones): Promise<boolean> {
  const result = await load.run({ ...placeOf(pair.active), ...phones }).catch(() => undefined);
  await pause(AFTERWARDS_MS);
  return result !== undefined && result.resent === 0 && (await missing(pair.passive, load, phones)) === 0;
}

async function checkHeld(pair: ServerPair, load: LoadClient, phones: Pick<Phones, 'first' | 'count'>): Promise<void> {
  for (const node of [pair.active, pair.passive]) {
    const lacking = await missing(node, load, phones);
    // Beyond what it can carry Kamailio gives messages to the other node up; its figures stand, and this is said.
    if (lacking > 0) console.error(`${pair.name}: ${node.address} lacks ${lacking} of ${SAMPLES} sampled contacts`);
  }
}

const SAMPLES = 2000;

/** How many of a sample of these phones' contacts the node does not show. */
export async function missing(
  node: Server,
  load: LoadClient,
  { first, count }: Pick<Phones, 'first' | 'count'>,
): Promise<number> {
  const every = Math.max(1, Math.floor(count / SAMPLES));
  const samples = Math.min(SAMPLES, count);
  const order = { ...placeOf(node), first, count: samples, every, cseq: 1, asks: 'contacts', pace: CLOSED } as const;
  const { shown }: LoadResult = await load.run(order);
  return samples - shown;
}

export function placeOf({ address, port }: Server): Pick<LoadOrder, 'address' | 'port'> {
  return { address, port };
}
