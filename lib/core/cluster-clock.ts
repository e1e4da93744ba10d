import type { Clock } from './clock.ts';
import { invariant } from './errors.ts';

/** How far above the last durable mark stamps may be issued, and how far above it a restarted node begins: two flush intervals. */
export const MARK_RESERVE_MS = 2000;

/**
 * What cluster time goes by: `mark` and `build-date` are what the wall clock was behind of at the start, `wall` = it was right
 * as far as this node can know, `twin` = the twin's time was taken over since.
 */
export type ClockOrigin = 'wall' | 'mark' | 'build-date' | 'twin';

/**
 * Cluster time: the monotonic clock plus a base that is fixed when the process starts, so that steps of the wall clock
 * during its life change nothing. It orders versions and decides expiry. Only two nodes that meet move the base: one of
 * them takes over the other's time, which may be earlier, by days if its own clock was that wrong.
 *
 * The base is the wall clock at the start, unless that is below what the disk already saw (the mark, plus its reserve)
 * or below the date of this build: then time starts there, and `origin` says so, because a clock that lies this far
 * back would issue stamps that sort below those of an earlier life of this node.
 */
export class ClusterClock {
  readonly #clock: Clock;
  #origin: ClockOrigin;
  #baseMs: number;

  /** @param markMs highest cluster time that a flush of this node's disk recorded; 0 without one. */
  constructor(clock: Clock, markMs: number, buildDateMs: number) {
    const floorMs = markMs > 0 ? markMs + MARK_RESERVE_MS : 0;
    const wallMs = clock.wallMs();
    const startMs = Math.max(wallMs, floorMs, buildDateMs);
    this.#clock = clock;
    this.#baseMs = startMs - clock.monotonicMs();
    // Ahead of the wall by less than the reserve is what a quick restart after a crash looks like, and no fault of the clock.
    if (wallMs < markMs) this.#origin = 'mark';
    else this.#origin = wallMs < buildDateMs ? 'build-date' : 'wall';
  }

  get origin(): ClockOrigin {
    return this.#origin;
  }

  /** Time goes on from the twin's, which is ahead of ours by so many milliseconds, or behind by -`byMs`; 0 agrees, too. */
  shift(byMs: number): void {
    invariant(Number.isFinite(byMs), 'time is moved by a number of milliseconds');
    this.#baseMs += byMs;
    this.#origin = 'twin';
  }

  /** Cluster time in whole milliseconds. */
  nowMs(): number {
    return Math.floor(this.#clock.monotonicMs() + this.#baseMs);
  }

  /** Cluster time minus wall clock; what the database needs to show live rows only. */
  offsetMs(): number {
    return this.nowMs() - this.#clock.wallMs();
  }
}
