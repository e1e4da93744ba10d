import type { Clock, Timer } from '../core/clock.ts';
import type { LocationTable } from '../location/location-table.ts';

export interface UpkeepParts {
  readonly table: Pick<LocationTable, 'expire' | 'noteDead' | 'dropNoted'>;
  readonly clusterClock: { nowMs(): number };
  readonly clock: Clock;
  readonly twin: ForgettingTwin;
}

/** What the twin has to do with forgetting, or the disk alone where there is none. */
export interface ForgettingTwin {
  /** Whether anything may go by its age now, while the tables are not compared; and whether `proveForgettable` may come to something. */
  readonly forgets: { readonly byAge: boolean; readonly early: boolean };
  /**
   * Right after the dead were noted. Calls `done` once: with true when nothing older than what was noted can come back from a disk or
   * a twin, with false when that cannot be proved now. With a cluster configured that takes a twin in sync, whatever the rows say
   * today: another node may have been named yesterday.
   */
  proveForgettable(done: (isProved: boolean) => void): void;
}

const INTERVAL_MS = 1000;

/** Work that did not fit into one turn goes on after this pause, in which SIP is served. */
const CONTINUE_MS = 5;

/**
 * What the table needs done by the mere passing of time: telling what has expired, and forgetting what is dead. Dead
 * records go only when it is proved that no disk and no twin holds the older, living record any more.
 */
export class Upkeep {
  readonly #parts: UpkeepParts;
  #timer: Timer | undefined;
  #noteIsOut = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#again(INTERVAL_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #again(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(delayMs, () => this.#turn());
  }

  #turn(): void {
    const { table, clusterClock, twin } = this.#parts;
    const { byAge, early } = twin.forgets;
    const moreExpires = table.expire(clusterClock.nowMs(), byAge);
    this.#again(moreExpires ? CONTINUE_MS : INTERVAL_MS);
    if (!this.#noteIsOut && early) this.#forget();
  }

  #forget(): void {
    const { table, clusterClock, twin } = this.#parts;
    const note = table.noteDead(clusterClock.nowMs());
    if (note === undefined) return;
    this.#noteIsOut = true;
    twin.proveForgettable((isProved) => {
      this.#noteIsOut = false;
      if (!isProved) return;
      const dropped = table.dropNoted(note, clusterClock.nowMs());
      // One note holds only so many: there may be more.
      if (dropped > 0 && this.#timer !== undefined) this.#again(CONTINUE_MS);
    });
  }
}
