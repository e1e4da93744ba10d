import type { ShownStatus } from './shown-status.ts';

/** What was polled at one moment. */
export interface TopSample {
  /** By the monotonic clock of this process. */
  readonly atMs: number;
  readonly status: ShownStatus;
  readonly statistics: ReadonlyMap<string, number>;
}

/** How often a second, over the time since the poll before. */
export interface TopRates {
  readonly accepted: number;
  readonly rejected: number;
  readonly pingsSent: number;
  readonly pingsAnswered: number;
  readonly pingsLost: number;
  readonly removed: number;
  /** Mean of the answers since the poll before, in milliseconds; absent when there were none. */
  readonly pingLatencyMs: number | undefined;
  /** Of one core; absent where the daemon does not tell its CPU time. */
  readonly cpuPercent: number | undefined;
}

export type TopView =
  | {
      readonly kind: 'up';
      readonly status: ShownStatus;
      readonly tcpConnections: number | undefined;
      /** Absent at the first poll, and at the first after a restart of the daemon. */
      readonly rates: TopRates | undefined;
      /** REGISTERs a second, the oldest first. */
      readonly history: readonly number[];
    }
  | { readonly kind: 'gone'; readonly reason: string; readonly history: readonly number[] };

/** A minute at one poll a second. */
const HISTORY_MAX = 60;

/** Makes rates of what is polled. Pure: time comes with the samples. */
export class TopHistory {
  #last: TopSample | undefined;
  #history: readonly number[] = [];

  take(sample: TopSample): TopView {
    const rates = this.#last === undefined ? undefined : ratesBetween(this.#last, sample);
    this.#last = sample;
    if (rates !== undefined) this.#remember(rates.accepted + rates.rejected);
    const { status, statistics } = sample;
    return { kind: 'up', status, tcpConnections: statistics.get('twinreg:tcp_open'), rates, history: this.#history };
  }

  /** The daemon does not answer. */
  gone(reason: string): TopView {
    this.#last = undefined;
    this.#remember(0);
    return { kind: 'gone', reason, history: this.#history };
  }

  #remember(rate: number): void {
    this.#history = [...this.#history, rate].slice(-HISTORY_MAX);
  }
}

function ratesBetween(before: TopSample, after: TopSample): TopRates | undefined {
  const seconds = (after.atMs - before.atMs) / 1000;
  const isOtherProcess = before.status.pid !== after.status.pid || after.status.uptime_s < before.status.uptime_s;
  if (seconds <= 0 || isOtherProcess) return undefined;
  const rate = (read: (status: ShownStatus) => number | undefined): number =>
    ((read(after.status) ?? 0) - (read(before.status) ?? 0)) / seconds;
  const hasCpu = before.status.cpu_ms !== undefined && after.status.cpu_ms !== undefined;
  return {
    accepted: rate(({ registrations }) => registrations.accepted),
    rejected: rate(({ registrations }) => registrations.rejected),
    pingsSent: rate(({ pings }) => pings?.sent),
    pingsAnswered: rate(({ pings }) => pings?.answered),
    pingsLost: rate(({ pings }) => pings?.lost),
    removed: rate(({ pings }) => pings?.removed),
    pingLatencyMs: meanLatencyMs(before.status, after.status),
    cpuPercent: hasCpu ? rate(({ cpu_ms }) => cpu_ms) / 10 : undefined,
  };
}

function meanLatencyMs(before: ShownStatus, after: ShownStatus): number | undefined {
  const answered = (after.pings?.answered ?? 0) - (before.pings?.answered ?? 0);
  const sumMs = (after.pings?.latency_sum_ms ?? 0) - (before.pings?.latency_sum_ms ?? 0);
  return answered > 0 ? sumMs / answered : undefined;
}
