import { realpath } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { holdersOf } from './open-files.ts';
import { readUnixListeners } from './open-sockets.ts';

/** A process of the daemon, as far as it can be seen from outside. */
export interface DaemonProcess {
  /** Undefined where this user may not see it. */
  readonly pid: number | undefined;
  /** Whether it takes connections at its management socket, which may have lost its path. */
  readonly isListening: boolean;
}

/** That of the daemon with this configuration, by what nobody else has open; undefined where none is seen. */
export async function findDaemon({
  miSocketPath,
  persistence,
}: Pick<Config, 'miSocketPath' | 'persistence'>): Promise<DaemonProcess | undefined> {
  const sockets = await readUnixListeners(miSocketPath);
  const lock = persistence.kind === 'none' ? undefined : await lockPath(persistence.path);
  const holders = await holdersOf(new Set(lock === undefined ? sockets : [...sockets, lock]));
  const [pid] = [...holders.values()].map((holder) => holder.pid);
  return pid === undefined && sockets.length === 0 ? undefined : { pid, isListening: sockets.length > 0 };
}

/** A process that has it open is named by the path that links lead to. */
async function lockPath(database: string): Promise<string | undefined> {
  // Only here: no other command has to load what reads databases.
  const { FileLock } = await import('../storage/file-lock.ts');
  const resolved = await realpath(database).catch(() => database);
  return realpath(FileLock.pathOf(resolved)).catch(() => undefined);
}
