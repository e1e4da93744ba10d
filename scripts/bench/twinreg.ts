import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADDRESS, type StartServer } from './server.ts';
import { startedServer } from './started-server.ts';

const LAUNCHER = join(dirname(dirname(fileURLToPath(import.meta.url))), 'twinreg');

export type Persistence =
  'single-instance-no-db' | 'single-instance-sql-write-back' | 'single-instance-sql-write-through';

/** Our own daemon, through its launcher, as an operator starts it; `registrar.max_expires` as in the peer. */
export function startTwinreg(persistence: Persistence): StartServer {
  return (folder, port) => {
    mkdirSync(folder, { recursive: true });
    const configFile = join(folder, 'twinreg.yaml');
    writeFileSync(configFile, configuration(persistence, folder, port));
    const name = `twinreg, ${persistence.replace('single-instance-', '')}`;
    return startedServer(name, port, [LAUNCHER, 'run', '--config', configFile, '--data', folder]);
  };
}

function configuration(persistence: Persistence, folder: string, port: number): string {
  const database = persistence === 'single-instance-no-db' ? '' : `  db_url: sqlite://${join(folder, 'location.db')}\n`;
  return `listen:\n  - udp:${ADDRESS}:${port}\nusrloc:\n  working_mode_preset: ${persistence}\n${database}`;
}
