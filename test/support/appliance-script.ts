import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Test } from 'tap';
import { daemonEnv } from './daemon-env.ts';
import { tempFolder } from './temp-folder.ts';

/** The folder of what keepalived needs. */
export const KEEPALIVED = resolve(import.meta.dirname, '../../keepalived');

/** A copy of the scripts that nobody but the test's own user can change, as keepalived demands of what it runs as root. */
export function ownScripts(t: Test): string {
  const folder = tempFolder(t);
  for (const name of ['notify.sh', 'check.sh']) copyFileSync(join(KEEPALIVED, name), join(folder, name));
  return folder;
}

/** Where a script finds the daemon. */
export interface ScriptPlace {
  readonly folder: string;
  /** Of `POST /mi`. */
  readonly mi: string;
  /** With the token that it asks for. */
  readonly tokenFile?: string;
}

/** A script that runs; it ends with the test at the latest. */
export interface RunningScript {
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly err: string;
  }>;
}

/** Starts `notify.sh` or `check.sh` as keepalived does. */
export function startScript(
  t: Test,
  name: 'notify.sh' | 'check.sh',
  { folder, mi, tokenFile = '' }: ScriptPlace,
  ...args: readonly string[]
): RunningScript {
  const env = daemonEnv({ TWINREG_DATA: folder, TWINREG_MI: mi, TWINREG_TOKEN_FILE: tokenFile });
  const child = spawn(resolve(KEEPALIVED, name), args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let err = '';
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  child.stdout.resume();
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, err }));
  t.teardown(() => child.kill('SIGKILL'));
  return { signal: (name) => child.kill(name), ended };
}

/** `notify.sh` for an instance that comes into this state. */
export function startNotify(t: Test, place: ScriptPlace, state: string): RunningScript {
  return startScript(t, 'notify.sh', place, 'INSTANCE', 'twinreg', state, '100');
}

/** As `startNotify`, to its end. */
export function notify(t: Test, place: ScriptPlace, state: string): RunningScript['ended'] {
  return startNotify(t, place, state).ended;
}
