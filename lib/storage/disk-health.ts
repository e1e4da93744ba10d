import type { Clock } from '../core/clock.ts';
import type { DiskState } from './store-status.ts';

const OK: DiskState = { state: 'ok' };

/**
 * Whether the disk keeps up. It is degraded from the first trouble until a flush is on disk that was cut after the last
 * trouble and with which all of memory is there.
 */
export class DiskHealth {
  readonly #clock: Clock;
  readonly #changed: (now: DiskState, before: DiskState) => void;
  #state: DiskState = OK;
  #mendedBySeq = 0;

  /** @param changed called at each change of state or reason, after it. */
  constructor(clock: Clock, changed: (now: DiskState, before: DiskState) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get state(): DiskState {
    return this.#state;
  }

  /** @param currentSeq the batch that is being filled: its flush, or a later one, can end the trouble. */
  trouble(reason: string, currentSeq: number): void {
    this.#mendedBySeq = currentSeq;
    const before = this.#state;
    if (before.state === 'degraded' && before.reason === reason) return;
    const sinceMs = before.state === 'degraded' ? before.sinceMs : this.#clock.wallMs();
    this.#state = { state: 'degraded', reason, sinceMs };
    this.#changed(this.#state, before);
  }

  /** With this flush all that was in memory when it was cut is on disk. */
  complete(seq: number): void {
    const before = this.#state;
    if (before.state === 'ok' || seq < this.#mendedBySeq) return;
    this.#state = OK;
    this.#changed(OK, before);
  }
}
