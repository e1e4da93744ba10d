import t from 'tap';
import type { Clock } from '../../../lib/core/clock.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { coreCommands } from '../../../lib/mi/commands/core-commands.ts';
import { getStatisticsCommand } from '../../../lib/mi/commands/get-statistics.ts';
import { logLevelCommand, type LogLevel } from '../../../lib/mi/commands/log-level.ts';
import { whichCommand } from '../../../lib/mi/commands/which.ts';
import { RpcDispatcher } from '../../../lib/mi/rpc-dispatcher.ts';

let monotonicMs = 5_000;
const clock: Clock = {
  monotonicMs: () => monotonicMs,
  wallMs: () => new Date(2026, 10, 3, 2, 41, 38).getTime(),
  after: () => ({ cancel() {} }),
};

const facts = {
  version: '1.2.3',
  pid: 77,
  platform: 'x64/linux',
  startedAtMs: new Date(2026, 0, 31, 23, 5, 9).getTime(),
  residentBytes: () => 1,
};

let level: LogLevel = 'info';
const threshold = { level: () => level, setLevel: (to: LogLevel) => void (level = to) };

const STATISTICS = new Map([
  ['usrloc:registered_users', 3],
  ['usrloc:location-contacts', 4],
  ['registrar:accepted_regs', 9],
]);

const table = new CommandTable([
  ...coreCommands(facts, clock),
  logLevelCommand(facts, threshold),
  getStatisticsCommand(() => STATISTICS),
]);
table.add(whichCommand(table));
const dispatcher = new RpcDispatcher(table);

async function call(method: string, ...params: unknown[]) {
  const reply = await dispatcher.answer(JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 }));
  if (reply.kind !== 'text') throw new Error('no text');
  const { result, error } = JSON.parse(reply.text);
  return result ?? error;
}

t.test('which lists the commands, and the parameter lists of one', async (t) => {
  t.same(await call('which'), ['version', 'uptime', 'ps', 'log_level', 'get_statistics', 'which']);
  t.same(await call('which', 'log_level'), [[], ['level'], ['level', 'pid']]);
  t.same(await call('which', 'which'), [[], ['command']]);
  t.match(await call('which', 'nonesuch'), { code: 404 });
});

t.test('version, uptime and ps have the shapes of OpenSIPS', async (t) => {
  t.same(await call('version'), { Server: 'twinreg (1.2.3 (x64/linux))' });
  monotonicMs = 68_900;
  t.same(await call('uptime'), {
    Now: 'Tue Nov  3 02:41:38 2026',
    'Up since': 'Sat Jan 31 23:05:09 2026',
    'Up time': '63 [sec]',
  });
  t.same(await call('ps'), { Processes: [{ ID: 0, PID: 77, Type: 'main' }] });
});

t.test('log_level shows and sets the level in the numbers of OpenSIPS', async (t) => {
  t.same(await call('log_level'), { Processes: [{ PID: 77, 'Log level': 3, Type: 'main' }] });
  const levels = [
    [-3, 'fatal'],
    [-1, 'error'],
    [1, 'warn'],
    [2, 'info'],
    [3, 'info'],
    [4, 'debug'],
  ] as const;
  for (const [number, name] of levels) {
    t.same(await call('log_level', number), { 'New global log level': number });
    t.equal(level, name);
  }
  t.same(await call('log_level', 99), { 'New global log level': 4 });
  t.same(await call('log_level', '1', 77), { 'Log level': 1 });
  t.equal(level, 'warn');
  t.match(await call('log_level', 4, 78), { code: 404 });
  t.equal(level, 'warn', 'another process has not been touched');
});

t.test('get_statistics finds by name, by group, or all', async (t) => {
  t.same(await call('get_statistics', ['all']), Object.fromEntries(STATISTICS));
  t.same(await call('get_statistics', ['usrloc:']), { 'usrloc:registered_users': 3, 'usrloc:location-contacts': 4 });
  t.same(await call('get_statistics', ['accepted_regs', 'nonesuch']), { 'registrar:accepted_regs': 9 });
  t.same(await call('get_statistics', ['registrar:accepted_regs']), { 'registrar:accepted_regs': 9 });
  t.match(await call('get_statistics', ['nonesuch']), { code: 404, message: 'Statistics Not Found' });
  t.match(await call('get_statistics', 'all'), { code: -32602, data: "Bad type for parameter 'statistics'" });
});
