import t from 'tap';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { tempFolder } from '../support/temp-folder.ts';
import { readBack } from './support/open-store.ts';
import { Rig } from './support/rig.ts';
import { someBinding, somePut } from './support/some-records.ts';

/** The phone `user` registers with this User-Agent. */
function register(rig: Rig, id: number, ms: number, userAgent: string): void {
  rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, ms, { binding: someBinding({ userAgent }) })]]);
}

function userAgents(path: string): unknown[] {
  const db = new Database(path, { readonly: true });
  const found = db.prepare('SELECT user_agent FROM prof ORDER BY user_agent').pluck().all();
  db.close();
  return found;
}

t.test('a phone that says another User-Agent each time leaves none of them behind', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path);
  for (let ms = 0; ms < 200; ms++) {
    register(rig, 0, ms, `phone/${ms}`);
    if (ms % 50 === 0) await rig.flushed();
  }
  await rig.flushed();
  t.same(userAgents(path), ['phone/199']);
  rig.open.table.forget(0);
  await rig.flushed();
  t.same(userAgents(path), [], 'a binding that is forgotten takes its profile along');
  await rig.close();
});

t.test('a profile stays for as long as any binding has it, and comes back with the next one', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path);
  register(rig, 0, 1, 'shared');
  register(rig, 1, 1, 'shared');
  register(rig, 0, 2, 'other');
  await rig.flushed();
  t.same(userAgents(path), ['other', 'shared']);
  register(rig, 1, 2, 'other');
  await rig.flushed();
  t.same(userAgents(path), ['other']);
  // Its number may have gone to another profile meanwhile.
  register(rig, 2, 3, 'third');
  register(rig, 1, 3, 'shared');
  await rig.close();
  t.same(userAgents(path), ['other', 'shared', 'third']);
  t.same((await readBack(path)).contents(), rig.open.table.contents());
});

t.test('a flush that fails half-way neither loses a profile nor keeps one for known that is not there', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path);
  register(rig, 0, 1, 'before');
  await rig.flushed();
  const shell = new Database(path);
  shell.exec("CREATE TRIGGER no BEFORE INSERT ON cold WHEN new.id = 5 BEGIN SELECT RAISE(ABORT, 'no'); END");
  register(rig, 0, 2, 'after');
  register(rig, 5, 2, 'refused');
  await rig.until('degraded');
  t.same(userAgents(path), ['before']);
  shell.exec('DROP TRIGGER no');
  shell.close();
  await rig.until('ok');
  await rig.close();
  t.same(userAgents(path), ['after', 'refused']);
  t.same((await readBack(path)).contents(), rig.open.table.contents());
});

t.test('a row that was set aside at a start takes its profile along', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const before = await Rig.start(path);
  register(before, 0, 1, 'good');
  register(before, 1, 1, 'bad');
  await before.close();
  const shell = new Database(path);
  shell.exec("DELETE FROM journal; UPDATE hot SET cseq = 'many' WHERE id = 1");
  shell.close();
  const rig = await Rig.start(path);
  await rig.close();
  t.same(userAgents(path), ['good']);
});
