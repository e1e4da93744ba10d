import { CLOCK_DRIFT_MAX_MS, CLOCK_ECHO_MAX_MS } from './limits.ts';

/**
 * The twin's cluster time beside ours, on one link, measured by heartbeats that come back. An echo of any heartbeat counts that was sent
 * on this link since our time was last moved, but only a quick one: a slow one says more about the way than about the clock.
 */
export class TwinClock {
  /** The first and the last heartbeat that were sent since our time was last moved; 0 before the first. */
  #firstSentMs = 0;
  #lastSentMs = 0;
  /** What the next heartbeat of ours echoes. */
  #heardSentAtMs = 0;
  #heardAtMs = 0;
  /** When the link begins one of the two has just taken over the other's time. */
  #offsetMs = 0;

  /** The twin's time minus ours, as measured on this link. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** What a heartbeat that is sent now says of the last one that came. */
  echo(nowMs: number): { readonly echoSentAtMs: number; readonly echoHeldMs: number } {
    if (this.#firstSentMs === 0) this.#firstSentMs = nowMs;
    this.#lastSentMs = nowMs;
    const echoHeldMs = this.#heardSentAtMs === 0 ? 0 : Math.max(0, nowMs - this.#heardAtMs);
    return { echoSentAtMs: this.#heardSentAtMs, echoHeldMs };
  }

  /** A heartbeat came. All times are cluster time. */
  heard(sentAtMs: number, echoSentAtMs: number, echoHeldMs: number, nowMs: number): void {
    this.#heardSentAtMs = sentAtMs;
    this.#heardAtMs = nowMs;
    if (this.#firstSentMs === 0 || echoSentAtMs < this.#firstSentMs || echoSentAtMs > this.#lastSentMs) return;
    const roundTripMs = nowMs - echoSentAtMs - echoHeldMs;
    if (roundTripMs < 0 || roundTripMs > CLOCK_ECHO_MAX_MS) return;
    this.#offsetMs = Math.round(sentAtMs + roundTripMs / 2 - nowMs);
  }

  /** The clocks have drifted so far apart that one should follow the other. */
  get hasDrifted(): boolean {
    return Math.abs(this.#offsetMs) > CLOCK_DRIFT_MAX_MS;
  }

  /** Our time was moved: what was sent by the old one, and is still to come back, means nothing. */
  shifted(byMs: number): void {
    this.#firstSentMs = 0;
    this.#heardAtMs += byMs;
    this.#offsetMs -= byMs;
  }
}
