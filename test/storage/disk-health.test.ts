import t from 'tap';
import { Backoff } from '../../lib/storage/backoff.ts';
import { DiskHealth } from '../../lib/storage/disk-health.ts';
import { storageFault } from '../../lib/storage/storage-fault.ts';
import Database from 'better-sqlite3';
import { ManualClock } from '../support/manual-clock.ts';

t.test('only a complete flush that was cut after the last trouble ends it', (t) => {
  const told: string[] = [];
  const health = new DiskHealth(new ManualClock(5000), (now, before) => told.push(`${before.state} > ${now.state}`));
  health.complete(1);
  health.trouble('full', 4);
  health.trouble('full', 6);
  health.complete(5);
  t.same(health.state, { state: 'degraded', reason: 'full', sinceMs: 5000 });
  health.complete(6);
  t.same(health.state, { state: 'ok' });
  t.same(told, ['ok > degraded', 'degraded > ok']);
  t.end();
});

t.test('another reason is told, and the trouble is as old as its first', (t) => {
  const clock = new ManualClock(5000);
  const reasons: string[] = [];
  const health = new DiskHealth(clock, (now) => reasons.push(now.state === 'ok' ? 'ok' : now.reason));
  health.trouble('locked', 1);
  clock.advance(300);
  health.trouble('full', 1);
  t.same(reasons, ['locked', 'full']);
  t.match(health.state, { sinceMs: 5000 });
  t.end();
});

t.test('pauses double from the least to the most, and begin again', (t) => {
  const backoff = new Backoff(100, 350);
  t.same(
    [1, 2, 3, 4].map(() => backoff.pauseMs()),
    [100, 200, 350, 350],
  );
  backoff.reset();
  t.equal(backoff.pauseMs(), 100);
  t.end();
});

t.test('what SQLite says is told in words, and what is not its fault is not', (t) => {
  const fault = (code: string) => storageFault(new Database.SqliteError('text', code), '/x.db');
  t.same(fault('SQLITE_FULL'), { reason: 'no space is left for /x.db (SQLITE_FULL: text)', reopen: false });
  t.same(fault('SQLITE_IOERR_WRITE'), {
    reason: 'reading or writing /x.db failed (SQLITE_IOERR_WRITE: text)',
    reopen: true,
  });
  t.match(fault('SQLITE_MISUSE'), { reason: /^SQLite refuses/, reopen: false });
  t.equal(storageFault(new TypeError('a bug'), '/x.db'), undefined);
  t.end();
});
