import t, { type Test } from 'tap';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { ENTRIES_KEPT, History } from '../../lib/history/history.ts';
import { HistoryFile } from '../../lib/history/history-file.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';

const T0 = Date.UTC(2027, 0, 15, 8);

/** A history in a folder of its own, as a process that has just begun. */
async function opened(t: Test, folder = tempFolder(t)) {
  const clock = new ManualClock(T0);
  const warnings: string[] = [];
  const ignored = () => undefined;
  const log = {
    debug: ignored,
    info: ignored,
    error: ignored,
    warn: (_fields: object, message: string) => void warnings.push(message),
  };
  const path = join(folder, 'history');
  const history = await History.open({ path, clock, log });
  return { folder, path, history, clock, warnings };
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const textsOf = (history: History, most = 10) => history.entries(most).map(({ kind, text }) => `${kind}: ${text}`);

t.test('what happened is in memory, and a line each in the file, in order', async (t) => {
  const { history, path, clock } = await opened(t);
  history.start();
  history.record('started', 'twinreg 1.0');
  history.followClusterTime({ nowMs: () => T0 + 500 });
  clock.advance(412);
  history.record('active', 'nh_enable_ping 1');
  await history.written();
  t.strictSame(
    linesOf(path).map((line) => JSON.parse(line)),
    [
      { at: '2027-01-15T08:00:00.000Z', kind: 'started', text: 'twinreg 1.0' },
      {
        at: '2027-01-15T08:00:00.412Z',
        cluster_at: '2027-01-15T08:00:00.500Z',
        kind: 'active',
        text: 'nh_enable_ping 1',
      },
    ],
  );
  t.same(textsOf(history), ['started: twinreg 1.0', 'active: nh_enable_ping 1']);
  t.same(textsOf(history, 1), ['active: nh_enable_ping 1'], 'the last one');
  t.same(textsOf(history, 0), []);
  t.equal(history.last('started', 'stopped')?.text, 'twinreg 1.0');
  t.equal(history.last('stopped'), undefined);
  t.equal(statSync(path).mode & 0o027, 0, 'others neither read nor write it');
});

t.test('a restart goes on where the process before ended, however it did', async (t) => {
  const { history, folder, path } = await opened(t);
  history.start();
  history.record('active', 'one');
  await history.written();
  appendFileSync(path, '{"at":"2027-01-15T08:00:00.9');
  const second = await opened(t, folder);
  t.same(textsOf(second.history), ['active: one'], 'without the line that was cut');
  second.history.start();
  second.history.record('passive', 'two');
  await second.history.close();
  const third = await opened(t, folder);
  t.same(textsOf(third.history), ['active: one', 'passive: two']);
  t.same(third.warnings, []);
});

t.test('lines that are no entries are passed over, and those of a later version are not', async (t) => {
  const folder = tempFolder(t);
  const lines = [
    'no JSON',
    '7',
    '{"at":"yesterday","kind":"active","text":"x"}',
    '{"at":"2027-01-15T08:00:00.000Z","kind":"active"}',
    '{"at":"2027-01-15T08:00:00.000Z","kind":"moved-to-the-moon","text":"x","more":1}',
  ];
  writeFileSync(join(folder, 'history'), `\n${lines.join('\n')}\n\n`);
  const { history } = await opened(t, folder);
  t.same(textsOf(history), ['moved-to-the-moon: x']);
});

t.test('nothing is written before the data folder is known to be this process’s own', async (t) => {
  const { history, path } = await opened(t);
  history.record('killed', 'the process before');
  await history.written();
  t.notOk(existsSync(path));
  history.start();
  await history.written();
  t.equal(linesOf(path).length, 1);
});

t.test('the file is bounded: twice as long as it has to be, it keeps the newer half', async (t) => {
  const { history, folder, path, clock } = await opened(t);
  history.start();
  for (let n = 0; n < 2 * ENTRIES_KEPT; n++) {
    clock.advance(10_000);
    history.record('reconciled', `number ${String(n)}`);
  }
  await history.written();
  t.equal(linesOf(path).length, 2 * ENTRIES_KEPT);
  history.record('stopped', 'one more');
  await history.written();
  t.equal(linesOf(path).length, ENTRIES_KEPT);
  t.match(linesOf(path).at(-1), /one more/);
  t.match(linesOf(path)[0], /"number 2001"/);
  t.same(readdirSync(folder), ['history'], 'and nothing is left beside it');
  t.equal(history.entries(1_000_000).length, ENTRIES_KEPT, 'memory is bounded too');
  history.record('started', 'and on');
  await history.close();
  t.equal(linesOf(path).length, ENTRIES_KEPT + 1);
});

t.test('a file that somebody else made too long is bounded too', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'history');
  const line = `{"at":"2027-01-15T08:00:00.000Z","kind":"active","text":"${'x'.repeat(350)}"}\n`;
  writeFileSync(path, line.repeat(30_000));
  const { history } = await opened(t, folder);
  history.start();
  history.record('stopped', 'the last');
  await history.close();
  t.equal(linesOf(path).length, ENTRIES_KEPT);
  t.match(linesOf(path).at(-1), /the last/);
});

t.test('a disk that refuses is said once, and what it missed is written when it can be', async (t) => {
  const { history, folder, path, warnings } = await opened(t);
  mkdirSync(path);
  history.start();
  history.record('active', 'one');
  await history.written();
  history.record('passive', 'two');
  await history.written();
  t.same(warnings, ['the history cannot be written: it goes on in memory']);
  t.same(textsOf(history), ['active: one', 'passive: two']);
  rmSync(path, { recursive: true });
  history.record('active', 'three');
  await history.written();
  const { history: again } = await opened(t, folder);
  t.same(textsOf(again), ['active: one', 'passive: two', 'active: three']);
});

t.test('a file that cannot be read is said, and another one begun', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'history'));
  const { history, warnings } = await opened(t, folder);
  t.same(warnings, ['the history cannot be read: it begins anew']);
  t.same(textsOf(history), []);
});

t.test('a FIFO in its place holds nobody up', async (t) => {
  const folder = tempFolder(t);
  execFileSync('mkfifo', [join(folder, 'history')]);
  const { history, warnings } = await opened(t, folder);
  history.start();
  history.record('active', 'one');
  await history.close();
  t.ok(warnings.includes('the history cannot be written: it goes on in memory'));
});

t.test('a rewrite that fails leaves the old lines where they are', async (t) => {
  const { history, folder, path, clock } = await opened(t);
  history.start();
  for (let n = 0; n < 2 * ENTRIES_KEPT; n++) {
    clock.advance(10_000);
    history.record('reconciled', String(n));
  }
  await history.written();
  mkdirSync(join(folder, 'history.new'));
  history.record('stopped', 'the last');
  await history.written();
  t.equal(linesOf(path).length, 2 * ENTRIES_KEPT);
  t.equal(history.last('stopped')?.text, 'the last');
});

t.test('what happens again and again leaves room for the rest, and its outcome is told', async (t) => {
  const { history, clock } = await opened(t);
  for (let n = 0; n < 100; n++) {
    clock.advance(100);
    history.record('lagging', `number ${String(n)}`);
    history.record(n === 50 ? 'active' : 'in-sync', `number ${String(n)}`);
  }
  const shown = () => history.entries(1000).filter(({ kind }) => kind === 'lagging');
  t.equal(shown().length, 20);
  t.equal(history.last('active')?.text, 'number 50');
  clock.advance(60_000);
  t.equal(shown().length, 21);
  t.equal(shown().at(-1)?.text, 'number 99 (the last of 80 within a minute that are not shown)');
  history.record('lagging', 'another day');
  t.equal(shown().at(-1)?.text, 'another day');
  t.equal(clock.timerCount, 0);
});

t.test('what is held back when the process ends is told', async (t) => {
  const { history, path } = await opened(t);
  history.start();
  for (let n = 0; n < 22; n++) history.record('lagging', `number ${String(n)}`);
  await history.close();
  t.equal(linesOf(path).length, 21);
  t.match(linesOf(path).at(-1), /number 21 \(the last of 2 /);
});

t.test('a text of any length is a line of a bounded one', async (t) => {
  const { history, path } = await opened(t);
  history.start();
  history.record('failed', 'x\n'.repeat(5000));
  await history.close();
  t.equal(linesOf(path).length, 1);
  t.ok((linesOf(path)[0]?.length ?? 0) < 1000);
});

t.test('many writers of one process never mix their lines', async (t) => {
  const { history, path, clock } = await opened(t);
  history.start();
  for (let n = 0; n < 500; n++) {
    clock.advance(10_000);
    history.record('reconciled', String(n));
    if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await history.close();
  t.same(
    (await new HistoryFile(path).read()).map(({ text }) => text),
    Array.from({ length: 500 }, (_, n) => String(n)),
  );
});
