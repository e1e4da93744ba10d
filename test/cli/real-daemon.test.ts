import t from 'tap';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { Program } from '../support/program.ts';

const TWINREG = resolve(import.meta.dirname, '../../scripts/twinreg');

// One daemon, since each takes a second to start.
t.test('the command line beside a real daemon', async (t) => {
  const daemon = await Daemon.start(t);

  t.test('each way of asking finds it, and leaves with an exit code that scripts can trust', async (t) => {
    t.match(await daemon.twinreg('mi', 'version'), { code: 0, out: /^Server: twinreg \(/, err: '' });
    t.match(await daemon.twinreg('mi', 'nonesuch'), {
      code: 1,
      out: '',
      err: /^twinreg: -32601 Method not found: nonesuch; /,
    });
    t.match(await daemon.twinreg('stats', 'registrar:'), { code: 0, out: /^registrar:\n.*\n {2}accepted_regs +0\n/s });
    t.match(await daemon.twinreg('status'), { code: 0, out: /^twinreg {8}\d.*\ndegraded {7}no\n$/s });
  });

  t.test('completion in bash knows its management commands', async (t) => {
    const look = `source <("$1" completion bash); COMP_WORDS=("$1" mi --data "$2" ul_d); COMP_CWORD=4; _twinreg; echo "\${COMPREPLY[*]}"`;
    const env = daemonEnv();
    const out = execFileSync('bash', ['--norc', '-c', look, 'bash', TWINREG, daemon.folder], { env, encoding: 'utf8' });
    t.equal(out, 'ul_dump\n');
  });

  for (const [how, end] of [
    ['q', (top: Program) => top.type('q')],
    ['Ctrl-C', (top: Program) => top.type('\u0003')],
  ] as const) {
    t.test(`top on a terminal gives the screen back on ${how}`, async (t) => {
      // script(1) gives it a terminal of its own.
      const top = new Program(t, 'script', ['-qec', `${TWINREG} top --data ${daemon.folder}`, '/dev/null']);
      await top.printed('q quits');
      t.match(top.output, '\u001b[?1049h\u001b[?25l');
      end(top);
      t.equal(await top.ended(), 0);
      t.ok(top.output.trimEnd().endsWith('\u001b[?25h\u001b[?1049l'));
    });
  }

  t.test('a command needs no current folder, unless a path starts there', async (t) => {
    // A folder that was removed behind a shell is gone for what the shell starts.
    const fromNowhere = (data: string) =>
      new Promise<{ readonly out: string; readonly err: string }>((resolve) => {
        const words = ['-c', 'cd "$1" && rmdir "$1" && shift && exec "$@"', 'sh', mkdtempSync(`${tmpdir()}/gone-`)];
        const command = [TWINREG, 'status', '--data', data];
        execFile('sh', [...words, ...command], { env: daemonEnv() }, (_, out, err) => resolve({ out, err }));
      });
    t.match(await fromNowhere(daemon.folder), { out: /^twinreg {8}\d/ });
    t.match(await fromNowhere('data'), { out: '', err: /^--data: data: expected an absolute path/m });
  });

  t.test('why a daemon did not start stands in the log too', async (t) => {
    const second = await daemon.twinreg('run', '--listen', `sip:${daemon.address}:${daemon.port}`);
    t.equal(second.code, 1);
    const [, reason = ''] = /^twinreg: (.*)\n$/.exec(second.err) ?? [];
    t.match(reason, /\w/);
    const log = second.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.match(log.at(-1), { level: 50, subsystem: 'app', reason, msg: 'failed' });
  });

  t.test('a daemon that was killed is known by the socket that it left', async (t) => {
    await daemon.kill();
    t.match(await daemon.twinreg('status'), {
      code: 1,
      err: /^twinreg: nobody answers on .*twinreg\.sock: the daemon that made this socket has ended \(data folder .*\); is twinreg running\? If not, start it as it was started before, with its -f FILE if it had one: twinreg run --data /,
    });
  });
});
