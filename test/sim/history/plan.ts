import type { NetworkWeather } from '../world/sim-network.ts';
import type { NodeName } from '../world/node-name.ts';
import type { TimedEvent } from './planned-event.ts';

/** What stays the same throughout one history. */
export interface Climate {
  readonly weather: NetworkWeather;
  /** 0 = no limit. */
  readonly maxContacts: number;
  readonly logBytesMax: number;
  /** Wall clocks at the beginning. */
  readonly wallOffsetMs: Readonly<Record<NodeName, number>>;
  readonly driftPpm: Readonly<Record<NodeName, number>>;
  /** How long a flush takes at most. */
  readonly flushMostMs: number;
  /** The node that has the address, and the role, at the beginning. */
  readonly active: NodeName;
  readonly seed: NodeName;
  /** When the second node starts, the first starting at 0. */
  readonly startsAfterMs: Readonly<Record<NodeName, number>>;
}

/** One history, before it happens: the same plan always gives the same history. */
export interface Plan {
  /** For what chance decides while it happens: how long bytes take, into which pieces they come apart, incarnations. */
  readonly seed: number;
  readonly climate: Climate;
  readonly events: readonly TimedEvent[];
}

export const CALM: Climate = {
  weather: { leastMs: 0.3, mostMs: 1, piecesMax: 1 },
  maxContacts: 0,
  logBytesMax: 64 * 1024,
  wallOffsetMs: { A: 0, B: 0 },
  driftPpm: { A: 0, B: 0 },
  flushMostMs: 10,
  active: 'A',
  seed: 'A',
  startsAfterMs: { A: 0, B: 0 },
};
