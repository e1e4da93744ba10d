import type { Clock, Timer } from '../core/clock.ts';
import type { DelayFigures } from '../mi/metrics/metrics-sources.ts';

/** What node's monitorEventLoopDelay gives, in nanoseconds. */
interface DelayMonitor {
  readonly max: number;
  percentile(percent: number): number;
  reset(): void;
  enable(): unknown;
  disable(): unknown;
}

/** How often a monitor looks. It measures how late it was called, its own pause included. */
export const DELAY_RESOLUTION_MS = 10;

const HALF_WINDOW_MS = 30_000;

/**
 * How late the event loop comes to its work: since the start, and over the last 30 to 60 seconds. For the latter two
 * monitors start over in turn, each after a minute, and the one that has run longer is read.
 */
export class EventLoopDelay {
  readonly #whole: DelayMonitor;
  #older: DelayMonitor;
  #younger: DelayMonitor;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  /** @param makeMonitor one with DELAY_RESOLUTION_MS, not enabled */
  constructor(makeMonitor: () => DelayMonitor, clock: Clock) {
    this.#whole = makeMonitor();
    this.#older = makeMonitor();
    this.#younger = makeMonitor();
    this.#clock = clock;
  }

  start(): void {
    for (const monitor of [this.#whole, this.#older, this.#younger]) monitor.enable();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const monitor of [this.#whole, this.#older, this.#younger]) monitor.disable();
  }

  sinceStart(): DelayFigures {
    return figuresOf(this.#whole);
  }

  lately(): DelayFigures {
    return figuresOf(this.#older);
  }

  #arm(): void {
    this.#timer = this.#clock.after(HALF_WINDOW_MS, () => {
      [this.#older, this.#younger] = [this.#younger, this.#older];
      this.#younger.reset();
      this.#arm();
    });
  }
}

function figuresOf(monitor: DelayMonitor): DelayFigures {
  return {
    p50Ms: delayMs(monitor.percentile(50)),
    p90Ms: delayMs(monitor.percentile(90)),
    p99Ms: delayMs(monitor.percentile(99)),
    maxMs: delayMs(monitor.max),
  };
}

function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS);
}
