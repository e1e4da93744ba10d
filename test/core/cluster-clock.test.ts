import t from 'tap';
import type { Clock } from '../../lib/core/clock.ts';
import { ClusterClock, MARK_RESERVE_MS } from '../../lib/core/cluster-clock.ts';

const WALL_MS = 1_800_000_000_000;
const BUILD_MS = WALL_MS - 1_000_000;

class Clocks implements Clock {
  wall = WALL_MS;
  monotonic = 5000;
  monotonicMs = () => this.monotonic;
  wallMs = () => this.wall;
  after = () => ({ cancel: () => undefined });
  soon = () => undefined;
}

t.test(
  'cluster time begins at the wall clock and follows the monotonic clock, whatever the wall clock does then',
  (t) => {
    const clocks = new Clocks();
    const cluster = new ClusterClock(clocks, 0, BUILD_MS);
    t.equal(cluster.nowMs(), WALL_MS);
    clocks.wall -= 3_600_000;
    clocks.monotonic += 1500;
    t.equal(cluster.nowMs(), WALL_MS + 1500);
    t.equal(cluster.offsetMs(), 3_601_500);
    t.equal(cluster.origin, 'wall');
    t.end();
  },
);

t.test('a restart begins above every stamp that an earlier life may have issued', (t) => {
  const markMs = WALL_MS - 500;
  const cluster = new ClusterClock(new Clocks(), markMs, BUILD_MS);
  t.equal(cluster.nowMs(), markMs + MARK_RESERVE_MS);
  t.equal(cluster.origin, 'wall', 'a quick restart is no fault of the clock');
  t.end();
});

t.test('a wall clock behind the mark does not count, and is named', (t) => {
  const markMs = WALL_MS + 60_000;
  const cluster = new ClusterClock(new Clocks(), markMs, BUILD_MS);
  t.equal(cluster.nowMs(), markMs + MARK_RESERVE_MS);
  t.equal(cluster.origin, 'mark');
  t.end();
});

t.test('a wall clock older than this build does not count, and is named', (t) => {
  const cluster = new ClusterClock(new Clocks(), 0, WALL_MS + 1);
  t.equal(cluster.nowMs(), WALL_MS + 1);
  t.equal(cluster.origin, 'build-date');
  t.end();
});

t.test(
  "the twin's time is taken over by a shift, in either direction, and then the own clock is in doubt no more",
  (t) => {
    const clocks = new Clocks();
    const cluster = new ClusterClock(clocks, WALL_MS + 60_000, BUILD_MS);
    t.equal(cluster.origin, 'mark');
    cluster.shift(-60_000);
    t.equal(cluster.nowMs(), WALL_MS + MARK_RESERVE_MS, 'below the mark');
    t.equal(cluster.origin, 'twin');
    clocks.monotonic += 10;
    cluster.shift(86_400_000.5);
    t.equal(cluster.nowMs(), WALL_MS + MARK_RESERVE_MS + 10 + 86_400_000);
    t.equal(cluster.offsetMs(), MARK_RESERVE_MS + 10 + 86_400_000);
    t.throws(() => cluster.shift(NaN), { name: 'InvariantError' });
    t.end();
  },
);

t.test('clocks that are equal already agree by a shift of 0', (t) => {
  const cluster = new ClusterClock(new Clocks(), 0, BUILD_MS);
  cluster.shift(0);
  t.equal(cluster.origin, 'twin');
  t.equal(cluster.nowMs(), WALL_MS);
  t.end();
});
