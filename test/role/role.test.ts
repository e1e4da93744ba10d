import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperationalError } from '../../lib/core/errors.ts';
import { Role } from '../../lib/role/role.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ProcessClock, SharedTime, T0 } from './support/shared-time.ts';

const MINUTE = 60_000;

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

async function open(path: string, atFirst: 'active' | 'passive' = 'active', clock = new ProcessClock()) {
  const { lines, log } = recordingLog();
  const role = await Role.open({ path, atFirst, nodeId: 1 }, clock, log);
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
  const lines = ['', 'master\n', 'ACTIVE\n', ' passive\n', 'passive\nactive\n', 'passive\0', 'x'.repeat(1e6)];
  const times = [
    'active soon\n',
    'active -1\n',
    'active 1e3\n',
    'active 1 2\n',
    `active ${'9'.repeat(16)}\n`,
    'passive 1\n',
  ];
  for (const content of [...lines, ...times]) {
    writeFileSync(path, content);
    const { role, warnings } = await open(path);
    t.equal(role.name, 'active');
    t.match(warnings, [{ fields: { path, content: content.slice(0, 64), expected: /active, .* or passive/ } }]);
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
    t.equal(readFileSync(path, 'utf8'), `active ${String(T0)}\n`);
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
  t.equal(readFileSync(path, 'utf8'), `active ${String(T0)}\n`);
});

t.test(
  'each change is told once, in order, with a line of the log; an order to take what one has is told to the twin',
  async (t) => {
    const { role, lines } = await open(rolePath(t));
    const heard: string[] = [];
    const note = (what: string) => heard.push(`${what}: ${role.name}, gate ${role.isOpen ? 'open' : 'shut'}`);
    role.addListener({ announced: () => note('announced'), gateChanged: () => note('gate') });
    await role.turn(true);
    await role.turn(false, 'the test');
    await role.turn(false);
    await role.turn(true);
    t.same(heard, [
      'announced: active, gate open',
      'announced: passive, gate shut',
      'gate: passive, gate shut',
      'announced: active, gate open',
      'gate: active, gate open',
    ]);
    t.match(
      lines.filter(({ message }) => message === 'role changed').map(({ fields }) => fields),
      [
        { from: 'active', to: 'passive', reason: 'the test' },
        { from: 'passive', to: 'active', reason: 'nh_enable_ping' },
      ],
    );
  },
);

t.test('the time is that of the last order, and it survives a restart', async (t) => {
  const [path, time] = [rolePath(t), new SharedTime()];
  const { role } = await open(path, 'passive', new ProcessClock(time));
  t.equal(role.takenAtMs, undefined);
  await role.turn(true);
  t.equal(role.takenAtMs, T0);
  time.advance(MINUTE);
  t.equal(role.takenAtMs, T0, 'whatever time it is');
  await role.turn(true);
  t.equal(role.takenAtMs, T0 + MINUTE);
  t.same(role.announcement, { takenAtMs: T0 + MINUTE, nodeId: 1 });
  time.advance(MINUTE);
  const later = await open(path, 'passive', new ProcessClock(time));
  t.equal(later.role.takenAtMs, T0 + MINUTE);
  t.same(later.warnings, []);
  await later.role.turn(false);
  t.equal(later.role.takenAtMs, undefined);
  t.equal(later.role.announcement, undefined);
});

t.test('a role that nobody ordered is older than any, at each start', async (t) => {
  const path = rolePath(t);
  t.equal((await open(path)).role.takenAtMs, 0);
  writeFileSync(path, 'master\n');
  t.equal((await open(path)).role.takenAtMs, 0);
});

t.test('in a file without a time the order is as old as the file, in cluster time, until the next order', async (t) => {
  const path = rolePath(t);
  writeFileSync(path, 'active\n');
  utimesSync(path, (T0 - MINUTE) / 1000, (T0 - MINUTE) / 1000);
  const { role, warnings } = await open(path, 'passive', new ProcessClock(new SharedTime(), 5000));
  t.equal(role.takenAtMs, T0 - MINUTE + 5000);
  t.same(warnings, []);
  t.equal(readFileSync(path, 'utf8'), 'active\n', 'which is left as it is');
  await role.turn(true);
  t.equal(readFileSync(path, 'utf8'), `active ${String(T0 + 5000)}\n`);
});

t.test('a time that is far ahead counts as now, with a warning; one that clocks may differ by is taken', async (t) => {
  const path = rolePath(t);
  writeFileSync(path, `active ${String(T0 + 2.5 * MINUTE)}\n`);
  const ahead = await open(path);
  t.equal(ahead.role.takenAtMs, T0 + 2.5 * MINUTE);
  t.same(ahead.warnings, []);
  const far = T0 + 2.5 * MINUTE + 1;
  writeFileSync(path, `active ${String(far)}\n`);
  const { role, warnings } = await open(path);
  t.equal(role.takenAtMs, T0);
  t.match(warnings, [{ fields: { path, takenAt: new Date(far).toISOString(), now: new Date(T0).toISOString() } }]);
  writeFileSync(path, 'active\n');
  utimesSync(path, T0, T0);
  const touched = await open(path);
  t.equal(touched.role.takenAtMs, T0, 'of a file, too');
  t.equal(touched.warnings.length, 1);
});

t.test('a time of this life moves with the clock that it was read from, in the file as well', async (t) => {
  const path = rolePath(t);
  const clock = new ProcessClock(new SharedTime(), -2500);
  const { role } = await open(path, 'passive', clock);
  await role.turn(true);
  let announced = 0;
  role.addListener({ announced: () => void announced++ });
  clock.shift(2500);
  const moved = role.clockShifted(2500);
  t.equal(role.takenAtMs, T0);
  t.equal(announced, 1);
  await moved;
  t.equal(readFileSync(path, 'utf8'), `active ${String(T0)}\n`);
});

t.test('when the shifted time cannot be stored that is only logged, since nobody waits for it', async (t) => {
  const path = rolePath(t);
  const { role, lines } = await open(path);
  await role.turn(true);
  rmSync(dirname(path), { recursive: true });
  await role.clockShifted(1000);
  t.match(lines.at(-1), { level: 'warn', message: 'the role file cannot be written' });
  t.equal(role.takenAtMs, T0 + 1000);
});

t.test(
  'a time of an earlier life stays, and one that was too far ahead for the clock of before is taken after all',
  async (t) => {
    const path = rolePath(t);
    writeFileSync(path, `active ${String(T0 - MINUTE)}\n`);
    const { role } = await open(path);
    let announced = 0;
    role.addListener({ announced: () => void announced++ });
    await role.clockShifted(5000);
    t.equal(role.takenAtMs, T0 - MINUTE);
    t.equal(announced, 0);

    const slow = new ProcessClock(new SharedTime(), -60 * MINUTE);
    const late = (await open(path, 'passive', slow)).role;
    t.equal(late.takenAtMs, T0 - 60 * MINUTE);
    slow.shift(60 * MINUTE);
    await late.clockShifted(60 * MINUTE);
    t.equal(late.takenAtMs, T0 - MINUTE);
    t.equal(readFileSync(path, 'utf8'), `active ${String(T0 - MINUTE)}\n`);
  },
);

t.test('a passive node has no time that could move', async (t) => {
  const path = rolePath(t);
  const { role } = await open(path);
  await role.turn(false);
  let announced = 0;
  role.addListener({ announced: () => void announced++ });
  await role.clockShifted(5000);
  t.equal(role.takenAtMs, undefined);
  t.equal(announced, 0);
});
