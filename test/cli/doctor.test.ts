import t from 'tap';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asNobody } from '../support/as-nobody.ts';
import { twinreg } from '../support/daemon.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commandLine } from './support/command-line.ts';

const TWINREG = resolve(import.meta.dirname, '../../scripts/twinreg');

t.test('wrong usage is told from findings by its exit code', async (t) => {
  t.match(await commandLine(['doctor', '--nonesuch']), { code: 2, out: '', err: /^twinreg doctor: unknown option/ });
  t.match(await commandLine(['doctor', 'now']), { code: 2, err: /unexpected argument 'now'/ });
});

t.test('a line for each finding with what to do, and an exit code that says that there is an error', async (t) => {
  const { code, out, err } = await twinreg(['doctor', '--data', tempFolder(t)]);
  t.match({ code, err }, { code: 1, err: '' });
  t.match(out, /^error {6}the daemon does not answer: there is no socket \S+twinreg.sock {2}-> start it/m);
  for (const line of out.trimEnd().split('\n')) t.match(line, /^(error|warning|info|unchecked) {2,}\S.* {2}-> \S/);
});

t.test('the same for programs', async (t) => {
  const { code, out } = await twinreg(['doctor', '--json', '--data', tempFolder(t)]);
  t.equal(code, 1);
  const { healthy, looked_at, findings } = JSON.parse(out);
  t.equal(healthy, false);
  t.ok(looked_at.includes('data folder'));
  t.match(findings[0], { level: 'error', found: /^the daemon does not answer/, remedy: /^start it/ });
});

t.test('a configuration with problems is a finding, and the rest is looked at', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'twinreg.yaml');
  writeFileSync(path, 'usrloc: {nonesuch: 1}\nlog: {level: loud}\n');
  const { code, out } = await twinreg(['doctor', '--config', path, '--data', join(folder, 'data')]);
  t.equal(code, 1);
  t.match(out, /^error {6}\S+twinreg.yaml:1: usrloc.nonesuch: unknown key.* {2}-> mend it/m);
  t.match(out, /^error {6}\S+twinreg.yaml:2: log.level: /m);
  t.match(out, /^unchecked {2}what depends on the configuration/m);
  t.match(out, /^error {6}the data folder \S+ does not exist/m);
});

t.test('a FIFO for a configuration holds nothing up', async (t) => {
  const path = join(tempFolder(t), 'fifo');
  execFileSync('mkfifo', [path]);
  const both = ['--config', path, '--keepalived', path, '--data', tempFolder(t)];
  const { code, out } = await twinreg(['doctor', ...both]);
  t.equal(code, 1);
  t.match(out, /^error {6}\S+fifo: expected a file, found a FIFO/m);
  t.match(out, /^error {6}\S+fifo cannot be used: it is a FIFO, no file/m);
});

t.test('a user without an account is no obstacle, as in some containers', { skip: asNobody.skip }, async (t) => {
  const child = spawnSync(TWINREG, ['doctor', '--data', '/nonesuch'], {
    uid: 12_345,
    env: daemonEnv(),
    encoding: 'utf8',
  });
  t.match({ code: child.status, err: child.stderr }, { code: 1, err: '' });
  t.match(child.stdout, /^error {6}the data folder \/nonesuch does not exist/m);
});

t.test('bash completes the file of --keepalived', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'keepalived.conf'), '');
  const look = `source <("$1" completion bash); COMP_WORDS=("$1" doctor --keepalived "$2/keep"); COMP_CWORD=3; _twinreg; echo "\${COMPREPLY[*]}"`;
  const env = daemonEnv();
  const out = execFileSync('bash', ['--norc', '-c', look, 'bash', TWINREG, folder], { env, encoding: 'utf8' });
  t.equal(out, `${folder}/keepalived.conf\n`);
});
