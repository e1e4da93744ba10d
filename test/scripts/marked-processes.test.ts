import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markedProcesses } from '../../scripts/dev/marked-processes.ts';
import { daemonCommand, daemonEnv } from '../support/daemon-env.ts';
import { tempFolder } from '../support/temp-folder.ts';

const skip = existsSync('/proc/self/environ') ? false : 'needs /proc';

/** Says its process id and stays. */
const STAYS = 'console.log(process.pid); setInterval(() => undefined, 1000);';

t.test('only processes of this run are found, also when their parent has ended', { skip }, async (t) => {
  const script = join(tempFolder(t), 'main.ts');
  writeFileSync(script, STAYS);
  const [program, args] = daemonCommand(process.execPath, script);
  const start = async (run: string, ...command: [program: string, args: string[]]): Promise<number> => {
    const child = spawn(...command, { env: daemonEnv({ RUN: run }), stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout, 'data');
    const pid = Number(String(said));
    t.teardown(() => process.kill(pid, 'SIGKILL'));
    return pid;
  };

  const mine = await start('mine', program, args);
  const orphan = await start('mine', '/bin/sh', ['-c', '"$@" &', 'sh', program, ...args]);
  const other = await start('other', program, args);
  t.same(markedProcesses(script, 'RUN', 'mine').sort(), [mine, orphan].sort());
  t.same(markedProcesses(script, 'RUN', 'other'), [other]);
  t.same(markedProcesses(`${script}.ts`, 'RUN', 'mine'), [], 'nor what else carries the mark');
});
