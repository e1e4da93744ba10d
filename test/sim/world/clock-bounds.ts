import type { Plan } from '../history/plan.ts';
import type { ClockBounds } from '../oracle/order.ts';

/** What a greeting may take: a hello that waits in a stopped process hides what the other clock says by up to that. */
const GREETING_ERROR_MS = 3000;

/** What the clocks and the network of this plan can do to the order of operations. */
export function clockBounds({ climate, events }: Plan): ClockBounds {
  const offsets = [climate.wallOffsetMs.A, climate.wallOffsetMs.B];
  let [lowestMs, highestMs] = [Math.min(...offsets), Math.max(...offsets)];
  let latencyMostMs = climate.weather.mostMs;
  for (const { event } of events) {
    const stepMs = event.kind === 'wall-step' ? event.byMs : event.kind === 'crash' ? (event.wallStepMs ?? 0) : 0;
    if (stepMs > 0) highestMs += stepMs;
    else lowestMs += stepMs;
    if (DELAYING.has(event.kind)) latencyMostMs = Math.max(latencyMostMs, GREETING_ERROR_MS);
    if (event.kind === 'delay') latencyMostMs = Math.max(latencyMostMs, climate.weather.mostMs + event.byMs);
  }
  const driftRate = (Math.abs(climate.driftPpm.A) + Math.abs(climate.driftPpm.B)) / 1e6;
  return { wallSpreadMs: highestMs - lowestMs, latencyMostMs, driftRate };
}

const DELAYING: ReadonlySet<string> = new Set(['stop', 'freeze', 'slow-reader']);
