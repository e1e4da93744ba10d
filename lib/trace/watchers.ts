import type { Clock, Timer } from '../core/clock.ts';
import type { TimedEvent, TraceEvent } from './trace-event.ts';

/** Traces at a time. */
export const WATCHERS_MAX = 16;

/** A trace shows so many events a second; what is beyond it is counted and said. A phone has a few a minute, an attacker thousands. */
export const EVENTS_PER_SECOND_MAX = 100;

const SECOND_MS = 1000;

export type Send = (event: TimedEvent) => void;

/** Who watches which AoR. While nobody does, all that others do is to read `isWatching`. */
export class Watchers {
  readonly #clock: Clock;
  readonly #byAor = new Map<string, Set<Watcher>>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there is anybody. It is read for each request. */
  get isWatching(): boolean {
    return this.#count > 0;
  }

  get hasRoom(): boolean {
    return this.#count < WATCHERS_MAX;
  }

  /**
   * Everything that happens to the AoR goes to `send`, until the returned function is called.
   * @returns undefined when there are as many as may be
   */
  watch(aor: string, send: Send): (() => void) | undefined {
    if (!this.hasRoom) return undefined;
    const watcher = new Watcher(this.#clock, send);
    const watchers = this.#byAor.get(aor) ?? new Set();
    this.#byAor.set(aor, watchers.add(watcher));
    this.#count++;
    return () => this.#end(aor, watcher);
  }

  watches(aor: string): boolean {
    return this.#byAor.has(aor);
  }

  tell(aor: string, event: TraceEvent): void {
    const watchers = this.#byAor.get(aor);
    if (watchers === undefined) return;
    for (const watcher of watchers) watcher.tell(event);
  }

  #end(aor: string, watcher: Watcher): void {
    const watchers = this.#byAor.get(aor);
    if (watchers?.delete(watcher) !== true) return;
    watcher.end();
    if (watchers.size === 0) this.#byAor.delete(aor);
    this.#count--;
  }
}

/** One trace, held to its number of events a second. */
class Watcher {
  readonly #clock: Clock;
  readonly #send: Send;
  #secondEndsMs = 0;
  #told = 0;
  #skipped = 0;
  #tellSkipped: Timer | undefined;

  constructor(clock: Clock, send: Send) {
    this.#clock = clock;
    this.#send = send;
  }

  tell(event: TraceEvent): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#secondEndsMs) this.#beginSecond(nowMs);
    if (this.#told < EVENTS_PER_SECOND_MAX) {
      this.#told++;
      this.#sendNow(event);
      return;
    }
    this.#skipped++;
    this.#tellSkipped ??= this.#clock.after(this.#secondEndsMs - nowMs, () => this.#reportSkipped());
  }

  end(): void {
    this.#tellSkipped?.cancel();
  }

  #beginSecond(nowMs: number): void {
    this.#reportSkipped();
    this.#secondEndsMs = nowMs + SECOND_MS;
    this.#told = 0;
  }

  #reportSkipped(): void {
    this.#tellSkipped?.cancel();
    this.#tellSkipped = undefined;
    if (this.#skipped === 0) return;
    const count = this.#skipped;
    this.#skipped = 0;
    this.#sendNow({ event: 'skipped', count });
  }

  #sendNow(event: TraceEvent): void {
    this.#send({ at: new Date(this.#clock.wallMs()).toISOString(), ...event });
  }
}
