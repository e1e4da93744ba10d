import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';

const INTERVAL_MS = 60_000;

/**
 * Logs each message at most once a minute, with how often it was held back since: what arrives from outside must not
 * be able to fill a disk. Messages are constants, so the number of them is fixed.
 */
export class OccasionalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #entries = new Map<string, { loggedAtMs: number; heldBack: number }>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  warn(fields: object, message: string): void {
    const heldBack = this.#pass(message);
    if (heldBack !== undefined) this.#log.warn({ ...fields, heldBack }, message);
  }

  error(fields: object, message: string): void {
    const heldBack = this.#pass(message);
    if (heldBack !== undefined) this.#log.error({ ...fields, heldBack }, message);
  }

  /** How many were held back before this one, or undefined to hold it back too. */
  #pass(message: string): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#entries.get(message);
    if (entry !== undefined && nowMs - entry.loggedAtMs < INTERVAL_MS) {
      entry.heldBack += 1;
      return undefined;
    }
    this.#entries.set(message, { loggedAtMs: nowMs, heldBack: 0 });
    return entry?.heldBack ?? 0;
  }
}
