import type { Version } from './version.ts';

/** AoRs in one note: so many are noted, and later dropped, in a few milliseconds. */
export const NOTE_AORS_MAX = 1000;

/** The dead that stood in the table at one moment. It goes from `noteDead` to `dropNoted` as it is. */
export interface DeadNote {
  readonly noted: readonly NotedAor[];
}

export interface NotedAor {
  readonly slot: number;
  /** Set when the floor is noted, too. */
  readonly floor: Version | undefined;
}
