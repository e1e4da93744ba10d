import type { DurationHistogram } from '../../core/duration-histogram.ts';

/** A histogram in Prometheus's text form. prom-client's own costs more for each value than a REGISTER may. */
export function histogramText(name: string, help: string, durations: DurationHistogram): string {
  const { boundsMs, count, sumMs } = durations;
  const counts = durations.cumulative();
  const buckets = boundsMs.map((boundMs, at) => `${name}_bucket{le="${seconds(boundMs)}"} ${counts[at] ?? 0}`);
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_bucket{le="+Inf"} ${count}`,
    `${name}_sum ${seconds(sumMs)}`,
    `${name}_count ${count}`,
    '',
  ].join('\n');
}

/** Without the digits that binary fractions add: `0.0025`. */
function seconds(ms: number): number {
  return Number((ms / 1000).toPrecision(12));
}
