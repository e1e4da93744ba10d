import { UsageError } from './usage-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;

/**
 * The moment that `--since` names: so long ago (`90s`, `10min`, `2h`, `3d`), or a local time: `03:10` is the last time that it was ten past
 * three, `2026-11-27` the midnight before that day, `'2026-11-27 03:10'` both.
 */
export function sinceMs(text: string, nowMs: number): number {
  const found = agoMs(text, nowMs) ?? timeOfDayMs(text, nowMs) ?? dateMs(text);
  if (found !== undefined) return found;
  throw new UsageError(`--since: expected 10min, 2h, 3d, 03:10, 2026-11-27 or '2026-11-27 03:10', found '${text}'`);
}

function agoMs(text: string, nowMs: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6}) ?(s|min|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? undefined : nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
}

function timeOfDayMs(text: string, nowMs: number): number | undefined {
  const [, hours, minutes, seconds = '0'] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const today = new Date(nowMs).setHours(Number(hours), Number(minutes), Number(seconds), 0);
  return today <= nowMs ? today : today - DAY_MS;
}

function dateMs(text: string): number | undefined {
  const [, date, time = '00:00'] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/.exec(text) ?? [];
  // With a time but no zone it is local time.
  const ms = date === undefined ? Number.NaN : Date.parse(`${date}T${time}`);
  return Number.isNaN(ms) ? undefined : ms;
}
