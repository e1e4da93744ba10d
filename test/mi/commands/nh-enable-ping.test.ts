import t, { type Test } from 'tap';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { nhEnablePingCommand } from '../../../lib/mi/commands/nh-enable-ping.ts';
import { Role } from '../../../lib/role/role.ts';
import { miCaller } from '../../support/mi-caller.ts';
import { silentLog } from '../../support/silent-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Time stands still. */
const CLOCK = { nowMs: () => 1_732_650_000_000, offsetMs: () => 0 };

async function start(t: Test, natPingIntervalS = 30) {
  const path = join(tempFolder(t), 'role');
  const role = await Role.open({ path, atFirst: 'active', nodeId: 1 }, CLOCK, silentLog);
  const interval = { s: natPingIntervalS };
  const call = miCaller(new CommandTable([nhEnablePingCommand(role, () => interval.s)]));
  return { path, role, interval, call, stored: () => readFileSync(path, 'utf8') };
}

t.test('without parameters it shows the flag', async (t) => {
  const { call, role } = await start(t);
  t.same(await call('nh_enable_ping'), { Status: 1 });
  await role.turn(false);
  t.same(await call('nh_enable_ping'), { Status: 0 });
  t.same(await call('nathelper:enable_ping'), { Status: 0 }, 'under the name of 4.0 too');
});

t.test('a number sets it, and OK means that the role file holds it', async (t) => {
  const { call, role, stored } = await start(t);
  const calls = [
    [[0], false],
    [['1'], true],
    [{ status: '0' }, false],
    [{ status: 7 }, true],
    [['-0'], false],
    [[-1], true],
  ] as const;
  for (const [params, isOn] of calls) {
    t.equal(await call('nh_enable_ping', params), 'OK', JSON.stringify(params));
    t.equal(role.isOpen, isOn);
    t.equal(stored(), isOn ? 'active 1732650000000\n' : 'passive\n');
  }
});

t.test('what is no number changes nothing', async (t) => {
  const { call, role } = await start(t);
  for (const params of [['off'], [''], [false], [0.5], { status: null }]) {
    const expected = { code: -32602, message: 'Invalid params', data: "Bad type for parameter 'status'" };
    t.same(await call('nh_enable_ping', params), expected, JSON.stringify(params));
  }
  t.match(await call('nh_enable_ping', [0, 0]), { code: -32602, data: 'Too few or too many parameters' });
  t.match(await call('nh_enable_ping', { state: 0 }), { code: -32602, data: 'Named parameters do not match' });
  t.equal(role.isOn, true);
});

t.test('with natping_interval 0 it is an error, and the flag is set and stored all the same', async (t) => {
  const { call, role, interval, stored } = await start(t, 0);
  const disabled = { code: 400, message: 'NATping disabled from script' };
  t.same(await call('nh_enable_ping', [0]), disabled);
  t.equal(role.isOn, false);
  t.equal(stored(), 'passive\n');
  t.same(await call('nh_enable_ping'), disabled);
  interval.s = 30;
  t.same(await call('nh_enable_ping'), { Status: 0 });
});

t.test(
  'when the role file cannot be written the flag is set, and the error says what a restart would bring',
  async (t) => {
    const { path, call, role } = await start(t);
    mkdirSync(`${path}.new`);
    const error = await call('nh_enable_ping', [0]);
    t.match(error, { code: 500, message: /this node is passive now.*after a restart it would be active/ });
    t.ok(error.message.includes(path), 'and it names the file');
    t.equal(role.isOpen, false);
  },
);
