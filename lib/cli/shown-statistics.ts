import * as z from 'zod';
import { OperationalError } from '../core/errors.ts';

const shownStatistics = z.record(z.string(), z.number());

/** What `get_statistics` answers: numbers by `group:name`. */
export function readStatistics(answer: unknown, path: string): ReadonlyMap<string, number> {
  const parsed = shownStatistics.safeParse(answer);
  if (parsed.success) return new Map(Object.entries(parsed.data));
  throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
}
