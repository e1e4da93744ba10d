import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { commandLine, startVariables } from '../../lib/doctor/command-line.ts';
import { daemonEnv } from '../support/daemon-env.ts';

t.test('the words and the environment of a process, however long', async (t) => {
  const long = 'x'.repeat(100_000);
  const child = spawn('sh', ['-c', 'echo started; read -r _', 'sh', long], {
    env: daemonEnv({ LONG: long, LAST: 'a=b' }),
  });
  t.teardown(() => child.kill());
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  t.strictSame((await commandLine(pid)).slice(2), ['echo started; read -r _', 'sh', long]);
  const variables = await startVariables(pid);
  t.equal(variables?.get('LONG'), long);
  t.equal(variables?.get('LAST'), 'a=b');
});

t.test('a process that is not there', async (t) => {
  t.strictSame(await commandLine(0), []);
  t.equal(await startVariables(0), undefined);
});
