import type { Clock, Timer } from '../core/clock.ts';
import type { LocationTable } from '../location/location-table.ts';

export interface UpkeepParts {
  readonly table: Pick<LocationTable, 'expire' | 'noteDead' | 'dropNoted'>;
  readonly clusterClock: { nowMs(): number };
  readonly clock: Clock;
  /** Whether `proveForgettable` may come to something now. */
  mayProve(): boolean;
  /**
   * Called right after the dead were noted. Calls `done` once: with true when nothing older than what was noted can come
   * back from a disk or a twin, with false when that cannot be proved now.
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
    const { table, clusterClock } = this.#parts;
    const moreExpires = table.expire(clusterClock.nowMs());
    this.#again(moreExpires ? CONTINUE_MS : INTERVAL_MS);
    if (!this.#noteIsOut && this.#parts.mayProve()) this.#forget();
  }

  #forget(): void {
    const { table, clusterClock } = this.#parts;
    const note = table.noteDead(clusterClock.nowMs());
    if (note === undefined) return;
    this.#noteIsOut = true;
    this.#parts.proveForgettable((isProved) => {
      this.#noteIsOut = false;
      if (!isProved) return;
      const dropped = table.dropNoted(note, clusterClock.nowMs());
      // One note holds only so many: there may be more.
      if (dropped > 0 && this.#timer !== undefined) this.#again(CONTINUE_MS);
    });
  }
}
