import t from 'tap';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configKeyNames } from '../scripts/dev/config-reference.ts';
import { Daemon, twinreg } from './support/daemon.ts';
import { tempFolder } from './support/temp-folder.ts';

const README = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');

t.test('each configuration that the README shows is valid, and draws no warning', async (t) => {
  const blocks = [...README.matchAll(/```yaml\n([^`]*)```/g)].map(([, yaml = '']) => yaml);
  t.ok(
    blocks.some((yaml) => yaml.startsWith('# twinreg.yaml\n')),
    'that of one node',
  );
  for (const yaml of blocks) {
    const path = join(tempFolder(t), 'twinreg.yaml');
    writeFileSync(path, yaml);
    t.match(await twinreg(['check-config', '--config', path]), { code: 0, err: '' });
  }
});

t.test('the files of the pair are valid, and the README shows the first of them', async (t) => {
  const folder = resolve(import.meta.dirname, '../docs/pair');
  const [one, two] = ['one.yaml', 'two.yaml'].map((name) => join(folder, name));
  for (const path of [one, two]) t.match(await twinreg(['check-config', '--config', path ?? '']), { code: 0, err: '' });
  const shown = readFileSync(one ?? '', 'utf8').replace(/^#.*\n/, '');
  t.ok(README.includes(shown));
});

const OPERATIONS = readFileSync(resolve(import.meta.dirname, '../docs/OPERATIONS.md'), 'utf8');

for (const [name, text, least] of [
  ['README', README, 6],
  ['OPERATIONS.md', OPERATIONS, 10],
] as const) {
  t.test(`each command that ${name} names has help`, async (t) => {
    const shown = [...text.matchAll(/(?:`|^|&& )(?:scripts\/|\.\/scripts\/)?twinreg ([a-z-]+)(?: ([a-z]+))?/gm)];
    const names = new Set(shown.map(([, first = '', second]) => (first === 'ul' ? `ul ${second}` : first)));
    t.ok(names.size >= least, [...names].join(', '));
    for (const command of names) t.match(await twinreg(['help', ...command.split(' ')]), { code: 0 }, command);
  });
}

t.test('each management command that OPERATIONS.md names is one', async (t) => {
  const names = new Set([...OPERATIONS.matchAll(/twinreg mi ([a-z_]+)/g)].map(([, name = '']) => name));
  t.ok(names.size >= 3, [...names].join(', '));
  const daemon = await Daemon.start(t);
  const known = await daemon.mi('which');
  t.strictSame(
    [...names].filter((name) => !(known as readonly string[]).includes(name)),
    [],
  );
});

t.test('each key that OPERATIONS.md names is in the reference', async (t) => {
  const keys = new Set(
    [...OPERATIONS.matchAll(/`((?:usrloc|registrar|nathelper|policy|mi|sip|log)\.[a-z_]+)/g)].map(
      ([, key = '']) => key,
    ),
  );
  t.ok(keys.size >= 15, [...keys].join(', '));
  const known = new Set(configKeyNames());
  for (const key of keys) t.ok(known.has(key), key);
});

t.test('each log message that OPERATIONS.md explains is in the code', async (t) => {
  const rows = OPERATIONS.slice(OPERATIONS.indexOf('| message |'), OPERATIONS.indexOf('## Degraded'));
  const messages = [...rows.matchAll(/^\| `([^`…]+?)` \|/gm)].map(([, message = '']) => message);
  t.ok(messages.length >= 8, messages.join(', '));
  const lib = resolve(import.meta.dirname, '../lib');
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const code = files.map((name) => readFileSync(join(lib, name), 'utf8')).join('\n');
  for (const message of messages) t.ok(code.includes(`'${message}'`), message);
});
