import t from 'tap';
import { execFileSync } from 'node:child_process';
import { daemonCommand, daemonEnv } from './daemon-env.ts';

t.test("a daemon's environment has nothing of the test runner", (t) => {
  t.hasProp(process.env, 'TAP', 'the runner does set something');
  t.same(
    Object.keys(daemonEnv()).filter((name) => name === 'NODE_OPTIONS' || name.includes('TAP')),
    [],
  );
  t.equal(daemonEnv()['PATH'], process.env['PATH'], 'the rest stays');
  t.end();
});

t.test('a test may add variables of its own', (t) => {
  t.match(daemonEnv({ TWINREG_TEST: 'yes' }), { TWINREG_TEST: 'yes' });
  t.end();
});

t.test("a Node started with both is a plain Node, and has the process id of its spawner's child", (t) => {
  const script = `const { env, execArgv, ppid } = process;
    console.log(JSON.stringify({ options: env.NODE_OPTIONS ?? null, execArgv, ppid, args: process.argv.slice(1) }));`;
  const command = daemonCommand(process.execPath, '-e', script, 'two words', '$HOME');
  t.same(JSON.parse(execFileSync(...command, { env: daemonEnv(), encoding: 'utf8' })), {
    options: null,
    execArgv: ['-e', script],
    ppid: process.pid,
    args: ['two words', '$HOME'],
  });
  t.end();
});
