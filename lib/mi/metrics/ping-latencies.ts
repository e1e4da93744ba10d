import { DurationHistogram } from '../../core/duration-histogram.ts';
import type { PingObserver } from '../../pinger/ports.ts';

/** A phone next door takes a millisecond, one on a mobile network some hundred; after `ping_threshold` it counts as lost. */
const LATENCY_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** How long phones take to answer pings, all together. */
export class PingLatencies implements PingObserver {
  readonly durations = new DurationHistogram(LATENCY_BOUNDS_MS);

  answered(_aor: string, _contactUri: string, _status: number, latencyMs: number): void {
    this.durations.observe(latencyMs);
  }
}
