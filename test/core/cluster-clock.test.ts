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
