import type { Log } from '../core/log.ts';
import { timeText } from '../core/time-text.ts';
import type { RoleFile, StoredRole } from './role-file.ts';
import type { RoleName } from './role-name.ts';
import { takenAtMs } from './taken-at.ts';

/** The flag as a node finds it at its start. */
export interface StoredFlag {
  readonly role: RoleName;
  /** In cluster time, as it was stored; means nothing with `passive`. */
  readonly takenAtMs: number;
}

/** The flag follows the address until somebody sets it. */
export const WHERE_THE_ADDRESS_IS = 'active where the address is';

/** What a node is while no file says otherwise. */
export type FirstRole = RoleName | typeof WHERE_THE_ADDRESS_IS;

/** And whether anybody has ever set it, as far as the file says. */
interface FoundFlag extends StoredFlag {
  readonly isOrdered: boolean;
}

/** Cluster time. */
export interface RoleClock {
  nowMs(): number;
  /** Cluster time minus wall clock. */
  offsetMs(): number;
}

/** A role that nobody ordered is older than any that somebody did, after each start. */
const NEVER_ORDERED_MS = 0;

/**
 * Reads the role file, and logs what it says. One that says nothing usable is warned about and left as it is.
 *
 * @param atFirst the flag while no file says otherwise
 */
export async function readStoredFlag(
  file: RoleFile,
  atFirst: FirstRole,
  clock: RoleClock,
  log: Log,
): Promise<FoundFlag> {
  const { path } = file;
  const found = await file.read();
  if (found.kind === 'role') {
    // A file without a time is of an older version, or a notify script's: the order is as old as the file.
    const stored = { role: found.role, takenAtMs: found.takenAtMs ?? found.writtenAtMs + clock.offsetMs() };
    log.info({ ...stored, path }, 'role as the role file says');
    if (stored.role === 'active') checkTime(stored.takenAtMs, clock.nowMs(), path, log);
    return { ...stored, isOrdered: true };
  }
  if (found.kind === 'missing') log.info({ role: atFirst, path }, 'role at the first start');
  else {
    const message = 'the role file says nothing usable: left as it is until the role is set';
    log.warn({ role: atFirst, path, ...complaint(found) }, message);
  }
  const role = atFirst === WHERE_THE_ADDRESS_IS ? 'passive' : atFirst;
  return { role, takenAtMs: NEVER_ORDERED_MS, isOrdered: false };
}

function checkTime(storedMs: number, nowMs: number, path: string, log: Log): void {
  if (takenAtMs(storedMs, nowMs) === storedMs) return;
  const fields = { path, takenAt: timeText(storedMs), now: timeText(nowMs) };
  log.warn(fields, 'the role file has a time that is yet to come: the role counts as taken now');
}

function complaint(found: Extract<StoredRole, { kind: 'unknown' | 'unreadable' }>): object {
  const expected = 'one line: active, with the time in milliseconds behind it, or passive';
  return found.kind === 'unknown' ? { content: found.content, expected } : { reason: found.reason, expected };
}
