import t, { type Test } from 'tap';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ClusterClock, MARK_RESERVE_MS } from '../../lib/core/cluster-clock.ts';
import type { LocationStore } from '../../lib/storage/location-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { inProcessThread } from './support/in-process-thread.ts';
import { NaiveTable } from './support/naive-table.ts';
import { openFile } from './support/open-store.ts';

const HOUR_MS = 3_600_000;

interface Life {
  readonly table: NaiveTable;
  readonly store: LocationStore;
  readonly cluster: ClusterClock;
  /** The mark that the file had when it was opened. */
  readonly openedMarkMs: number;
}

/** One file, and the lives of the node that writes it, on one clock. */
class Node {
  readonly clock = new ManualClock();
  readonly path: string;

  constructor(t: Test) {
    this.path = join(tempFolder(t), 'x.db');
  }

  async start(): Promise<Life> {
    const { clock } = this;
    const file = await openFile(this.path, { clock, startThread: inProcessThread });
    const cluster = new ClusterClock(clock, file.markMs, 0);
    const table = new NaiveTable();
    await file.load(table, { forgetBeforeMs: 0 });
    const store = file.start({ table, clusterNowMs: () => cluster.nowMs() });
    return { table, store, cluster, openedMarkMs: file.markMs };
  }

  /** What is in the file, of `mark`. */
  read(): { markMs: number; offsetMs: number } | undefined {
    const db = new Database(this.path, { readonly: true });
    const row = db
      .prepare<[], { markMs: number; offsetMs: number }>(
        'SELECT cluster_ms AS markMs, clock_offset_ms AS offsetMs FROM mark',
      )
      .get();
    db.close();
    return row;
  }
}

t.test('each flush writes cluster time as the mark', async (t) => {
  const node = new Node(t);
  const { store, cluster } = await node.start();
  await store.flushNow();
  t.same(node.read(), { markMs: cluster.nowMs(), offsetMs: 0 });
  node.clock.advance(700);
  await store.flushNow();
  t.equal(store.status().durableMarkMs, cluster.nowMs());
  await store.close();
});

t.test('when time goes back the mark stays, and the view goes by the time that holds now', async (t) => {
  const node = new Node(t);
  const { store, cluster } = await node.start();
  await store.flushNow();
  const markMs = cluster.nowMs();
  cluster.shift(-HOUR_MS);
  await store.flushNow();
  t.same(node.read(), { markMs, offsetMs: -HOUR_MS });
  t.equal(store.status().durableMarkMs, markMs);
  cluster.shift(2 * HOUR_MS);
  await store.flushNow();
  t.same(node.read(), { markMs: markMs + HOUR_MS, offsetMs: HOUR_MS });
  await store.close();
});

t.test('the mark covers a stamp that is ahead of time', async (t) => {
  const node = new Node(t);
  const { table, store, cluster } = await node.start();
  table.lastStampMs = cluster.nowMs() + HOUR_MS;
  await store.flushNow();
  t.equal(node.read()?.markMs, table.lastStampMs);
  await store.close();
});

t.test('no flush of a later life goes below the mark that an earlier one left by a crash', async (t) => {
  const node = new Node(t);
  const first = await node.start();
  first.cluster.shift(HOUR_MS);
  await first.store.flushNow();
  const { markMs = 0 } = node.read() ?? {};
  await first.store.close();
  const db = new Database(node.path);
  db.prepare('UPDATE mark SET cluster_ms = ?').run(markMs);
  db.close();

  const second = await node.start();
  t.equal(second.cluster.nowMs(), markMs + MARK_RESERVE_MS);
  second.cluster.shift(-HOUR_MS);
  await second.store.flushNow();
  t.equal(node.read()?.markMs, markMs);
  await second.store.close();
  t.equal(node.read()?.markMs, markMs, 'nor does a clean stop: what the crash lost may be known to the twin');
});

t.test('a clean stop leaves a mark from which the next life begins where this one ended', async (t) => {
  const node = new Node(t);
  for (let life = 1; life <= 5; life++) {
    const { store, cluster } = await node.start();
    t.equal(cluster.nowMs(), node.clock.wallMs(), 'quick restarts do not move cluster time ahead');
    await store.flushNow();
    await store.close();
    t.equal(node.read()?.markMs, cluster.nowMs() - MARK_RESERVE_MS);
  }
});

t.test(
  'after a clean stop the next life begins at the time taken over from the twin, though marks were above it',
  async (t) => {
    const node = new Node(t);
    const { store, cluster } = await node.start();
    cluster.shift(HOUR_MS);
    await store.flushNow();
    cluster.shift(-HOUR_MS);
    await store.flushNow();
    t.equal(node.read()?.markMs, cluster.nowMs() + HOUR_MS);
    await store.close();
    const again = await node.start();
    t.equal(again.cluster.nowMs(), node.clock.wallMs());
    t.equal(again.cluster.origin, 'wall');
    await again.store.close();
  },
);

t.test('a clean stop does not go below its last stamp, of which the file may know nothing', async (t) => {
  const node = new Node(t);
  const { table, store, cluster } = await node.start();
  table.lastStampMs = cluster.nowMs() + 30_000;
  await store.close();
  const again = await node.start();
  t.equal(again.cluster.nowMs(), table.lastStampMs);
  await again.store.close();
});
