import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DelayReading } from './probed-daemon.ts';
import type { Place, Server, StartServer } from './server.ts';
import { alone, startedServer } from './started-server.ts';

const SCRIPTS = dirname(dirname(fileURLToPath(import.meta.url)));
export const LAUNCHER = join(SCRIPTS, 'twinreg');
const PROBED_DAEMON = join(SCRIPTS, 'bench', 'probed-daemon.ts');

export type Persistence =
  'single-instance-no-db' | 'single-instance-sql-write-back' | 'single-instance-sql-write-through';

/** What a single node of the bench may differ in. */
interface NodeOptions {
  readonly persistence: Persistence;
  /** 0 = no pings. */
  readonly natpingIntervalS: number;
  /** The section `sip`; '' for the embedded engine. */
  readonly sip: string;
}

/** Our own daemon, through its launcher, as an operator starts it; `registrar.max_expires` as in the peer, and no pings unless asked for. */
export function startTwinreg(persistence: Persistence, natpingIntervalS = 0): StartServer {
  return (folder, port) => startTwinregAt(folder, alone(port), { persistence, natpingIntervalS, sip: '' });
}

export function startTwinregAt(folder: string, place: Place, options: NodeOptions): Promise<Server> {
  const run = runArguments(folder, configuration(folder, place, options));
  return startedServer(`twinreg, ${shortName(options.persistence)}`, place, [LAUNCHER, ...run]);
}

export interface ProbedServer extends Server {
  /** The management socket. */
  readonly miSocket: string;
  resetDelay(): void;
  /** Since the last reset. */
  readDelay(): Promise<DelayReading>;
}

const PROBED: NodeOptions = { persistence: 'single-instance-sql-write-back', natpingIntervalS: 0, sip: '' };

/** Alone, with write-back, and with a watch on its event loop. */
export function startProbed(folder: string, port: number): Promise<ProbedServer> {
  const place = alone(port);
  return startProbedAt(folder, place, configuration(folder, place, PROBED));
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

export function shortName(persistence: Persistence): string {
  return persistence.replace('single-instance-', '');
}

export function runArguments(folder: string, configuration: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'twinreg.yaml');
  writeFileSync(configFile, configuration);
  return ['run', '--config', configFile, '--data', folder];
}

/** No phone of the bench is behind NAT; a ping goes to its Contact. */
function configuration(
  folder: string,
  { address, port }: Place,
  { persistence, natpingIntervalS, sip }: NodeOptions,
): string {
  const database = persistence === 'single-instance-no-db' ? '' : `  db_url: sqlite://${join(folder, 'location.db')}\n`;
  return (
    `listen:\n  - udp:${address}:${port}\n` +
    `usrloc:\n  working_mode_preset: ${persistence}\n${database}` +
    `nathelper:\n  natping_interval: ${natpingIntervalS}\n${sip}`
  );
}
