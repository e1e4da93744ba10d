import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DelayReading } from './probed-daemon.ts';
import { ADDRESS, type Place, type Server, type StartServer } from './server.ts';
import { alone, startedServer } from './started-server.ts';

const SCRIPTS = dirname(dirname(fileURLToPath(import.meta.url)));
export const LAUNCHER = join(SCRIPTS, 'twinreg');
const PROBED_DAEMON = join(SCRIPTS, 'bench', 'probed-daemon.ts');

export type Persistence =
  'single-instance-no-db' | 'single-instance-sql-write-back' | 'single-instance-sql-write-through';

/** Our own daemon, through its launcher, as an operator starts it; `registrar.max_expires` as in the peer, and no pings. */
export function startTwinreg(persistence: Persistence): StartServer {
  return (folder, port) => {
    const run = runArguments(folder, configuration(persistence, folder, port, 0));
    return startedServer(nameOf(persistence), alone(port), [LAUNCHER, ...run]);
  };
}

/** The same, pinging every contact once in `intervalS`. */
export function startPinging(folder: string, port: number, intervalS: number): Promise<Server> {
  const run = runArguments(folder, configuration('single-instance-sql-write-back', folder, port, intervalS));
  return startedServer('twinreg, pinging', alone(port), [LAUNCHER, ...run]);
}

export interface ProbedServer extends Server {
  /** The management socket. */
  readonly miSocket: string;
  resetDelay(): void;
  /** Since the last reset. */
  readDelay(): Promise<DelayReading>;
}

/** Alone, with write-back, and with a watch on its event loop. */
export function startProbed(folder: string, port: number): Promise<ProbedServer> {
  return startProbedAt(folder, alone(port), configuration('single-instance-sql-write-back', folder, port, 0));
}

/** With a watch on its event loop, and the V8 flags that the launcher gives. */
export async function startProbedAt(folder: string, place: Place, configuration: string): Promise<ProbedServer> {
  const run = runArguments(folder, configuration);
  const command = [join(SCRIPTS, 'node'), ...launcherFlags(), PROBED_DAEMON, ...run];
  const server = await startedServer('twinreg', place, command);
  return {
    ...server,
    miSocket: join(folder, 'twinreg.sock'),
    resetDelay: () => server.tell('reset'),
    readDelay: async () => {
      const answer = server.told();
      server.tell('read');
      return (await answer) as DelayReading;
    },
  };
}

function launcherFlags(): readonly string[] {
  const flags = /^V8_FLAGS="(.*)"$/m.exec(readFileSync(LAUNCHER, 'utf8'))?.[1];
  if (flags === undefined) throw new Error(`${LAUNCHER} has no line V8_FLAGS="…"`);
  return flags.split(' ').filter(Boolean);
}

function nameOf(persistence: Persistence): string {
  return `twinreg, ${persistence.replace('single-instance-', '')}`;
}

export function runArguments(folder: string, configuration: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'twinreg.yaml');
  writeFileSync(configFile, configuration);
  return ['run', '--config', configFile, '--data', folder];
}

/** No phone of the bench is behind NAT; a ping goes to its Contact. */
function configuration(persistence: Persistence, folder: string, port: number, natpingIntervalS: number): string {
  const database = persistence === 'single-instance-no-db' ? '' : `  db_url: sqlite://${join(folder, 'location.db')}\n`;
  return (
    `listen:\n  - udp:${ADDRESS}:${port}\n` +
    `usrloc:\n  working_mode_preset: ${persistence}\n${database}` +
    `nathelper:\n  natping_interval: ${natpingIntervalS}\n`
  );
}
