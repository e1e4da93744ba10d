import t from 'tap';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { OperationalError } from '../../lib/core/errors.ts';
import type { StartThread } from '../../lib/storage/storage-thread.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { inProcessThread } from './support/in-process-thread.ts';
import { NaiveTable } from './support/naive-table.ts';
import { MIGRATIONS, openFile, openStore, readBack } from './support/open-store.ts';
import { somePut } from './support/some-records.ts';

const startThread = inProcessThread;

/** A file with so many bindings, closed. */
async function fileWith(path: string, records: number): Promise<void> {
  const { table, store } = await openStore(path, { startThread });
  for (let id = 0; id < records; id++) table.write(`u${id}@d`, [[id, somePut(`u${id}`, 1000)]]);
  await store.close();
}

/** What another program does to the file. */
function tamper(path: string, ...statements: readonly string[]): void {
  const db = new Database(path);
  for (const statement of statements) db.exec(statement);
  db.close();
}

async function refusal(path: string, migrationsPath = MIGRATIONS): Promise<string> {
  try {
    const file = await openFile(path, { startThread, migrationsPath });
    try {
      await file.load(new NaiveTable(), { forgetBeforeMs: 0 });
    } finally {
      await file.close();
    }
    return 'not refused';
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return error.message;
  }
}

t.test('a missing folder, or one that is a file, is named together with db_url', async (t) => {
  const folder = tempFolder(t);
  t.match(
    await refusal(join(folder, 'none', 'x.db')),
    /^db_url: .*x\.db: the folder .*none does not exist; create it$/,
  );
  writeFileSync(join(folder, 'file'), '');
  t.match(await refusal(join(folder, 'file', 'x.db')), /file is not a folder$/);
});

t.test(
  'a folder that cannot be written is named',
  { skip: process.getuid?.() === 0 && 'root may write anywhere' },
  async (t) => {
    const folder = join(tempFolder(t), 'locked');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    t.match(await refusal(join(folder, 'x.db')), /the folder .*locked cannot be written by this user/);
  },
);

t.test('a file that is no database is refused with what to do, and is left as it is', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  writeFileSync(path, 'this is the diary of somebody, and longer than a header of SQLite would be '.repeat(20));
  t.match(await refusal(path), /^db_url: .*x\.db is not a SQLite database.*Move it away/);
});

t.test('a damaged lock file is named as that, and the database is not to be moved away for it', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 3);
  writeFileSync(`${path}.lock`, 'this is no lock at all, and longer than a header of SQLite would be '.repeat(20));
  const message = await refusal(path);
  t.match(message, /^db_url: .*x\.db\.lock is not a SQLite database \(.*may be deleted while none is running$/);
  t.notMatch(message, /Move it away/);
  rmSync(`${path}.lock`);
  t.equal(await refusal(path), 'not refused', 'and that mends it');
});

t.test("another program's database is refused by the name of a table", async (t) => {
  const path = join(tempFolder(t), 'x.db');
  tamper(path, 'CREATE TABLE dispatcher(id INTEGER)');
  t.match(await refusal(path), /database of another program \(it has the table dispatcher\)/);
});

t.test('a file with damaged pages is refused, saying that it is damaged', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 500);
  const file = openSync(path, 'r+');
  for (const page of [12, 14, 16, 18, 20]) writeSync(file, Buffer.alloc(3000, 0x55), 0, 3000, page * 4096);
  closeSync(file);
  const said = await refusal(path);
  t.match(said, /^db_url: .*x\.db is damaged.*Move it away/s);
  t.match(said, /On a node of a pair restore no copy.*add both again \(twinreg cluster add\)/);
});

t.test('a file whose mark is gone is refused with the same advice', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 1);
  tamper(path, 'DELETE FROM mark');
  t.match(await refusal(path), /x\.db is damaged: its table "mark" is empty\. Move it away/);
});

t.test('a journal row whose checksum does not match is refused by its number', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 3);
  tamper(path, "INSERT INTO journal(seq, crc, data) VALUES(77, 5, x'0102')");
  t.match(
    await refusal(path),
    /row 77 of the table "journal" cannot be read \(its checksum does not match\).*DELETE FROM journal/,
  );
});

t.test('a journal row that ends too early is refused by its number, whatever its checksum', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 3);
  tamper(path, `INSERT INTO journal(seq, crc, data) VALUES(77, ${0xb6cc4292}, x'0102')`);
  t.match(await refusal(path), /row 77 of the table "journal" cannot be read \(4 bytes at 0 pass the end 2\)/);
});

t.test('a file of a newer build is refused by the name of its migration', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 1);
  tamper(path, "INSERT INTO migration(number, name) VALUES(3, '0003-from-the-future.sql')");
  t.match(
    await refusal(path),
    /newer or another build: it has the migration 0003-from-the-future\.sql, this build knows up to 0002-opensips\.sql/,
  );
});

t.test('a table version that is not ours is refused, naming the table and both versions', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 1);
  tamper(
    path,
    "UPDATE version SET table_version = 1011 WHERE table_name = 'location'",
    "DELETE FROM version WHERE table_name = 'subscriber'",
  );
  t.match(
    await refusal(path),
    /table "version" says: location is version 1011, this build needs 1013; subscriber is version \(missing\), this build needs 8/,
  );
});

t.test('a migration copies the file first, and the copy holds what the file held', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.db');
  await fileWith(path, 20);
  const migrations = join(folder, 'sql');
  mkdirSync(migrations);
  for (const name of readdirSync(MIGRATIONS)) copyFileSync(join(MIGRATIONS, name), join(migrations, name));
  writeFileSync(join(migrations, '0003-more.sql'), 'CREATE TABLE more(id INTEGER); INSERT INTO more VALUES(1);');

  const file = await openFile(path, { startThread, migrationsPath: migrations });
  await file.close();
  t.same(file.migrated, ['0003-more.sql']);
  t.equal(file.backup, `${path}.bak-2`);
  t.equal((await readBack(`${path}.bak-2`)).records.size, 20, 'which the build before can start with');
  t.match(await refusal(path), /it has the migration 0003-more\.sql/);
});

t.test('a migration that fails leaves the file as it was', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.db');
  await fileWith(path, 20);
  const migrations = join(folder, 'sql');
  mkdirSync(migrations);
  for (const name of readdirSync(MIGRATIONS)) copyFileSync(join(MIGRATIONS, name), join(migrations, name));
  writeFileSync(join(migrations, '0003-wrong.sql'), 'DELETE FROM cold; INSERT INTO nowhere VALUES(1);');
  t.match(await refusal(path, migrations), /no such table: nowhere/);
  t.equal((await readBack(path)).records.size, 20);
});

t.test('migrations with a gap mean an incomplete installation', async (t) => {
  const folder = tempFolder(t);
  const migrations = join(folder, 'sql');
  mkdirSync(migrations);
  copyFileSync(join(MIGRATIONS, '0002-opensips.sql'), join(migrations, '0002-opensips.sql'));
  t.match(await refusal(join(folder, 'x.db'), migrations), /migrations must be numbered 0001, 0002/);
});

t.test('a second daemon on the file is refused with the process that has it, which goes on', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'support/crash-child.ts'), path, '1', 'write-back'],
    {
      env: daemonEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  t.match(await refusal(path), new RegExp(`x\\.db is in use by another twinreg \\(process ${child.pid}\\)`));
  t.match((await lines.next()).value, /^\w+ \d+$/);
  child.kill('SIGKILL');
  for (let line = await lines.next(); line.done !== true; line = await lines.next());
  t.equal(await refusal(path), 'not refused', 'the lock ends with the process');
});

t.test('a second start in the same process is refused too', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const { store } = await openStore(path, { startThread });
  t.match(await refusal(path), /is in use by another twinreg;/);
  await store.close();
  t.equal(await refusal(path), 'not refused');
});

t.test('a bad row is reported and set aside, and the others are loaded', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 10);
  tamper(
    path,
    'DELETE FROM journal',
    "UPDATE hot SET cseq = 'many' WHERE id = 1",
    'UPDATE hot SET kind = 9 WHERE id = 2',
    'DELETE FROM hot WHERE id = 3',
    'UPDATE cold SET prof = 4711 WHERE id = 4',
    'UPDATE hot SET v_ms = -1 WHERE id = 5',
    "UPDATE cold SET contact = 'sip:x@d' || char(13, 10) || 'Evil: 1' WHERE id = 6",
    "INSERT INTO cold(id, username, domain, contact) VALUES(-8, 'x', 'd', 'sip:x@d'), (5000000000, 'y', 'd', 'sip:y@d')",
    "INSERT INTO floor VALUES('z', 'd', 1.5, 0, 1, 1, 1, 'c')",
  );
  const { table, store, report } = await openStore(path, { startThread });
  t.same([...table.records.keys()].sort(), [0, 7, 8, 9]);
  t.equal(report.rejected, 9);
  t.match(
    report.rejectedReasons.join('\n'),
    /id 1 \(u1@d, sip:u1@127\.0\.0\.9:5062\): cseq is many, not a number from 0 to 4294967295/,
  );
  t.match(report.rejectedReasons.join('\n'), /contact has a line end/);
  t.match(report.rejectedReasons.join('\n'), /floor of z@d: v_ms is 1\.5/);

  // Their ids are free for others now, and what stood there is kept.
  table.write('new@d', [[1, somePut('new', 2000)]]);
  await store.close();
  t.equal((await readBack(path)).records.get(1)?.aor, 'new@d');
  const db = new Database(path);
  const rejected = db.prepare('SELECT reason, cold, hot FROM rejected ORDER BY id').raw().all();
  db.close();
  t.equal(rejected.length, 6);
  t.match(JSON.stringify(rejected[0]), /'u1', 'd', 'sip:u1@127\.0\.0\.9:5062'.*'many'/);
});

t.test('records too old to matter to anybody are deleted instead of loaded, but not sticky ones', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const { table, store } = await openStore(path, { startThread });
  table.write('old@d', [[0, somePut('old', 1000)]]);
  table.write('sticky@d', [[1, somePut('sticky', 1000, { sticky: true })]]);
  table.write('young@d', [[2, somePut('young', 5000)]]);
  await store.close();

  const again = await openStore(path, { startThread, forgetBeforeMs: 5000 });
  t.same([...again.table.records.keys()], [1, 2]);
  t.equal(again.report.forgotten, 1);
  await again.store.close();
  t.same([...(await readBack(path)).records.keys()], [1, 2]);
});

t.test('a start tells how far it is, and the mark is the last one written', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  await fileWith(path, 5000);
  const file = await openFile(path, { startThread });
  const progress: number[] = [];
  await file.load(new NaiveTable(), { forgetBeforeMs: 0, onProgress: ({ records }) => progress.push(records) });
  await file.close();
  t.same(progress, [2048, 4096, 5000]);
  t.ok(file.markMs > 1_000_000_000_000);
});

/** A storage thread that dies when the first records are asked for, and does nothing from then on. */
const dyingThread: StartThread = (listener) => {
  const thread = startThread(listener);
  let dead = false;
  return {
    post(message) {
      if (dead) return;
      dead = message.type === 'load-next';
      if (dead) listener.died('no memory');
      else thread.post(message);
    },
    end: () => thread.end(),
  };
};

t.test('a storage thread that dies while it loads ends the start: nobody waits for its answers', async (t) => {
  const file = await openFile(join(tempFolder(t), 'x.db'), { startThread: dyingThread });
  const died = { message: 'the storage thread ended: no memory' };
  await t.rejects(file.load(new NaiveTable(), { forgetBeforeMs: 0 }), died);
  await t.rejects(file.close(), died);
});

t.test('a second daemon that reaches the file by a link is refused too', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.db');
  const { store } = await openStore(path, { startThread });
  symlinkSync(path, join(folder, 'link.db'));
  t.match(await refusal(join(folder, 'link.db')), /link\.db is in use by another twinreg/);
  await store.close();
  t.equal(await refusal(join(folder, 'link.db')), 'not refused');
});
