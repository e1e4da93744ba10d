import { timeText } from '../core/time-text.ts';
import type { Goodbye } from './goodbye.ts';
import type { Hello } from './hello.ts';
import { CLOCK_LEAST_MS, CLOCK_MOST_MS, CLOCK_OFFSET_MAX_MS } from './limits.ts';

/** What decides whose cluster time counts. */
export interface ClockParty {
  readonly nodeId: number;
  readonly synced: boolean;
  /** Has issued no stamp and agreed on no clock since its start, as its hello says. */
  readonly clean: boolean;
}

/** What a greeting says about the other's clock. */
export interface MeasuredOffset {
  /** The other's time minus ours. */
  readonly offsetMs: number;
  /** Of the greeting: half of it is how far off `offsetMs` may be. */
  readonly roundTripMs: number;
}

/** What this process knows of before. */
export interface ClockHistory {
  /** Has issued no stamp since its hello either. */
  readonly isStillClean: boolean;
  /** Has agreed on the time with this very process of the twin. */
  readonly haveAgreed: boolean;
}

export type ClockVerdict =
  /** This node's time counts, or both are the same. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'adopt'; readonly shiftMs: number }
  /** Both have issued stamps by clocks too far apart. */
  | { readonly kind: 'refuse' };

/**
 * Who takes over whose time when two nodes meet: one that is not synced from one that is, else the greater node id from
 * the lesser. Too far apart, only a node that has not used its clock yet may give it up.
 */
export function agreeOnClock(
  own: ClockParty,
  other: ClockParty,
  { offsetMs, roundTripMs }: MeasuredOffset,
  { isStillClean, haveAgreed }: ClockHistory,
): ClockVerdict {
  const isFar = Math.abs(offsetMs) > CLOCK_OFFSET_MAX_MS;
  if (isFar && !own.clean && !other.clean) return { kind: 'refuse' };
  const adopts = isFar && own.clean !== other.clean ? own.clean : adoptsFrom(own, other);
  // Two that agreed before, and whose measurement does not say otherwise, still do.
  if (!adopts || (haveAgreed && Math.abs(offsetMs) <= Math.ceil(roundTripMs / 2))) return { kind: 'keep' };
  if (isFar && !isStillClean) return { kind: 'refuse' };
  return { kind: 'adopt', shiftMs: offsetMs };
}

export function adoptsFrom(own: ClockParty, other: ClockParty): boolean {
  if (own.synced !== other.synced) return !own.synced;
  return own.nodeId > other.nodeId;
}

export function partyOf({ nodeId, synced, clean }: Hello): ClockParty {
  return { nodeId, synced, clean };
}

/** What no clock of a cluster can say, whoever says it: nobody takes it over. */
export function isClockPossible(ms: number): boolean {
  return ms >= CLOCK_LEAST_MS && ms <= CLOCK_MOST_MS;
}

export function impossibleClock(otherId: number, ms: number): Goodbye {
  const text = `it is ${timeText(ms)} at node ${otherId}, which cannot be: set its clock right and restart it`;
  return { reason: 'clock', text };
}

/** @param offsetMs the other's time minus ours */
export function clocksApart(nodeId: number, nowMs: number, otherId: number, offsetMs: number): Goodbye {
  const times = `it is ${timeText(nowMs + offsetMs)} at node ${otherId} and ${timeText(nowMs)} at node ${nodeId}`;
  const remedy = `more than ${CLOCK_OFFSET_MAX_MS / 1000} s apart: set the wrong clock right and restart that node`;
  return { reason: 'clock', text: `${times}, ${remedy}` };
}
