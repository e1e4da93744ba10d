import t from 'tap';
import { DELAY_RESOLUTION_MS, EventLoopDelay } from '../../lib/app/event-loop-delay.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A monitor that the test tells how late the loop was; as node's, it counts its own pause in. */
class FakeMonitor {
  max = 0;
  enabled = false;

  late(ms: number): void {
    if (this.enabled) this.max = Math.max(this.max, (ms + DELAY_RESOLUTION_MS) * 1e6);
  }

  percentile(): number {
    return this.max;
  }

  reset(): void {
    this.max = 0;
  }

  enable(): void {
    this.enabled = true;
  }

  disable(): void {
    this.enabled = false;
  }
}

function setUp() {
  const monitors: FakeMonitor[] = [];
  const clock = new ManualClock();
  const makeMonitor = () => {
    const monitor = new FakeMonitor();
    monitors.push(monitor);
    return monitor;
  };
  const delay = new EventLoopDelay(makeMonitor, clock);
  const late = (ms: number) => monitors.forEach((monitor) => monitor.late(ms));
  return { delay, clock, late, monitors };
}

t.test('a delay is shown for 30 to 60 seconds, and for good since the start', async (t) => {
  const { delay, clock, late } = setUp();
  late(99);
  delay.start();
  t.match(delay.lately(), { maxMs: 0, p99Ms: 0 }, 'nothing counts before the start');
  for (const sinceWindowMs of [0, 1, 15_000, 29_999]) {
    clock.advance(120_000 + sinceWindowMs);
    late(7);
    t.equal(delay.lately().maxMs, 7);
    clock.advance(29_999);
    t.equal(delay.lately().maxMs, 7, 'after 30 s it is still shown');
    clock.advance(30_002);
    t.equal(delay.lately().maxMs, 0, 'after 60 s it is not');
    t.equal(delay.sinceStart().maxMs, 7);
  }
});

t.test('it ends with its timer and its monitors', async (t) => {
  const { delay, clock, monitors } = setUp();
  delay.start();
  delay.stop();
  t.equal(clock.timerCount, 0);
  t.notOk(monitors.some(({ enabled }) => enabled));
});
