import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { daemonEnv } from '../support/daemon-env.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const INSTALL = join(ROOT, 'scripts/install');
const ANALYZE = '/usr/bin/systemd-analyze';

const PLACES = {
  config: 'etc/twinreg/twinreg.yaml',
  unit: 'etc/systemd/system/twinreg.service',
  command: 'usr/local/bin/twinreg',
  completion: 'usr/share/bash-completion/completions/twinreg',
};

function install(folder: string, ...options: readonly string[]): string {
  return execFileSync(INSTALL, options, { env: daemonEnv({ DESTDIR: folder }) }).toString();
}

t.test('it puts its files in place, once, and keeps the configuration', async (t) => {
  const folder = tempFolder(t);
  t.equal(install(folder, '--dry-run').split('\n').length, 5, 'a line for each file');
  t.strictSame(readdirSync(folder), [], 'a dry run does nothing');
  t.match(install(folder), `writes ${folder}/${PLACES.config}`);
  for (const [place, mode] of [
    [PLACES.config, 0o640],
    [PLACES.unit, 0o644],
    [PLACES.command, 0o755],
    [PLACES.completion, 0o644],
  ] as const) {
    t.equal(statSync(join(folder, place)).mode & 0o777, mode, place);
  }
  t.match(readFileSync(join(folder, PLACES.completion), 'utf8'), 'complete -F _twinreg twinreg');
  t.equal(install(folder), 'all is in place\n');

  const edited = 'listen: [192.0.2.10]\n';
  writeFileSync(join(folder, PLACES.config), edited);
  writeFileSync(join(folder, PLACES.unit), 'an older unit\n');
  t.equal(install(folder), `writes ${folder}/${PLACES.unit}\n`);
  t.equal(readFileSync(join(folder, PLACES.config), 'utf8'), edited);
});

const skip = existsSync(ANALYZE) ? false : 'systemd-analyze is not installed';

t.test('the unit is for this checkout, and systemd finds nothing wrong with it', { skip }, async (t) => {
  const folder = tempFolder(t);
  install(folder);
  const unit = join(folder, PLACES.unit);
  t.match(readFileSync(unit, 'utf8'), `ExecStart=${ROOT}/scripts/twinreg run `);
  t.equal(execFileSync('sh', ['-c', `exec ${ANALYZE} verify "$1" 2>&1`, 'sh', unit]).toString(), '');
});

t.test('the installed command means the service, unless an option says which daemon', async (t) => {
  const { told, config } = installedCommand(t);
  const service = ['--config', config, '--data', '/var/lib/twinreg'];
  t.strictSame(told('status', '--json'), ['status', ...service, '--json']);
  t.strictSame(told('ul', 'show', 'alice@example.com'), ['ul', 'show', ...service, 'alice@example.com']);
  t.strictSame(told('mi', '--', 'which', '--data'), ['mi', ...service, '--', 'which', '--data']);
  for (const words of [
    ['status', '--data', 'two words'],
    ['run', '-f', 'twinreg.yaml'],
    ['run', '-ftwinreg.yaml'],
    ['ul', 'dump', '--socket=/run/x'],
    ['check-config', '--config', ''],
    ['help', 'run'],
    ['completion', 'bash'],
    ['--version'],
    ['ul'],
    [],
  ]) {
    t.strictSame(told(...words), words);
  }
});

t.test('every command that takes the options of the service has them behind its whole name', async (t) => {
  const { told, config, completion } = installedCommand(t);
  const commands = [...completion.matchAll(/^ {4}'(.+) '\*\) _twinreg_words '(--.*)' ;;$/gm)];
  const names = commands.map(([, name = '']) => name);
  t.ok(
    ['status', 'ul show', 'cluster add'].every((name) => names.includes(name)),
    names.join(),
  );
  for (const [, name = '', options = ''] of commands) {
    const isOfDaemon = options.includes('--config') && options.includes('--data');
    const service = isOfDaemon ? ['--config', config, '--data', '/var/lib/twinreg'] : [];
    t.strictSame(told(...name.split(' '), 'argument'), [...name.split(' '), ...service, 'argument'], name);
  }
});

t.test('the installed command adds nothing while there is no configuration', async (t) => {
  const { told } = installedCommand(t, { hasConfig: false });
  t.strictSame(told('status'), ['status']);
});

/** The command as it was installed, but for what it calls: that tells its arguments. */
function installedCommand(t: Test, { hasConfig = true } = {}) {
  const folder = tempFolder(t);
  install(folder);
  const config = join(folder, hasConfig ? PLACES.config : 'none.yaml');
  const teller = join(folder, 'teller');
  writeFileSync(teller, '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n', { mode: 0o755 });
  const command = join(folder, PLACES.command);
  const text = readFileSync(command, 'utf8');
  t.match(text, `command=${ROOT}/scripts/twinreg\n`);
  writeFileSync(command, text.replace(/^command=.*/m, `command=${teller}`).replace(/^config=.*/m, `config=${config}`));
  const told = (...words: readonly string[]) => execFileSync(command, words).toString().split('\n').slice(0, -1);
  return { told, config, completion: readFileSync(join(folder, PLACES.completion), 'utf8') };
}
