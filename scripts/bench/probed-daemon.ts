import { PerformanceObserver, monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * The daemon with a watch on its event loop: the bench starts this instead of `lib/main.ts`, with an IPC channel. `reset`
 * begins anew, `read` answers with a `DelayReading`. The monitor's timer fires every millisecond, which the times that it
 * tells contain; it is taken off.
 *
 * On a machine that does other things too, the event loop also waits for a processor. What it did itself shows in the CPU
 * time that the main thread used from one turn to the next; the kernel brings it up to date at its ticks, every 1 to 4 ms.
 */
export interface DelayReading {
  readonly p99Ms: number;
  readonly longestMs: number;
  /** The most CPU time between two turns: what of the longest delay is our own doing. */
  readonly longestCpuMs: number;
  /** The longest garbage collection, which is part of some delay. */
  readonly longestGcMs: number;
}

const RESOLUTION_MS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let longestGcMs = 0;
let longestCpuMs = 0;
let turnCpu = process.threadCpuUsage();

setInterval(() => {
  const { user, system } = process.threadCpuUsage(turnCpu);
  longestCpuMs = Math.max(longestCpuMs, (user + system) / 1000);
  turnCpu = process.threadCpuUsage();
}, RESOLUTION_MS).unref();

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longestGcMs = Math.max(longestGcMs, entry.duration);
}).observe({ entryTypes: ['gc'] });

process.on('message', (order: 'reset' | 'read') => {
  if (order === 'read') process.send?.(reading());
  delay.reset();
  delay.enable();
  longestGcMs = 0;
  longestCpuMs = 0;
});
// The channel must not keep the daemon alive when it stops.
process.channel?.unref();

await import('../../lib/main.ts');

function reading(): DelayReading {
  return { p99Ms: delayMs(delay.percentile(99)), longestMs: delayMs(delay.max), longestCpuMs, longestGcMs };
}

function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}
