import t from 'tap';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { twinreg } from './support/daemon.ts';
import { tempFolder } from './support/temp-folder.ts';

const README = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');

t.test('the configuration that the README shows is valid, and draws no warning', async (t) => {
  const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(README) ?? [];
  t.match(yaml, /^# twinreg\.yaml\n/);
  const path = join(tempFolder(t), 'twinreg.yaml');
  writeFileSync(path, yaml);
  t.match(await twinreg(['check-config', '--config', path]), { code: 0, err: '' });
});

t.test('each command that the README names has help', async (t) => {
  const names = [...README.matchAll(/`twinreg ([a-z-]+(?: dump| show)?)/g)].map(([, name = '']) => name);
  t.ok(new Set(names).size >= 6, String(names));
  for (const name of new Set(names)) t.match(await twinreg(['help', ...name.split(' ')]), { code: 0 }, name);
});
