import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetricsSources } from './metrics-sources.ts';

/** A value with what tells it from the others of its family. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/**
 * One metric family of /metrics, read at each scrape. Names follow Prometheus: base units, `_total` on counters; labels
 * are few and have fixed values, never those of a user.
 */
export interface Family {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  /** For operators. */
  readonly help: string;
  readonly labels?: readonly string[];
  /** Undefined: there is no such thing on this node. */
  readonly read: (sources: MetricsSources) => number | readonly Sample[] | undefined;
}

export function registerFamily(registry: Registry, family: Family, sources: MetricsSources): void {
  const { name, help, kind, labels = [] } = family;
  const config = { name, help, labelNames: labels, registers: [registry] };
  if (kind === 'counter') {
    new Counter({
      ...config,
      collect() {
        // Counted elsewhere: what is shown is the sum so far.
        clear(this, labels);
        for (const [of, value] of samplesOf(family, sources)) this.inc(of, value);
      },
    });
  } else {
    new Gauge({
      ...config,
      collect() {
        clear(this, labels);
        for (const [of, value] of samplesOf(family, sources)) this.set(of, value);
      },
    });
  }
}

/** A reset leaves nothing of a family with labels, and a 0 of one without: where there is no such thing, 0 would be wrong. */
function clear(metric: Counter | Gauge, labels: readonly string[]): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}

function samplesOf({ read }: Family, sources: MetricsSources): readonly Sample[] {
  const value = read(sources);
  if (value === undefined) return [];
  return typeof value === 'number' ? [[{}, value]] : value;
}

/** One sample for each entry. */
export function samplesBy(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value]);
}
