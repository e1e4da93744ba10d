import t, { type Test } from 'tap';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Role } from '../../lib/role/role.ts';
import { WHERE_THE_ADDRESS_IS } from '../../lib/role/stored-flag.ts';
import { RecordedLog } from '../sip/embedded/recorded-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ProcessClock, SharedTime, T0 } from './support/shared-time.ts';

const FOLLOWING = { atFirst: WHERE_THE_ADDRESS_IS, address: 'watched' } as const;
const SEED = { atFirst: 'active', address: 'watched' } as const;

interface Options {
  readonly path?: string;
  readonly time?: SharedTime;
}

async function open(t: Test, settings: typeof FOLLOWING | typeof SEED, options: Options = {}) {
  const { path = join(tempFolder(t), 'role'), time = new SharedTime() } = options;
  const [clock, log] = [new ProcessClock(time), new RecordedLog()];
  const role = await Role.open({ path, nodeId: 1, ...settings }, clock, log);
  const changes: string[] = [];
  role.addListener({ roleChanged: (name, reason) => changes.push(`${name}: ${reason}`) });
  return { role, path, time, clock, log, changes };
}

t.test('until it is known where the address is, a node is passive and announces nothing', async (t) => {
  for (const settings of [FOLLOWING, SEED]) {
    const { role } = await open(t, settings);
    t.match(role, { name: 'passive', isOpen: false, announcement: undefined, isAddressHere: false });
  }
});

t.test('while nobody has ordered it, the role follows the address, and no file is written', async (t) => {
  const { role, path, time, changes } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  t.match(role, { isOn: false, isOpen: false });
  time.advance(5000);
  await role.addressChanged(true);
  t.match(role, { isOn: true, isOpen: true, name: 'active', takenAtMs: T0 + 5000 }, 'taken when the address arrived');
  await role.addressChanged(false);
  t.match(role, { isOn: false, isOpen: false, announcement: undefined });
  t.same(changes, ['active: the address is here', 'passive: the address is not here']);
  t.notOk(existsSync(path));
});

t.test('with the address here at the start the role is taken never, at each start', async (t) => {
  const { role, path } = await open(t, FOLLOWING);
  await role.addressChanged(true);
  t.match(role, { isOpen: true, takenAtMs: 0 });
  const again = await open(t, FOLLOWING, { path });
  await again.role.addressChanged(true);
  t.match(again.role, { isOpen: true, takenAtMs: 0 });
});

t.test('an order ends that, also one that agrees with the address', async (t) => {
  const { role, path } = await open(t, FOLLOWING);
  await role.addressChanged(true);
  await role.turn(true);
  await role.addressChanged(false);
  t.match(role, { isOn: true, isOpen: false }, 'the flag stays, and the node is passive');
  const again = await open(t, FOLLOWING, { path });
  await again.role.addressChanged(false);
  t.match(again.role, { isOn: true, isOpen: false }, 'after a restart too');
  await again.role.turn(false);
  await again.role.addressChanged(true);
  t.match(again.role, { isOn: false, isOpen: false }, 'and the address alone makes nobody active');
});

t.test('a file that says nothing usable is no order: the address says better who is active', async (t) => {
  const path = join(tempFolder(t), 'role');
  writeFileSync(path, 'master\n');
  const { role, log } = await open(t, FOLLOWING, { path });
  t.match(log.lines[0], { level: 'warn', fields: { role: 'active where the address is', content: 'master\n' } });
  await role.addressChanged(true);
  t.match(role, { isOpen: true, takenAtMs: 0 });
});

t.test('the seed of a pair whose address cannot be elsewhere is active when it has bound it', async (t) => {
  const { role, changes } = await open(t, SEED);
  t.equal(role.isOn, true, 'the flag is set at once');
  await role.addressChanged(true);
  t.match(role, { isOpen: true, takenAtMs: 0 });
  await role.addressChanged(false);
  t.match(role, { isOn: true, isOpen: false });
  t.same(changes, ['active: the address is here', 'passive: the address is not here']);
});

t.test('with the flag on the role is as late as the address, if that came after the order', async (t) => {
  const { role, path, time } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  await role.turn(true);
  time.advance(3000);
  await role.addressChanged(true);
  t.equal(role.takenAtMs, T0 + 3000);
  t.equal(readFileSync(path, 'utf8'), `active ${String(T0 + 3000)}\n`);
  time.advance(1000);
  const again = await open(t, FOLLOWING, { path, time });
  await again.role.addressChanged(true);
  t.equal(again.role.takenAtMs, T0 + 3000, 'which a restart does not renew');
});

t.test('an arrival counts also when the twin became active by a clock that was ahead', async (t) => {
  const { role } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  role.twinAnnounced({ nodeId: 2, takenAtMs: T0 + 60_000 });
  await role.addressChanged(true);
  t.match(role, { isOpen: true, takenAtMs: T0 + 60_001 });
});

t.test('what nobody ordered does not undo what a notify script has just written', async (t) => {
  const { role, path, time } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  await role.turn(true);
  writeFileSync(path, 'passive\n');
  time.advance(1);
  await role.addressChanged(true);
  t.equal(readFileSync(path, 'utf8'), 'passive\n');
  t.notOk(existsSync(`${path}.new`));
});

t.test('that the later time cannot be stored is logged, and the role changes all the same', async (t) => {
  const { role, path, time, log } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  await role.turn(true);
  mkdirSync(`${path}.new`);
  time.advance(1);
  await t.resolves(role.addressChanged(true));
  t.equal(role.isOpen, true);
  t.match(log.lines.at(-1), { level: 'warn', message: 'the role file cannot be written' });
});

t.test('a time of the address in this life moves with the clock', async (t) => {
  const { role, clock } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  await role.addressChanged(true);
  clock.shift(2500);
  await role.clockShifted(2500);
  t.equal(role.takenAtMs, T0 + 2500);
});

t.test('a node without its address announces nothing and yields to nobody', async (t) => {
  const { role } = await open(t, SEED);
  await role.addressChanged(true);
  role.twinAnnounced({ nodeId: 2, takenAtMs: T0 });
  t.match(role, { isYielding: true, otherActive: { nodeId: 2 } });
  const heard: string[] = [];
  role.addListener({
    announced: () => heard.push('announced'),
    bothActiveChanged: (isBoth, { twin }) => heard.push(`both ${String(isBoth)} with ${String(twin.nodeId)}`),
  });
  await role.addressChanged(false);
  t.match(role, { isYielding: false, otherActive: undefined, announcement: undefined });
  t.same(heard, ['both false with 2', 'announced']);
});

t.test('who can say where the address is does so before an order is obeyed', async (t) => {
  const { role, path, time, changes } = await open(t, FOLLOWING);
  await role.addressChanged(false);
  role.addListener({ ordered: () => void role.addressChanged(true) });
  time.advance(1000);
  await role.turn(true);
  t.same(changes, ['active: the address is here']);
  t.equal(readFileSync(path, 'utf8'), `active ${String(T0 + 1000)}\n`);
});

t.test(
  'each order that changes the flag is one line of the log; what follows the address is told as the role',
  async (t) => {
    const { role, log } = await open(t, FOLLOWING);
    await role.addressChanged(false);
    await role.addressChanged(true);
    await role.addressChanged(false);
    await role.turn(true);
    await role.turn(true);
    const lines = log.lines
      .filter(({ message }) => /changed/.test(message))
      .map(({ message, fields }) => [message, fields]);
    t.same(lines, [
      ['role changed', { from: 'passive', to: 'active', reason: 'the address is here' }],
      ['role changed', { from: 'active', to: 'passive', reason: 'the address is not here' }],
      ['flag changed', { flag: 'active', reason: 'nh_enable_ping' }],
    ]);
  },
);

t.test('the error of a role file that cannot be written says that a restart would follow the address', async (t) => {
  const { role, path } = await open(t, FOLLOWING);
  mkdirSync(`${path}.new`);
  await t.rejects(role.turn(true), { message: /after a restart it would be active where the address is$/ });
});
