import t from 'tap';
import type { Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { MERGE_STEP_ROWS_MOST } from '../../lib/storage/storage-limits.ts';
import { startStorageThread } from '../../lib/storage/storage-thread.ts';
import type { DiskState } from '../../lib/storage/store-status.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { SlowDisk, TappedThread, inProcessThread } from './support/in-process-thread.ts';
import { Rig } from './support/rig.ts';
import { flushed, openStore, readBack } from './support/open-store.ts';
import { someBinding, somePut } from './support/some-records.ts';

const GROUP_COMMIT_MS = 10;
const WRITE_THROUGH = { writeMode: 'write-through', groupCommitMs: GROUP_COMMIT_MS } as const;

/** A flush that the thread cannot make sense of: a defect of ours, which ends the thread. */
const NONSENSE = {
  type: 'flush',
  seq: 1_000_000,
  journal: new SharedArrayBuffer(1),
  journalBytes: 0,
  rows: new SharedArrayBuffer(1),
  rowsBytes: 1,
  deleteUpTo: 0,
  markMs: 1,
  clockOffsetMs: 0,
  clear: false,
} as const;
new Uint8Array(NONSENSE.rows).fill(99);

function writeSome(rig: Rig, from: number, to: number, ms: number): void {
  for (let id = from; id < to; id++) rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, ms)]]);
}

async function sameOnDisk(t: Test, path: string, rig: Rig): Promise<void> {
  t.same((await readBack(path)).contents(), rig.open.table.contents(), 'the file holds what the table holds');
}

t.test(
  'while another program holds the write lock changes go on in memory, and are written when it ends',
  async (t) => {
    const path = join(tempFolder(t), 'x.db');
    const rig = await Rig.start(path);
    writeSome(rig, 0, 10, 1000);
    await rig.flushed();
    const shell = new Database(path);
    shell.exec('BEGIN IMMEDIATE');
    writeSome(rig, 5, 20, 2000);
    const disk = await rig.until('degraded');
    t.match(disk, { state: 'degraded', reason: /x\.db is locked by another program \(SQLITE_BUSY/, sinceMs: Number });
    t.ok(rig.open.store.status().pending >= 15);
    writeSome(rig, 20, 30, 3000);
    shell.exec('ROLLBACK');
    shell.close();
    await rig.until('ok');
    t.match(rig.open.store.status(), { pending: 0, lagMs: 0 });
    t.equal(rig.open.states.length, 2, 'two changes of state, not one for each try');
    await rig.close();
    await sameOnDisk(t, path, rig);
  },
);

const tmpfs = mountable();

t.test(
  'a full disk degrades the store, loses nothing, and is written to again when there is room',
  { skip: tmpfs },
  async (t) => {
    const folder = join(tempFolder(t), 'small');
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    t.teardown(() => execFileSync('umount', [folder]));
    const path = join(folder, 'x.db');
    const rig = await Rig.start(path, WRITE_THROUGH);
    writeSome(rig, 0, 100, 1000);
    await rig.flushed();
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(1_500_000));

    const big = someBinding({ attr: 'x'.repeat(5000) });
    for (let id = 0; id < 400; id++)
      rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, 2000, { binding: big })]]);
    const disk = await rig.until('degraded');
    t.match(disk, { reason: /no space is left for .*x\.db \(SQLITE_FULL/ });
    let answered = false;
    rig.open.table.write('u1@d', [[1, somePut('u1', 3000)]]);
    rig.open.store.settle('u1@d', () => (answered = true));
    t.ok(answered, 'nobody waits for a disk that is full');
    await rig.pass(5000);
    t.equal(rig.open.store.status().disk.state, 'degraded');

    rmSync(join(folder, 'ballast'));
    for (let id = 100; id < 400; id++) rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, 4000)]]);
    execFileSync('mount', ['-o', 'remount,size=64m', folder]);
    await rig.until('ok');
    await rig.close();
    await sameOnDisk(t, path, rig);
  },
);

t.test('a file that was removed is made again, with all that is in memory', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path);
  writeSome(rig, 0, 50, 1000);
  const floor = { version: { ms: 900, counter: 0, nodeId: 1, incarnation: 7 }, callId: 'f', cseq: 1 };
  rig.open.table.write('u7@d', [], floor);
  await rig.flushed();
  for (const name of [path, `${path}-wal`, `${path}-shm`, `${path}.lock`]) rmSync(name, { force: true });
  t.match(await rig.until('degraded'), { reason: /x\.db was removed or replaced while in use/ });
  writeSome(rig, 40, 60, 2000);
  rig.open.table.forget(0);
  await rig.until('ok');
  await rig.close();
  await sameOnDisk(t, path, rig);
});

t.test('an older copy that was put in the place of the file is overwritten with what is in memory', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'x.db');
  const before = await Rig.start(path);
  writeSome(before, 0, 80, 500);
  await before.close();
  copyFileSync(path, join(folder, 'older'));
  const rig = await Rig.start(path);
  for (let id = 30; id < 80; id++) rig.open.table.forget(id);
  writeSome(rig, 0, 20, 1000);
  await rig.flushed();
  await rig.flushed();
  for (const name of [`${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
  renameSync(join(folder, 'older'), path);
  await rig.until('degraded');
  await rig.until('ok');
  await rig.close();
  await sameOnDisk(t, path, rig);
});

t.test('a storage thread that dies is started again, and nothing that it was told is lost', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  // Without a thread, and with timers that do not count, nothing else would keep this process going.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  const tapped = new TappedThread(startStorageThread);
  const { startThread } = tapped;
  const { table, store, states } = await openStore(path, { flushIntervalMs: 100, closeTimeoutMs: 60_000, startThread });
  table.write('a@d', [[0, somePut('a', 1000)]]);
  await flushed(store);
  tapped.inject(NONSENSE);
  table.write('b@d', [[1, somePut('b', 1000)]]);
  // The stop flushes at once, into a thread that is about to die.
  await store.close();
  t.equal(tapped.starts, 2);
  t.match(states, [{ state: 'degraded', reason: 'the storage thread ended: operation 99 is known' }, { state: 'ok' }]);
  t.same((await readBack(path)).contents(), table.contents());
});

t.test('a storage thread that dies while a failed flush waits to be tried again is started again, too', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  const tapped = new TappedThread(startStorageThread);
  const shell = new Database(path);
  const isOkAgain = Promise.withResolvers<void>();
  const stateChanged = (now: DiskState): void => {
    if (now.state === 'ok') isOkAgain.resolve();
    // Right after the flush failed; there is nothing to go on loading, which is a defect and ends the thread.
    else if (now.reason.includes('locked')) tapped.inject({ type: 'load-next' });
    else if (shell.inTransaction) shell.exec('ROLLBACK');
  };
  const { table, store } = await openStore(path, {
    flushIntervalMs: 100,
    startThread: tapped.startThread,
    stateChanged,
  });
  shell.exec('BEGIN IMMEDIATE');
  table.write('a@d', [[0, somePut('a', 1000)]]);
  await isOkAgain.promise;
  shell.close();
  t.equal(tapped.starts, 2);
  await store.close();
  t.same((await readBack(path)).contents(), table.contents());
});

t.test('changes that no buffer has room for are written once the disk answers again', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const disk = new SlowDisk();
  const rig = await Rig.start(path, { startThread: disk.startThread });
  writeSome(rig, 0, 10, 500);
  rig.open.table.write('gone@d', [[900, somePut('gone', 1000)]]);
  await rig.flushed();
  disk.holding = true;
  const big = someBinding({ attr: 'x'.repeat(58_000) });
  for (let id = 0; id < 600; id++) rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, 1000, { binding: big })]]);
  rig.open.table.forget(900);
  rig.open.table.write('floor@d', [], { version: somePut('x', 1).version, callId: 'f', cseq: 1 });
  writeSome(rig, 590, 600, 2000);
  const state = await rig.until('degraded');
  t.match(state, { reason: /changes come faster than the disk of .*x\.db takes them/ });
  disk.holding = false;
  disk.release();
  await rig.until('ok');
  t.equal(rig.open.store.status().pending, 0);
  await rig.close();
  await sameOnDisk(t, path, rig);
});

t.test('an answer waits until the disk has the change, and only the last change of its own AoR', async (t) => {
  const disk = new SlowDisk();
  const rig = await Rig.start(join(tempFolder(t), 'x.db'), { ...WRITE_THROUGH, startThread: disk.startThread });
  disk.holding = true;
  const answers: string[] = [];
  const settle = (aor: string): void => rig.open.store.settle(aor, () => answers.push(aor));
  settle('nobody@d');
  t.same(answers, ['nobody@d'], 'nothing is outstanding for this one');
  rig.open.table.write('a@d', [[0, somePut('a', 1000)]]);
  settle('a@d');
  await rig.pass(GROUP_COMMIT_MS);
  rig.open.table.write('b@d', [[1, somePut('b', 1000)]]);
  settle('b@d');
  await rig.pass(GROUP_COMMIT_MS);
  t.same(answers, ['nobody@d']);
  disk.release(1);
  t.same(answers, ['nobody@d', 'a@d']);
  disk.release(1);
  t.same(answers, ['nobody@d', 'a@d', 'b@d']);
  disk.holding = false;
  await rig.close();
});

t.test(
  'a disk that does not answer within the commit timeout is degraded: all who wait go, until it has caught up',
  async (t) => {
    const disk = new SlowDisk();
    const rig = await Rig.start(join(tempFolder(t), 'x.db'), { ...WRITE_THROUGH, startThread: disk.startThread });
    disk.holding = true;
    let answers = 0;
    rig.open.table.write('a@d', [[0, somePut('a', 1000)]]);
    rig.open.store.settle('a@d', () => answers++);
    await rig.pass(380);
    t.equal(answers, 0);
    const state = await rig.until('degraded');
    t.match(state, { reason: /the disk of .*x\.db has not answered for more than 400 ms/ });
    t.equal(answers, 1);
    rig.open.table.write('a@d', [[0, somePut('a', 2000)]]);
    rig.open.store.settle('a@d', () => answers++);
    t.equal(answers, 2, 'and nobody waits meanwhile');
    disk.release();
    disk.holding = false;
    await rig.until('ok');
    rig.open.table.write('a@d', [[0, somePut('a', 3000)]]);
    rig.open.store.settle('a@d', () => answers++);
    t.equal(answers, 2, 'now it is waited for again');
    await rig.flushed();
    t.equal(answers, 3);
    await rig.close();
  },
);

t.test('with write-back nobody waits', async (t) => {
  const rig = await Rig.start(join(tempFolder(t), 'x.db'));
  let answered = false;
  rig.open.table.write('a@d', [[0, somePut('a', 1000)]]);
  rig.open.store.settle('a@d', () => (answered = true));
  t.ok(answered);
  await rig.close();
});

t.test('only a flush that began afterwards makes what was asked durable', async (t) => {
  const disk = new SlowDisk();
  const rig = await Rig.start(join(tempFolder(t), 'x.db'), { startThread: disk.startThread });
  disk.holding = true;
  await rig.pass(1000);
  let durable = false;
  rig.open.store.whenFlushedAfterNow(() => (durable = true));
  disk.release(1);
  t.notOk(durable, 'that one began before');
  await rig.pass(1000);
  disk.release(1);
  t.ok(durable);
  disk.holding = false;
  await rig.close();
});

t.test('a stop says how many changes the disk did not take', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path);
  const shell = new Database(path);
  shell.exec('BEGIN IMMEDIATE');
  writeSome(rig, 0, 3, 1000);
  await t.rejects(rig.close(), {
    name: 'OperationalError',
    message: /^db_url: 3 changes are not on disk: .*locked by another program/,
  });
  shell.close();
});

t.test('a stop soon after the file was replaced writes all of the table as fast as the disk takes it', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const rig = await Rig.start(path, { closeTimeoutMs: 300 });
  writeSome(rig, 0, 10_000, 1000);
  await rig.flushed();
  for (const name of [path, `${path}-wal`, `${path}-shm`, `${path}.lock`]) rmSync(name, { force: true });
  await rig.until('degraded');
  while (rig.open.store.status().pending < 5000) await rig.pass(1);
  await rig.close();
  await sameOnDisk(t, path, rig);
});

t.test('a stop gives up when the disk takes nothing any more, not while it is slow', async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const disk = new SlowDisk();
  const rig = await Rig.start(path, { startThread: disk.startThread, closeTimeoutMs: 300 });
  disk.holding = true;
  const big = someBinding({ attr: 'x'.repeat(58_000) });
  for (let id = 0; id < 1000; id++) rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, 1000, { binding: big })]]);
  const over = { settled: false };
  const closed = rig.open.store.close().finally(() => (over.settled = true));
  let answers = 0;
  for (; !over.settled && answers < 100; answers++) {
    await rig.pass(200);
    disk.release(1);
  }
  disk.holding = false;
  await t.resolves(rig.passUntil(closed));
  t.ok(answers > 3, `it waited for ${answers} answers`);
  await sameOnDisk(t, path, rig);
});

t.test('a stop is the same stop when it is asked for again', async (t) => {
  const rig = await Rig.start(join(tempFolder(t), 'x.db'));
  const first = rig.open.store.close();
  t.equal(rig.open.store.close(), first);
  await first;
});

t.test('who waits for a merge is told when the stop comes before it', async (t) => {
  const { store, table } = await openStore(join(tempFolder(t), 'x.db'), {
    clock: new ManualClock(),
    startThread: inProcessThread,
  });
  const more = MERGE_STEP_ROWS_MOST + 1;
  for (const ms of [1000, 2000])
    for (let id = 0; id < more; id++) table.write(`u${id}@d`, [[id, somePut(`u${id}`, ms)]]);
  const told = { name: 'OperationalError', message: /closed before that was done/ };
  // Its second step would come with time, which stands still here.
  const refused = t.rejects(store.mergeNow(), told);
  await store.close();
  await refused;
  await t.rejects(store.mergeNow(), told, 'nor does it begin afterwards');
  await t.rejects(store.flushNow(), told);
});

/** Why no small file system can be mounted here; false when it can. */
function mountable(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, to mount a small file system';
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs the right to mount a file system';
  }
}
