import type { Contestant } from './fronted.ts';
import { highestRate } from './highest-rate.ts';
import type { LoadClient } from './load-client.ts';
import type { LoadOrder } from './load.ts';
import { missing, placeOf } from './measure-pair.ts';
import { pause } from './pause.ts';
import { cpuUs } from './proc.ts';

export const FRONTED_PER_S = 2000;

/** CPU microseconds per REGISTER, of each kind of process. */
export interface FrontedFigure {
  readonly ownUs: number;
  /** Of the drachtio-server, where there is one. */
  readonly frontUs: number;
  readonly passiveUs: number;
  readonly passiveFrontUs: number;
  readonly perSecond: number;
  readonly resent: number;
}

export const FRONTED_LOADS = [
  `new, ${FRONTED_PER_S}/s`,
  `refresh, ${FRONTED_PER_S}/s`,
  'new, highest rate',
  'refresh, highest rate',
] as const;

/** The highest rate is the greatest at which nothing was sent again, and the passive node has all; undefined when there is none. */
export type FrontedFigures = Readonly<Record<(typeof FRONTED_LOADS)[number], FrontedFigure | undefined>>;

type Phones = Omit<LoadOrder, 'address' | 'port'>;

const CLOSED = { inFlight: 64 };
/** Until what a load left to be done later is done: a flush, messages to the other node. */
const AFTERWARDS_MS = 1500;
const WARM_UP_FIRST = 90_000_000;
/** drachtio-server keeps 11 kB for each REGISTER for 32 s: as many as have the compiler done, and no more. */
const WARM_UP_PHONES = 40_000;
const CLOSED_FIRST = 10_000_000;

export async function measureFronted(
  contestant: Contestant,
  load: LoadClient,
  registers: number,
): Promise<FrontedFigures> {
  const { active } = contestant;
  const closed = { cseq: 1, pace: CLOSED } as const;
  const paced = { first: 0, count: registers, pace: { rate: FRONTED_PER_S } };
  await load.run({ ...placeOf(active), ...closed, first: WARM_UP_FIRST, count: WARM_UP_PHONES });
  await pause(AFTERWARDS_MS);
  const fresh = await one(contestant, load, { ...paced, cseq: 1 });
  const refresh = await one(contestant, load, { ...paced, cseq: 2 });
  const { perSecond } = await one(contestant, load, { ...closed, first: CLOSED_FIRST, count: registers });
  return {
    [`new, ${FRONTED_PER_S}/s`]: fresh,
    [`refresh, ${FRONTED_PER_S}/s`]: refresh,
    ...(await atHighestRate(contestant, load, perSecond)),
  };
}

async function atHighestRate(contestant: Contestant, load: LoadClient, fromPerSecond: number) {
  const highest = await highestRate(fromPerSecond, async (phones) => {
    const figure = await one(contestant, load, phones).catch(() => undefined);
    if (figure === undefined || figure.resent > 0 || (await lacks(contestant, load, phones))) return undefined;
    return { figure, phones };
  });
  const refresh = highest && (await one(contestant, load, { ...highest.phones, cseq: 2 }).catch(() => undefined));
  return { 'new, highest rate': highest?.figure, 'refresh, highest rate': refresh };
}

async function lacks({ passive }: Contestant, load: LoadClient, phones: Phones): Promise<boolean> {
  return passive !== undefined && (await missing(passive, load, phones)) > 0;
}

async function one(contestant: Contestant, load: LoadClient, phones: Phones): Promise<FrontedFigure> {
  const before = used(contestant);
  const { answered, refused, resent, seconds } = await load.run({ ...placeOf(contestant.active), ...phones });
  await pause(AFTERWARDS_MS);
  const after = used(contestant);
  if (refused > resent) throw new Error(`${contestant.name}: ${refused} of ${phones.count} refused`);
  const perRegister = (of: keyof typeof before): number => (after[of] - before[of]) / phones.count;
  return {
    ownUs: perRegister('own'),
    frontUs: perRegister('front'),
    passiveUs: perRegister('passive'),
    passiveFrontUs: perRegister('passiveFront'),
    perSecond: answered / seconds,
    resent,
  };
}

function used({ active, passive }: Contestant) {
  return {
    own: cpuUs(active.pids()),
    front: cpuUs(active.frontPids()),
    passive: cpuUs(passive?.pids() ?? []),
    passiveFront: cpuUs(passive?.frontPids() ?? []),
  };
}
