import t, { type Test } from 'tap';
import { copyFileSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';

const BEFORE = Array.from({ length: 50 }, (_, at) => `sip:phone${at}@example.com`);

/** Further registrations, one after the other, until the daemon is gone or `until` is over. */
async function load(t: Test, daemon: Daemon, until: Promise<unknown>): Promise<void> {
  const phones = await Promise.all([daemon.phone(t), daemon.phone(t)]);
  const state = { isDone: false };
  const done = Promise.race([until, daemon.ended()]).then(() => {
    state.isDone = true;
  });
  for (let more = 0; more < 100_000 && !state.isDone; more++) {
    const replies = phones.map((phone, at) => phone.register({ aor: `sip:later${at}-${more % 500}@example.com` }));
    for (const reply of replies) reply.catch(() => undefined);
    await Promise.race([done, Promise.all(replies)]);
  }
}

/** A daemon started from the copy, as OPERATIONS.md says it, has everybody who was answered before. */
async function startsWhole(t: Test, copy: string): Promise<void> {
  const folder = tempFolder(t);
  copyFileSync(copy, join(folder, 'location.db'));
  const restored = await Daemon.start(t, { folder });
  const known = new Set((await restored.dump()).map(({ AOR }) => AOR.split('@')[0]));
  t.strictSame(
    BEFORE.filter((aor) => !known.has(aor.slice('sip:'.length).split('@')[0])),
    [],
  );
}

for (const mode of ['write-back', 'write-through']) {
  t.test(
    `${mode}: a copy made under load, the daemon killed meanwhile, has all that was answered before`,
    async (t) => {
      const daemon = await Daemon.start(t, { config: `usrloc: {working_mode_preset: single-instance-sql-${mode}}\n` });
      const phone = await daemon.phone(t);
      for (const aor of BEFORE) t.equal((await phone.register({ aor })).status, 200);
      const folder = tempFolder(t);
      const copy = join(folder, 'copy.db');
      // The copying begins with a folder beside the copy.
      const watcher = watch(folder, () => void daemon.kill());
      const backup = daemon.twinreg('backup', copy);
      await load(t, daemon, backup);
      t.match(await backup, { code: 0, out: /copy\.db: \d+ bindings, \d+ bytes, from/ });
      watcher.close();
      t.match(await daemon.ended(), { signal: 'SIGKILL' });
      t.strictSame(readdirSync(folder), ['copy.db'], 'nothing else is left');
      await startsWhole(t, copy);

      const stopped = join(folder, 'stopped.db');
      t.match(await daemon.twinreg('backup', stopped), { code: 0, out: /the daemon is not running/ });
      if (mode === 'write-through') await startsWhole(t, stopped);
    },
  );
}

t.test('restoring: stop, copy back, remove what stands beside it, start', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  for (const aor of BEFORE) await phone.register({ aor });
  const copy = join(tempFolder(t), 'copy.db');
  t.match(await daemon.twinreg('backup', copy), { code: 0 });
  for (const aor of BEFORE) await daemon.mi('ul_rm', { table_name: 'location', aor: aor.slice('sip:'.length) });
  await daemon.kill();
  const live = join(daemon.folder, 'location.db');
  copyFileSync(copy, live);
  for (const end of ['-wal', '-shm']) rmSync(`${live}${end}`, { force: true });
  const restored = await Daemon.start(t, { folder: daemon.folder });
  t.equal((await restored.dump()).length, BEFORE.length);
});

t.test('what cannot be copied, or not there, is said in a sentence', async (t) => {
  const daemon = await Daemon.start(t);
  const folder = tempFolder(t);
  const copy = join(folder, 'copy.db');
  t.match(await daemon.twinreg('backup', copy), { code: 0 });
  t.match(await daemon.twinreg('backup', copy), { code: 1, err: /copy\.db exists; .*--force/ });
  t.match(await daemon.twinreg('backup', '--force', copy), { code: 0 });
  for (const name of ['location.db', 'location.db-wal', 'location.db.lock']) {
    const taken = join(daemon.folder, name);
    t.match(await daemon.twinreg('backup', '--force', taken), { code: 1, err: /belongs to the database in use/ }, name);
  }
  t.match(await daemon.twinreg('backup', join(folder, 'none/copy.db')), {
    code: 1,
    err: /the folder .* does not exist/,
  });
  t.match(await daemon.twinreg('backup', '/proc/copy.db'), { code: 1, err: /\/proc\/copy\.db cannot be written/ });
  t.strictSame(readdirSync(folder), ['copy.db']);
});

t.test('a daemon that stores nothing has nothing to copy', async (t) => {
  const daemon = await Daemon.start(t, { config: 'usrloc: {working_mode_preset: single-instance-no-db}\n' });
  const copy = join(tempFolder(t), 'copy.db');
  t.match(await daemon.twinreg('backup', copy), { code: 1, err: /nothing is stored on disk/ });
});
