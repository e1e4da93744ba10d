import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { Daemon, twinreg } from '../support/daemon.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const script = requireTool('script', 'bsdutils');

t.test(
  'a person at a terminal is told where it serves, what it keeps, and what to do next',
  { skip: script.skip },
  async (t) => {
    const folder = tempFolder(t);
    const address = loopbackAddress();
    const port = await freePort(address);
    const command = `exec ${ROOT}/scripts/twinreg run --data ${folder} --listen sip:${address}:${port}`;
    const child = spawn(script.path ?? '', ['-qefc', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: daemonEnv({ NO_COLOR: '1' }),
    });
    t.teardown(() => child.kill('SIGKILL'));
    let shown = '';
    child.stdout.on('data', (data: Buffer) => (shown += data.toString()));
    while (!shown.includes('Ctrl-C')) await once(child.stdout, 'data');

    t.match(shown, `serves SIP on udp:${address}:${port}, tcp:${address}:${port}`);
    t.match(shown, `Data folder: ${folder} (0 bindings loaded)`);
    t.match(shown, `Point a softphone at ${address}:${port}, e.g. as sip:alice@${address}:${port}`);
    t.match(shown, 'Only this machine reaches it; for others start it with --listen sip:ADDRESS.');
    t.match(shown, `twinreg status --data ${folder}`);
    t.match(shown, /\d\d:\d\d:\d\d\] INFO: load: bindings loaded/, 'the log is for people');
    t.notMatch(shown, '{"level"');

    child.stdin.write('\u0003');
    const [code] = await once(child, 'exit');
    t.equal(code, 0, 'Ctrl-C ends it cleanly');
  },
);

t.test('a reader that has seen enough of a dump is no error', async (t) => {
  const daemon = await Daemon.start(t, { config: 'usrloc:\n  working_mode_preset: single-instance-no-db\n' });
  const phone = await daemon.phone(t);
  await Promise.all(Array.from({ length: 500 }, (_, i) => phone.register({ aor: `sip:user${i}@example.com` })));
  const pipe = spawn('sh', ['-c', `${ROOT}/scripts/twinreg ul dump --data ${daemon.folder}; echo "code $?" >&2`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: daemonEnv(),
  });
  let err = '';
  pipe.stderr.on('data', (data: Buffer) => (err += data.toString()));
  pipe.stdout.destroy();
  await once(pipe, 'close');
  t.equal(err, 'code 0\n');
  t.match(await daemon.mi('status'), { users: 500 }, 'and the daemon goes on');
});

t.test('a defect ends the daemon with its stack in the log and exit code 70', async (t) => {
  const folder = tempFolder(t);
  const defect = 'process.once("SIGUSR2", () => { throw new TypeError("what must never be") })';
  const args = ['--import', `data:text/javascript,${encodeURIComponent(defect)}`, join(ROOT, 'lib/main.ts')];
  const address = loopbackAddress();
  args.push('run', '--data', folder, '--listen', `udp:${address}:${await freePort(address)}`);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: daemonEnv() });
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  let isTold = false;
  child.stdout.on('data', (data: Buffer) => {
    log += data.toString();
    if (isTold || !log.includes('"serving"')) return;
    isTold = true;
    child.kill('SIGUSR2');
  });
  const [code] = await once(child, 'close');
  t.equal(code, 70);
  const last = JSON.parse(log.trim().split('\n').at(-1) ?? '');
  t.match(last, {
    level: 50,
    msg: 'defect: ending',
    err: { type: 'TypeError', message: 'what must never be', stack: /TypeError.*\n +at / },
  });
});

t.test('without arguments it shows what it can do', async (t) => {
  t.match(await twinreg([]), { code: 0, out: /Usage: twinreg COMMAND/, err: '' });
});
