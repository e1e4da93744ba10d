import t from 'tap';
import { CLOCK_DRIFT_MAX_MS, CLOCK_ECHO_MAX_MS } from '../../lib/replication/limits.ts';
import { TwinClock } from '../../lib/replication/twin-clock.ts';

const T = 1_800_000_000_000;

/**
 * One exchange: we send at T, the twin has the clock `offsetMs` ahead, holds it for `heldMs` and answers; the way takes
 * `wayMs` in each direction.
 */
function exchange(clock: TwinClock, offsetMs: number, wayMs = 1, heldMs = 500): void {
  clock.echo(T);
  const answeredAtMs = T + wayMs + heldMs;
  clock.heard(answeredAtMs + offsetMs, T, heldMs, answeredAtMs + wayMs);
}

t.test('on a new link both clocks count as equal', async (t) => {
  const clock = new TwinClock();
  t.equal(clock.offsetMs, 0);
  t.notOk(clock.hasDrifted);
});

t.test('the first heartbeat echoes nothing', async (t) => {
  t.same(new TwinClock().echo(T), { echoSentAtMs: 0, echoHeldMs: 0 });
});

t.test('a later one echoes the last that came, and says how long ago that was', async (t) => {
  const clock = new TwinClock();
  clock.heard(T - 77, 0, 0, T);
  clock.heard(T + 923, 0, 0, T + 1000);
  t.same(clock.echo(T + 1480), { echoSentAtMs: T + 923, echoHeldMs: 480 });
});

t.test('an echo gives the offset, whatever the way and the wait took', async (t) => {
  for (const offsetMs of [0, 30, -30, 5000, -70_000]) {
    const clock = new TwinClock();
    exchange(clock, offsetMs, 12, 700);
    t.equal(clock.offsetMs, offsetMs);
  }
});

t.test('what echoes nothing of ours says nothing', async (t) => {
  const clock = new TwinClock();
  clock.heard(T + 9000, 0, 0, T + 1);
  t.equal(clock.offsetMs, 0);
  clock.echo(T);
  clock.heard(T + 9000, 0, 0, T + 1);
  clock.heard(T + 9000, T + 77, 0, T + 78);
  clock.heard(T + 9000, T - 1, 1, T + 1);
  t.equal(clock.offsetMs, 0);
});

t.test('an echo of an earlier heartbeat is as good, since it says how long it was held', async (t) => {
  const clock = new TwinClock();
  clock.echo(T);
  clock.echo(T + 2000);
  clock.heard(T + 2001 + 300, T, 1999, T + 2003);
  t.equal(clock.offsetMs, 300);
});

t.test('a slow echo says more about the way than about the clock', async (t) => {
  const clock = new TwinClock();
  exchange(clock, 300, CLOCK_ECHO_MAX_MS / 2 + 1);
  t.equal(clock.offsetMs, 0);
  exchange(clock, 300, CLOCK_ECHO_MAX_MS / 2);
  t.equal(clock.offsetMs, 300);
});

t.test('an echo from before it was sent says nothing', async (t) => {
  const clock = new TwinClock();
  clock.echo(T);
  clock.heard(T + 500, T, 501, T + 500);
  t.equal(clock.offsetMs, 0);
});

t.test('clocks have drifted apart beyond a tenth of a second either way', async (t) => {
  const clock = new TwinClock();
  for (const offsetMs of [CLOCK_DRIFT_MAX_MS, -CLOCK_DRIFT_MAX_MS]) {
    exchange(clock, offsetMs);
    t.notOk(clock.hasDrifted);
  }
  for (const offsetMs of [CLOCK_DRIFT_MAX_MS + 1, -CLOCK_DRIFT_MAX_MS - 1]) {
    exchange(clock, offsetMs);
    t.ok(clock.hasDrifted);
  }
});

t.test('when our time was moved the offset moves along', async (t) => {
  const clock = new TwinClock();
  exchange(clock, 150);
  clock.shifted(150);
  t.equal(clock.offsetMs, 0);
});

t.test('an echo of a heartbeat from before that means nothing any more', async (t) => {
  const clock = new TwinClock();
  clock.echo(T);
  clock.shifted(150);
  clock.heard(T + 5, T, 3, T + 155);
  t.equal(clock.offsetMs, -150, 'as it was worked out');
  clock.echo(T + 2000);
  clock.heard(T + 2005, T, 3, T + 2006);
  t.equal(clock.offsetMs, -150);
});

t.test('how long a heartbeat has been held does not change by moving our time', async (t) => {
  const clock = new TwinClock();
  clock.heard(T, 0, 0, T + 10);
  clock.shifted(150);
  t.match(clock.echo(T + 10 + 150 + 40), { echoHeldMs: 40 });
  clock.shifted(-10_000);
  t.match(clock.echo(T + 10 + 150 - 10_000 + 60), { echoHeldMs: 60 });
});
