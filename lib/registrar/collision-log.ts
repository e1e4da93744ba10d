import type { Log } from '../core/log.ts';

const LOG_INTERVAL_MS = 60_000;

/** AoRs that the log remembers; while so many were logged within the interval, further ones are counted only. */
const REMEMBERED_AORS_MAX = 1024;

/** Counts bindings that changed hands before their time, and tells of them at most once per AoR and minute. */
export class CollisionLog {
  readonly #log: Log;
  /** Cluster time of the last line per AoR, oldest first. */
  readonly #loggedAtMs = new Map<string, number>();
  #count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  record(aor: string, nowMs: number): void {
    this.#count++;
    this.#forgetBefore(nowMs - LOG_INTERVAL_MS);
    if (this.#loggedAtMs.has(aor) || this.#loggedAtMs.size >= REMEMBERED_AORS_MAX) return;
    this.#loggedAtMs.set(copyOf(aor), nowMs);
    this.#log.info(
      { aor },
      'contact taken over with another Call-ID from another address; see matching_mode and fix_nated_contact',
    );
  }

  #forgetBefore(limitMs: number): void {
    for (const [aor, loggedAtMs] of this.#loggedAtMs) {
      if (loggedAtMs > limitMs) return;
      this.#loggedAtMs.delete(aor);
    }
  }
}

/** The AoR may be a slice of the request, which it would keep in memory as a whole. */
function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
