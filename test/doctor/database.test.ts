import t, { type Test } from 'tap';
import { chmodSync, closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configOf } from '../config/load.ts';
import { checkDatabases, readDatabaseFacts } from '../../lib/doctor/database.ts';
import type { DaemonAnswer } from '../../lib/doctor/daemon-answer.ts';
import { carryOut } from '../../lib/storage/clusterer-file.ts';
import { asNobody } from '../support/as-nobody.ts';
import { twinreg } from '../support/daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answer, NOT_RUNNING } from './support/healthy.ts';

const PAGE = 4096;

/** A data folder with a database in it. */
function folderWithDatabase(t: Test): string {
  const folder = tempFolder(t);
  const migrationsPath = resolve(import.meta.dirname, '../../sql');
  carryOut({ type: 'load', path: join(folder, 'location.db'), migrationsPath, pid: 0 });
  return folder;
}

function damage(path: string, page: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(PAGE, 0x55), 0, PAGE, page * PAGE);
  closeSync(file);
}

async function check(folder: string, state: DaemonAnswer = NOT_RUNNING) {
  return checkDatabases(await readDatabaseFacts(configOf('', { data: folder }), state));
}

t.test('a sound database, an empty one and none are no finding, and nothing is changed', async (t) => {
  const folder = folderWithDatabase(t);
  const look = () => readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
  const before = look();
  t.strictSame(await check(folder), []);
  t.strictSame(look(), before);
  truncateSync(join(folder, 'location.db'));
  t.strictSame(await check(folder), []);
  rmSync(join(folder, 'location.db'));
  t.strictSame(await check(folder), []);
});

t.test('damaged pages, and what is no database, are errors with the advice of the start', async (t) => {
  const folder = folderWithDatabase(t);
  const path = join(folder, 'location.db');
  damage(path, 2);
  t.match(await check(folder), [
    {
      level: 'error',
      found: /location\.db is damaged, so that the daemon does not start: \S/,
      remedy: /^move it away.*twinreg cluster add/,
    },
  ]);
  const before = [readdirSync(folder), statSync(path).mtimeMs];
  t.strictSame(await check(folder, answer()), [], 'a daemon that runs says it by itself');
  t.strictSame([readdirSync(folder), statSync(path).mtimeMs], before);
  t.match(await twinreg(['doctor', '--data', folder]), {
    code: 1,
    out: /^error {6}the database \S+location\.db is damaged.* {2}-> move it away.*\n/m,
  });

  damage(path, 0);
  t.match(await check(folder), [{ level: 'error', found: /file is not a database/ }]);
});

t.test('half a file is an error', async (t) => {
  const folder = folderWithDatabase(t);
  const path = join(folder, 'location.db');
  truncateSync(path, statSync(path).size / 2);
  t.match(await check(folder), [{ level: 'error', found: /location\.db is damaged/ }]);
});

t.test('a huge file is not looked into', async (t) => {
  const folder = folderWithDatabase(t);
  truncateSync(join(folder, 'location.db'), 2 ** 30);
  t.match(await check(folder), [{ level: 'unchecked', found: /more than 256 MiB/, remedy: /quick_check/ }]);
});

t.test('a file that this user may not read is said to be unchecked', { skip: asNobody.skip }, async (t) => {
  const folder = folderWithDatabase(t);
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'location.db'), 0o600);
  t.match(await asNobody.run(() => check(folder)), [{ level: 'unchecked', remedy: 'run twinreg doctor as root' }]);
});
