import t, { type Test } from 'tap';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sinceMs } from '../../lib/cli/since.ts';
import { UsageError } from '../../lib/cli/usage-error.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { HistoryEntry } from '../../lib/history/history-entry.ts';
import { historyCommand } from '../../lib/mi/commands/history.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commandLine } from './support/command-line.ts';
import { miServer } from './support/mi-server.ts';

const NOW = new Date(2027, 0, 15, 3, 30, 0, 0).getTime();
const at = (...time: readonly [hours: number, minutes: number, seconds?: number, ms?: number]) =>
  new Date(2027, 0, 15, ...time).getTime();

const ENTRIES: readonly HistoryEntry[] = [
  { atMs: at(-1, 59, 1), clusterAtMs: undefined, kind: 'started', text: 'twinreg 1.2.3' },
  { atMs: at(3, 12, 7, 400), clusterAtMs: undefined, kind: 'address-here', text: '10.0.0.150' },
  {
    atMs: at(3, 12, 7, 412),
    clusterAtMs: undefined,
    kind: 'active',
    text: 'nh_enable_ping 1; it arrived 12 ms before',
  },
  { atMs: at(3, 12, 9), clusterAtMs: undefined, kind: 'refused', text: 'by node 2: \u001b[2Jevil' },
];

const clock = { ...systemClock, wallMs: () => NOW };

async function daemonIn(t: Test) {
  return (await miServer(t, [historyCommand((most) => ENTRIES.slice(-most))])).folder;
}

t.test('what happened is a line each, with local time, and a line for each day', async (t) => {
  const folder = await daemonIn(t);
  const { code, out } = await commandLine(['history', '--data', folder], { clock });
  t.equal(code, 0);
  t.equal(
    out,
    [
      '2027-01-14',
      '23:59:01.000  started       twinreg 1.2.3',
      '2027-01-15',
      '03:12:07.400  address here  10.0.0.150',
      '03:12:07.412  active        nh_enable_ping 1; it arrived 12 ms before',
      '03:12:09.000  refused       by node 2: \\x1b[2Jevil',
      '',
    ].join('\n'),
  );
});

t.test('as many as asked, or what came since', async (t) => {
  const folder = await daemonIn(t);
  const shown = async (...words: readonly string[]) => {
    const { out } = await commandLine(['history', '--data', folder, '--json', ...words], { clock });
    return (JSON.parse(out) as { events: { kind: string }[] }).events.map(({ kind }) => kind);
  };
  t.same(await shown('-n', '2'), ['active', 'refused']);
  t.same(await shown('--since', '18min'), ['address-here', 'active', 'refused']);
  t.same(await shown('--since', '2027-01-14'), ['started', 'address-here', 'active', 'refused']);
  t.same(await shown('--since', '03:13'), []);
  t.same(await shown('--since', '1h', '-n', '1'), ['refused']);
  t.match(await commandLine(['history', '--data', folder, '--since', '1s'], { clock }), {
    out: 'nothing has happened\n',
  });
});

t.test('wrong numbers and times are refused', async (t) => {
  for (const n of ['0', '-1', 'x']) t.match(await commandLine(['history', `-n=${n}`]), { code: 2 });
  t.match(await commandLine(['history', '--since', 'tomorrow']), {
    code: 2,
    err: /--since: expected 10min, .* 'tomorrow'/,
  });
});

t.test('without a daemon the file is read, and that is said', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(
    join(folder, 'history'),
    '{"at":"2027-01-15T08:00:00.000Z","kind":"active","text":"x"}\n{"at":"2027-01-15T08:00:01.000Z","kind":"lag',
  );
  const { code, out, err } = await commandLine(['history', '--data', folder, '--json']);
  t.equal(code, 0);
  t.same(JSON.parse(out), { events: [{ at: '2027-01-15T08:00:00.000Z', kind: 'active', text: 'x' }] });
  t.match(err, /^twinreg: the daemon is not running; this is what it has left in .*history\n$/);
  t.match(await commandLine(['history', '--data', tempFolder(t)]), { code: 0, out: 'nothing has happened\n' });
  t.match(await commandLine(['history', '--socket', join(folder, 'twinreg.sock')]), { code: 1, err: /no socket/ });
  const bad = tempFolder(t);
  mkdirSync(join(bad, 'history'));
  t.match(await commandLine(['history', '--data', bad]), { code: 1, err: /its history cannot be read: EISDIR/ });
});

t.test('--since takes a time ago, a time of day and a date', async (t) => {
  t.equal(sinceMs('90s', NOW), NOW - 90_000);
  t.equal(sinceMs('2 h', NOW), NOW - 7_200_000);
  t.equal(sinceMs('3d', NOW), NOW - 3 * 86_400_000);
  t.equal(sinceMs('03:10', NOW), at(3, 10));
  t.equal(sinceMs('3:10:05', NOW), at(3, 10, 5));
  t.equal(sinceMs('23:00', NOW), at(23, 0) - 86_400_000, 'which was yesterday');
  t.equal(sinceMs('2027-01-15', NOW), at(0, 0));
  t.equal(sinceMs('2027-01-15 03:10', NOW), at(3, 10));
  t.equal(sinceMs('2027-01-15T03:10:07', NOW), at(3, 10, 7));
  for (const text of ['', '10', '10 weeks', '24:00', '03:60', '03:10:75', '2027-13-01', '2027-01-15 3:10']) {
    t.throws(() => sinceMs(text, NOW), UsageError, text);
  }
});
