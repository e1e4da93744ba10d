import t from 'tap';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { membershipOf } from '../../lib/cluster/membership.ts';
import { carryOut } from '../../lib/storage/clusterer-file.ts';
import type { ClustererAnswer, ClustererOrder, ClustererPlace } from '../../lib/storage/clusterer-order.ts';
import { ClustererTable, type CarryOut } from '../../lib/storage/clusterer-table.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { MIGRATIONS } from './support/open-store.ts';
import { Rig } from './support/rig.ts';

const sqlite3 = requireTool('sqlite3');
const EXAMPLE = resolve(import.meta.dirname, '../../sql/example-two-nodes.sql');

/** The table's work in this thread. */
const here: CarryOut = (order) => Promise.resolve(carryOut(order));

function place(path: string): ClustererPlace {
  return { path, migrationsPath: MIGRATIONS, pid: 77 };
}

function add(path: string, nodeId: number, more: object = {}): ClustererAnswer {
  const usual = { clusterId: 1, nodeId, url: `bin:10.0.0.${176 + nodeId}`, noPingRetries: 3 };
  const row = { ...usual, flags: undefined, description: undefined, ...more };
  return carryOut({ ...place(path), type: 'add', row });
}

function rowsOf(path: string): readonly unknown[] {
  const answer = carryOut({ ...place(path), type: 'load' });
  return answer.type === 'rows' ? answer.rows : [answer];
}

/** What another program does to the file. */
function tamper(path: string, ...statements: readonly string[]): void {
  const db = new Database(path);
  for (const statement of statements) db.exec(statement);
  db.close();
}

const TUTORIAL = [
  { node_id: 1, url: 'bin:10.0.0.177', state: 1, no_ping_retries: 3, priority: 50, flags: 'seed' },
  { node_id: 2, url: 'bin:10.0.0.178', state: 1, no_ping_retries: 3, priority: 50, flags: null },
].map((cells, at) => ({ id: at + 1, cluster_id: 1, sip_addr: null, description: null, ...cells }));

t.test('a file that does not exist is made with its tables, and nobody holds it afterwards', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.db');
  t.strictSame(rowsOf(path), []);
  t.equal(statSync(path).mode & 0o777, 0o640, 'for the user and group of the daemon');
  const rig = await Rig.start(path);
  await rig.close();
  t.strictSame(add(path, 1, { flags: 'seed' }), { type: 'written', rows: 1 });
  t.strictSame(add(path, 2), { type: 'written', rows: 1 });
  t.same(rowsOf(path), TUTORIAL);
});

t.test('rows are read and written while a daemon has the file', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path);
  const table = new ClustererTable(place(path), here);
  t.strictSame(await table.load(), []);
  add(path, 1);
  add(path, 2);
  await table.setState(1, 2, false);
  t.match(await table.load(), [
    { node_id: 1, state: 1 },
    { node_id: 2, state: 0 },
  ]);
  t.strictSame(carryOut({ ...place(path), type: 'remove', clusterId: 1, nodeId: 2 }), { type: 'written', rows: 1 });
  t.strictSame(carryOut({ ...place(path), type: 'remove', clusterId: 1, nodeId: 2 }), { type: 'written', rows: 0 });
  await table.setState(1, 2, true);
  t.match(await table.load(), [{ node_id: 1 }], 'a state of a node without a row is nothing');
  t.equal(table.name, `the table clusterer of ${path}`);
  await rig.close();
});

t.test(
  "the tutorial's INSERT, as it stands and in the example, fills the table by the sqlite3 shell",
  { skip: sqlite3.skip },
  async (t) => {
    const insert = `INSERT INTO clusterer(id, cluster_id, node_id, url, state, no_ping_retries, priority, sip_addr, flags, description) VALUES \\
(NULL, 1, 1, 'bin:10.0.0.177', 1, 3, 50, NULL, 'seed', NULL), \\
(NULL, 1, 2, 'bin:10.0.0.178', 1, 3, 50, NULL, NULL, NULL);
`;
    for (const sql of [insert.replaceAll('\\\n', '\n'), `.read ${EXAMPLE}`]) {
      const path = join(tempFolder(t), 'x.db');
      rowsOf(path);
      execFileSync(sqlite3.path ?? '', [path, sql]);
      const rows = await new ClustererTable(place(path), here).load();
      t.same(rows, TUTORIAL);
      const listen = { transport: 'bin', address: '10.0.0.178', port: 5555 } as const;
      const membership = membershipOf(rows, { clusterId: 1, nodeId: 2, listen }, 'it');
      t.match(membership, { kind: 'member', self: { nodeId: 2 }, twin: { nodeId: 1, isSeed: true }, warnings: [] });
    }
  },
);

t.test('a cell may hold anything, and comes back as it is', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  add(path, 1);
  tamper(
    path,
    "INSERT INTO clusterer VALUES(NULL, 'one', 2.5, x'0102', 'on', '7', 50, NULL, '', NULL)",
    "INSERT INTO clusterer VALUES(40, 1, -2, '', 7, 3, 50, NULL, NULL, NULL)",
  );
  t.match(rowsOf(path).slice(1), [
    { id: 2, cluster_id: 'one', node_id: 2.5, url: Buffer.from([1, 2]), state: 'on', no_ping_retries: 7 },
    { id: 40, node_id: -2, state: 7 },
  ]);
});

t.test('the table that OpenSIPS keeps in a file of its own is taken as it is', async (t) => {
  const path = join(tempFolder(t), 'opensips.db');
  tamper(
    path,
    'CREATE TABLE dispatcher(id INTEGER)',
    `CREATE TABLE clusterer(id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, cluster_id INTEGER NOT NULL, node_id INTEGER NOT NULL,
      url CHAR(64) NOT NULL, state INTEGER DEFAULT 1 NOT NULL, no_ping_retries INTEGER DEFAULT 3 NOT NULL,
      priority INTEGER DEFAULT 50 NOT NULL, sip_addr CHAR(64) DEFAULT NULL, flags CHAR(64) DEFAULT NULL,
      description CHAR(64) DEFAULT NULL)`,
    "INSERT INTO clusterer(cluster_id, node_id, url) VALUES(1, 1, 'bin:10.0.0.177')",
  );
  t.match(rowsOf(path), [{ node_id: 1, state: 1 }]);
  t.strictSame(add(path, 2), { type: 'written', rows: 1 });
});

t.test('what is wrong with the file is said in a sentence', async (t) => {
  const folder = tempFolder(t);
  const failure = (path: string) => {
    const answer = carryOut({ ...place(path), type: 'load' });
    return answer.type === 'failed' ? answer.message : 'not refused';
  };
  t.match(failure(join(folder, 'none/x.db')), /^db_url: .*x\.db: the folder .*none does not exist; create it$/);

  const diary = join(folder, 'diary');
  writeFileSync(diary, 'this is the diary of somebody, and longer than a header of SQLite would be '.repeat(20));
  t.match(failure(diary), /^db_url: .*diary is not a SQLite database/);

  const foreign = join(folder, 'foreign.db');
  tamper(foreign, 'CREATE TABLE dispatcher(id INTEGER)');
  t.match(failure(foreign), /^db_url: .*foreign\.db is a SQLite database of another program/);

  const other = join(folder, 'other.db');
  tamper(other, 'CREATE TABLE clusterer(id INTEGER)');
  t.match(failure(other), /^db_url: SQLite refuses .*other\.db \(SQLITE_ERROR: no such column: cluster_id\)$/);

  const twice = join(folder, 'twice.db');
  add(twice, 1);
  t.match(add(twice, 1), {
    type: 'failed',
    message: /UNIQUE constraint failed: clusterer\.cluster_id, clusterer\.node_id/,
  });
  await t.rejects(new ClustererTable(place(foreign), here).load(), { name: 'OperationalError' });
});

t.test(
  'a folder that cannot be written is named',
  { skip: process.getuid?.() === 0 && 'root may write anywhere' },
  async (t) => {
    const folder = tempFolder(t);
    chmodSync(folder, 0o500);
    t.match(rowsOf(join(folder, 'x.db')), [{ type: 'failed', message: /cannot be written by this user/ }]);
    chmodSync(folder, 0o700);
  },
);

t.test(
  'a file that root makes belongs to whom its folder belongs to',
  { skip: process.getuid?.() !== 0 && 'only root can give files away' },
  async (t) => {
    const folder = tempFolder(t);
    execFileSync('chown', ['65534:65534', folder]);
    const path = join(folder, 'x.db');
    add(path, 1);
    // Reading leaves the log's files beside it.
    rowsOf(path);
    for (const name of readdirSync(folder)) t.equal(statSync(join(folder, name)).uid, 65534, name);
    t.ok(existsSync(`${path}.lock`));
    t.ok(existsSync(`${path}-shm`));
  },
);

t.test(
  'a file that the shell left empty is filled, and belongs to whom its folder belongs to',
  { skip: process.getuid?.() !== 0 && 'only root can give files away' },
  async (t) => {
    const folder = tempFolder(t);
    execFileSync('chown', ['65534:65534', folder]);
    const path = join(folder, 'x.db');
    writeFileSync(path, '', { mode: 0o644 });
    t.same(add(path, 1), { type: 'written', rows: 1 });
    for (const name of [path, `${path}.lock`]) t.match(statSync(name), { uid: 65534, mode: 0o100640 }, name);
  },
);

t.test('a thread of its own waits for a file that another program has locked, and nobody else does', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  add(path, 1);
  const table = new ClustererTable(place(path));
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  const state = { isDone: false };
  const written = table.setState(1, 1, false).then(() => {
    state.isDone = true;
  });
  t.match(await table.load(), [{ node_id: 1, state: 1 }], 'reading goes on');
  t.equal(state.isDone, false);
  other.exec('COMMIT');
  other.close();
  await written;
  t.match(await table.load(), [{ node_id: 1, state: 0 }]);
});

t.test('an order that fails is an error for the operator', async (t) => {
  const answers =
    (answer: ClustererAnswer): CarryOut =>
    () =>
      Promise.resolve(answer);
  const failed = new ClustererTable(place('/x.db'), answers({ type: 'failed', message: 'no' }));
  await t.rejects(failed.load(), { name: 'OperationalError', message: 'no' });
});

t.test('orders name what they are about', async (t) => {
  const orders: ClustererOrder[] = [];
  const table = new ClustererTable(place('/x.db'), (order) => {
    orders.push(order);
    return Promise.resolve({ type: 'written', rows: 1 });
  });
  await table.setState(1, 2, true);
  t.strictSame(orders, [{ ...place('/x.db'), type: 'set-state', clusterId: 1, nodeId: 2, isEnabled: true }]);
});
