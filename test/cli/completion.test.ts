import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { daemonEnv } from '../support/daemon-env.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commandLine } from './support/command-line.ts';

/** What bash would offer after these words, the last of which is begun; in a folder with files, and a twinreg that knows two commands. */
async function completer(t: Test) {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'data'));
  for (const name of ['a.yaml', 'b.yml', 'c.txt']) writeFileSync(join(folder, name), '');
  const asked = join(folder, 'asked');
  const twinreg = join(folder, 'twinreg');
  writeFileSync(
    twinreg,
    `#!/bin/sh\necho "$*" >> ${asked}\n[ "$4 $5" = "--data /gone" ] && exit 1\necho '["which","ul_dump","ul_rm"]'\n`,
  );
  chmodSync(twinreg, 0o755);
  const { out: script } = await commandLine(['completion', 'bash']);
  writeFileSync(join(folder, 'completion'), script);
  const look = 'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _twinreg; echo "${COMPREPLY[*]}"';
  return (...words: string[]) => {
    const args = ['--norc', '-c', look, 'bash', twinreg, ...words];
    return execFileSync('bash', args, {
      cwd: folder,
      env: daemonEnv(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();
  };
}

t.test('bash completes commands, of one word and of two', async (t) => {
  const complete = await completer(t);
  t.match(complete(''), /^run check-config .*\bul\b.*\bmi\b.* help$/);
  t.equal(complete('st'), 'status stats');
  t.equal(complete('ul', ''), 'dump show add rm');
  t.equal(complete('ul', 's'), 'show');
  t.equal(complete('cluster', ''), 'list add remove');
  t.equal(complete('help', 'ul', 'd'), 'dump');
  t.equal(complete('help', 'to'), 'top');
  t.equal(complete('help', 'mi', ''), '');
  t.equal(complete('ping', 'o'), 'on off');
  t.equal(complete('completion', ''), 'bash');
  t.equal(complete('ul', 'show', ''), '');
});

t.test('bash completes the options of a command, wherever they stand', async (t) => {
  const complete = await completer(t);
  t.equal(complete('ul', 'dump', '--'), '--brief --json --config --data --socket --help');
  t.equal(complete('ul', '--data', 'x', 'dump', '--j'), '--json');
  t.equal(complete('ul', 'add', 'a@b', '--ex'), '--expires');
  t.equal(complete('ul', 'add', '--expires', ''), '');
  t.equal(complete('cluster', 'add', '--s'), '--seed');
  t.equal(complete('history', '--'), '--since --json --config --data --socket --help');
  t.equal(complete('history', '-n', ''), '');
  t.equal(complete('handover', '--t'), '--timeout');
  t.equal(complete('cluster', 'add', '--retries', ''), '');
  t.equal(complete('mi', '--', '-'), '');
});

t.test('bash completes configuration files and folders', async (t) => {
  const complete = await completer(t);
  t.equal(complete('run', '-f', ''), 'data a.yaml b.yml');
  t.equal(complete('check-config', '--config', 'b'), 'b.yml');
  t.equal(complete('status', '--data', ''), 'data');
  t.equal(complete('status', '--socket', 'c'), 'completion c.txt');
});

t.test('bash asks the daemon that is meant for the names of management commands', async (t) => {
  const complete = await completer(t);
  t.equal(complete('mi', ''), 'which ul_dump ul_rm');
  t.equal(complete('mi', '--data', '/var/lib/x', 'ul_'), 'ul_dump ul_rm');
  t.equal(complete('mi', '--data', '/gone', 'ul_'), '', 'nothing, and no complaint, where none runs');
  t.equal(complete('mi', 'ul_dump', ''), '');
});

t.test('another shell is refused in a sentence', async (t) => {
  t.match(await commandLine(['completion', 'fish']), {
    code: 2,
    err: /^twinreg completion: expected bash, found 'fish'\n/,
  });
  t.match(await commandLine(['completion']), { code: 2, err: /bash is missing/ });
});
