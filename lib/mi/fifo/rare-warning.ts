import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';

const SILENCE_MS = 60_000;

/** A warning about what clients do, which may happen often: said at most once a minute, with how often it was so. */
export class RareWarning {
  readonly #message: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #times = 0;

  constructor(message: string, clock: Clock, log: Log) {
    this.#message = message;
    this.#clock = clock;
    this.#log = log;
  }

  say(fields: object): void {
    this.#times++;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#saidAtMs < SILENCE_MS) return;
    this.#log.warn({ ...fields, times: this.#times }, this.#message);
    this.#saidAtMs = nowMs;
    this.#times = 0;
  }
}
