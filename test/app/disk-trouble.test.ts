import t, { type Test } from 'tap';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { Daemon } from '../support/daemon.ts';

const ALICE = 'sip:alice@example.com';

/** Another program that writes to the database and does not come to an end. */
function lockDatabase(t: Test, daemon: Daemon): { release(): void } {
  const db = new Database(join(daemon.folder, 'location.db'));
  db.exec('BEGIN IMMEDIATE');
  const release = () => {
    if (!db.open) return;
    db.exec('ROLLBACK');
    db.close();
  };
  t.teardown(release);
  return { release };
}

t.test(
  'while the database is locked, phones are served, the status says so, and writing resumes by itself',
  async (t) => {
    for (const preset of ['write-back', 'write-through']) {
      const daemon = await Daemon.start(t, {
        config: `usrloc:\n  working_mode_preset: single-instance-sql-${preset}\n`,
      });
      const phone = await daemon.phone(t);
      const lock = lockDatabase(t, daemon);

      t.equal((await phone.register({ aor: ALICE })).status, 200, `a phone is answered with ${preset}`);
      const trouble = await daemon.logged('disk trouble: registrations go on in memory');
      t.match(trouble, { subsystem: 'storage', level: 40, from: 'ok', to: 'degraded', reason: /location\.db/ });
      const status = await daemon.status();
      t.match(status, {
        contacts: 1,
        degraded: ['disk'],
        storage: { state: 'degraded', reason: /lock/i, since: /^\d{4}-/ },
      });
      const shown = await daemon.twinreg('status');
      t.match(shown, { code: 0, out: /storage +FAILING since .*location\.db/ });

      lock.release();
      await daemon.logged('disk is all right again: everything is stored');
      t.match(await daemon.status(), { degraded: [], storage: { state: 'ok', pending_changes: 0 } });
      await daemon.kill();
      const next = await Daemon.start(t, { folder: daemon.folder, address: daemon.address, port: daemon.port });
      t.equal((await next.contactsOf('alice@example.com')).length, 1, 'what was answered meanwhile is stored');
      await next.stop();
    }
  },
);

t.test('a start while the database is locked serves all the same, and says so', async (t) => {
  const before = await Daemon.start(t);
  await before.stop();
  const lock = lockDatabase(t, before);
  const daemon = await Daemon.start(t, { folder: before.folder, address: before.address, port: before.port });
  t.match(await daemon.status(), { degraded: ['disk'], storage: { state: 'degraded', reason: /lock/i } });
  const phone = await daemon.phone(t);
  t.equal((await phone.register({ aor: ALICE })).status, 200);
  lock.release();
  await daemon.logged('disk is all right again: everything is stored');
});

t.test('a stop that cannot write everything says what is lost and why, and ends with 1', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  lockDatabase(t, daemon);
  t.equal((await phone.register({ aor: ALICE })).status, 200);
  const { code, err } = await daemon.stop();
  t.equal(code, 1);
  t.match(err, /^twinreg: db_url: 1 changes are not on disk: .*lock.*\n$/i);
  // The last line may overtake one that is being written while the log is flushed.
  const last = daemon.log.slice(-2).map(({ msg }) => msg);
  t.same(new Set(last), new Set(['stopped', 'failed']), 'all else was closed in order, and the log says why');
});

t.test('a second signal ends it at once, whatever the first still waits for', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  lockDatabase(t, daemon);
  await phone.register({ aor: ALICE });
  daemon.signal('SIGTERM');
  await daemon.logged('stopping');
  daemon.signal('SIGINT');
  t.match(await daemon.ended(), { code: 1, signal: null });
  t.match(daemon.log.at(-1), { msg: 'second signal: ending now', signal: 'SIGINT' });
});
