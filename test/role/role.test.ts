import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperationalError } from '../../lib/core/errors.ts';
import { Role } from '../../lib/role/role.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Line {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function recordingLog() {
  const lines: Line[] = [];
  const write = (level: Line['level']) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: { ...fields } });
  return { lines, log: { debug() {}, error() {}, info: write('info'), warn: write('warn') } };
}

async function open(path: string, atFirst: 'active' | 'passive' = 'active') {
  const { lines, log } = recordingLog();
  const role = await Role.open({ path, atFirst }, log);
  return { role, lines, warnings: lines.filter(({ level }) => level === 'warn') };
}

const rolePath = (t: Test) => join(tempFolder(t), 'role');

t.test('the first start follows the default, and writes no file', async (t) => {
  const path = rolePath(t);
  const { role, warnings } = await open(path);
  t.equal(role.name, 'active');
  t.equal(role.isOpen, true);
  t.same(warnings, []);
  t.equal((await open(path, 'passive')).role.isOpen, false);
  t.notOk(existsSync(path));
});

t.test('what was set survives a restart', async (t) => {
  const path = rolePath(t);
  await (await open(path)).role.turn(false);
  t.equal((await open(path)).role.name, 'passive');
  await (await open(path)).role.turn(true);
  t.equal((await open(path, 'passive')).role.name, 'active');
  t.same(readdirSync(dirname(path)), ['role'], 'nothing else is left');
  t.equal(statSync(path).mode & 0o037, 0, 'and others neither read nor write it');
});

t.test('a notify script may have written the file, with or without a line end', async (t) => {
  const path = rolePath(t);
  for (const content of ['passive\n', 'passive']) {
    writeFileSync(path, content);
    const { role, warnings } = await open(path);
    t.equal(role.name, 'passive');
    t.same(warnings, []);
  }
});

t.test('a file that says nothing usable is warned about, and left until the role is set', async (t) => {
  const path = rolePath(t);
  for (const content of ['', 'master\n', 'ACTIVE\n', ' passive\n', 'passive\nactive\n', 'passive\0', 'x'.repeat(1e6)]) {
    writeFileSync(path, content);
    const { role, warnings } = await open(path);
    t.equal(role.name, 'active');
    t.match(warnings, [{ fields: { path, content: content.slice(0, 64), expected: /active or passive/ } }]);
    t.equal(readFileSync(path, 'utf8'), content);
    await role.turn(false);
    t.equal(readFileSync(path, 'utf8'), 'passive\n');
  }
});

t.test('what cannot be read is warned about with the reason, and does not hold up the start', async (t) => {
  const path = rolePath(t);
  mkdirSync(path);
  const folder = await open(path);
  t.equal(folder.role.name, 'active');
  t.match(folder.warnings, [{ fields: { path, reason: /EISDIR/ } }]);
  rmSync(path, { recursive: true });

  execFileSync('mkfifo', [path]);
  const fifo = await open(path);
  t.equal(fifo.role.name, 'active');
  t.equal(fifo.warnings.length, 1);
  await fifo.role.turn(false);
  t.equal(readFileSync(path, 'utf8'), 'passive\n', 'and is replaced');
});

t.test(
  'a crash between writing and renaming leaves what was stored before, and does not stop later writes',
  async (t) => {
    const path = rolePath(t);
    await (await open(path)).role.turn(false);
    writeFileSync(`${path}.new`, 'active but cut');
    const { role, warnings } = await open(path);
    t.equal(role.name, 'passive');
    t.same(warnings, []);
    await role.turn(true);
    t.equal(readFileSync(path, 'utf8'), 'active\n');
    t.same(readdirSync(dirname(path)), ['role']);
  },
);

t.test(
  'when it cannot be written the role changes all the same, and the error tells what a restart brings',
  async (t) => {
    const path = rolePath(t);
    const { role, lines } = await open(path);
    await role.turn(true);
    rmSync(dirname(path), { recursive: true });
    const failed = await role.turn(false).catch((err: unknown) => err);
    t.type(failed, OperationalError);
    t.match(failed, { message: /passive now.*\/role cannot be written \(ENOENT.*restart it would be active/ });
    t.equal(role.isOpen, false);
    t.match(lines.at(-1), { level: 'warn', fields: { path, flag: 'passive', next: 'active' } });

    mkdirSync(dirname(path));
    await role.turn(false);
    t.equal(readFileSync(path, 'utf8'), 'passive\n', 'the next order is stored again');
  },
);

t.test('the error is of the file as it is, whoever wrote it meanwhile', async (t) => {
  const path = rolePath(t);
  const { role } = await open(path);
  writeFileSync(path, 'passive\n');
  mkdirSync(`${path}.new`);
  await t.rejects(role.turn(true), { message: /active now.*restart it would be passive/ });
});

t.test('of orders that come at once the last one stays, in memory and in the file', async (t) => {
  const path = rolePath(t);
  const { role } = await open(path);
  const orders = [false, true, false, true, false].map((isOn) => role.turn(isOn));
  t.equal(role.isOpen, false, 'the flag is set before anything is written');
  await Promise.all(orders);
  t.equal(readFileSync(path, 'utf8'), 'passive\n');
});

t.test('orders that come while the file is being written wait as one', async (t) => {
  const path = rolePath(t);
  const { role, lines } = await open(path);
  rmSync(dirname(path), { recursive: true });
  const orders = Array.from({ length: 101 }, (_, index) => role.turn(index % 2 === 1));
  const outcomes = await Promise.allSettled(orders);
  t.ok(
    outcomes.every(({ status }) => status === 'rejected'),
    'each hears what became of it',
  );
  const failed = lines.filter(({ level }) => level === 'warn');
  t.match(failed, [{ fields: { flag: 'passive' } }], 'one write, of the last order');
  t.equal(failed.length, 1);
  mkdirSync(dirname(path));
  await role.turn(true);
  t.equal(readFileSync(path, 'utf8'), 'active\n');
});

t.test('each change is told once, in order, with a line of the log', async (t) => {
  const { role, lines } = await open(rolePath(t));
  const heard: string[] = [];
  role.addListener((to, from) => heard.push(`${from} > ${to}, gate ${role.isOpen ? 'open' : 'shut'}`));
  await role.turn(true);
  await role.turn(false, 'the test');
  await role.turn(false);
  await role.turn(true);
  t.same(heard, ['active > passive, gate shut', 'passive > active, gate open']);
  t.match(
    lines.filter(({ message }) => message === 'role changed').map(({ fields }) => fields),
    [
      { from: 'active', to: 'passive', reason: 'the test' },
      { from: 'passive', to: 'active', reason: 'nh_enable_ping' },
    ],
  );
});
