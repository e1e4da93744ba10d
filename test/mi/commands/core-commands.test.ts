import t from 'tap';
import type { Clock } from '../../../lib/core/clock.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { coreCommands } from '../../../lib/mi/commands/core-commands.ts';
import { helpCommand } from '../../../lib/mi/commands/help.ts';
import { logLevelCommand, type LogLevel } from '../../../lib/mi/commands/log-level.ts';
import { ulClusterSyncCommand } from '../../../lib/mi/commands/ul-cluster-sync.ts';
import { whichCommand } from '../../../lib/mi/commands/which.ts';
import { recipe, result } from '../../../lib/mi/mi-command.ts';
import { miCaller } from '../../support/mi-caller.ts';

let monotonicMs = 5_000;
const clock: Clock = {
  monotonicMs: () => monotonicMs,
  wallMs: () => new Date(2026, 10, 3, 2, 41, 38).getTime(),
  after: () => ({ cancel() {} }),
  soon() {},
};

const facts = {
  version: '1.2.3',
  pid: 77,
  platform: 'x64/linux',
  startedAtMs: new Date(2026, 0, 31, 23, 5, 9).getTime(),
  args: ['/usr/bin/node', '/opt/twinreg/lib/main.ts', 'run', '-f', '/etc/twinreg.yaml'],
  workingDirectory: () => '/var/lib/twinreg',
  cpuMs: () => 0,
  residentBytes: () => 1,
};

let level: LogLevel = 'info';
const threshold = { level: () => level, setLevel: (to: LogLevel) => void (level = to) };

let stops = 0;

const table = new CommandTable([
  ...coreCommands(facts, clock, () => void stops++),
  logLevelCommand(facts, threshold),
  ulClusterSyncCommand(),
  { name: 'mute', recipes: [recipe([], () => result('OK'))] },
]);
table.add(whichCommand(table));
table.add(helpCommand(table));
const call = miCaller(table);

t.test('which lists the commands, and the parameter lists of one', async (t) => {
  const names = 'version uptime ps pwd arg kill log_level ul_cluster_sync mute which help';
  t.same(await call('which'), names.split(' '), 'aliases are not listed');
  t.same(await call('which', ['log_level']), [[], ['level'], ['level', 'pid']]);
  t.same(await call('which', ['which']), [[], ['command']]);
  t.same(await call('which', ['usrloc:cluster_sync']), [[]]);
  t.match(await call('which', ['nonesuch']), { code: 404, message: 'unknown MI command' });
  t.match(await call('which', ['a', 'b']), { code: -32602, data: 'Too few or too many parameters' });
});

t.test('help says what a command is for and where OpenSIPS has it', async (t) => {
  t.match(await call('help'), /which/);
  t.match(await call('help', ['kill']), { Help: /^ends the daemon/, 'Exported by': 'core' });
  t.match(await call('help', { mi_cmd: 'ul_cluster_sync' }), { 'Exported by': 'usrloc' });
  t.match(await call('help', ['usrloc:cluster_sync']), { 'Exported by': 'usrloc' });
  t.match(await call('help', ['mute']), { Help: 'there is none for this command' });
  t.match(await call('help', ['nonesuch']), { code: 404, message: 'unknown MI command' });
  t.match(await call('help', { command: 'kill' }), { code: -32602, data: 'Named parameters do not match' });
});

t.test('version, uptime, ps, pwd and arg have the shapes of OpenSIPS', async (t) => {
  t.same(await call('version'), { Server: 'twinreg (1.2.3 (x64/linux))' });
  monotonicMs = 68_900;
  t.same(await call('uptime'), {
    Now: 'Tue Nov  3 02:41:38 2026',
    'Up since': 'Sat Jan 31 23:05:09 2026',
    'Up time': '63 [sec]',
  });
  t.same(await call('ps'), { Processes: [{ ID: 0, PID: 77, Type: 'main' }] });
  t.same(await call('pwd'), { WD: '/var/lib/twinreg' });
  t.same(await call('arg'), facts.args);
  t.match(await call('ps', ['x']), { code: -32602, data: 'Too few or too many parameters' });
});

t.test('kill asks for the stop once, and is answered', async (t) => {
  t.match(await call('kill', ['now']), { code: -32602 });
  t.equal(stops, 0);
  t.equal(await call('kill'), 'OK');
  t.equal(stops, 1);
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
    t.same(await call('log_level', [number]), { 'New global log level': number });
    t.equal(level, name);
  }
  t.same(await call('log_level', [99]), { 'New global log level': 4 });
  t.same(await call('log_level', ['1', 77]), { 'Log level': 1 });
  t.equal(level, 'warn');
  t.match(await call('log_level', [4, 78]), { code: 404 });
  t.equal(level, 'warn', 'another process has not been touched');
  t.match(await call('log_level', ['loud']), { code: -32602, data: "Bad type for parameter 'level'" });
});

t.test('a name that is taken, as a name or as an alias, cannot be given again', (t) => {
  const again = (name: string, alias?: string) => () =>
    table.add({ name, ...(alias === undefined ? {} : { alias }), recipes: [] });
  t.throws(again('ps'), /ps is there twice/);
  t.throws(again('usrloc:cluster_sync'), /there twice/);
  t.throws(again('other', 'kill'), /kill is there twice/);
  t.end();
});
