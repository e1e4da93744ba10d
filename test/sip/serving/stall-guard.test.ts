import t from 'tap';
import { EngineStatistics } from '../../../lib/sip/serving/engine-statistics.ts';
import { StallGuard } from '../../../lib/sip/serving/stall-guard.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordedLog } from '../embedded/recorded-log.ts';

const STALL_MS = 400;

/** A guard that has started, on a clock whose event loop turns when the test says so. */
function world(stallMs = STALL_MS) {
  const clock = new ManualClock();
  const waiting: (() => void)[] = [];
  const stepped = {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs: number, run: () => void) => clock.after(delayMs, run),
    soon: (run: () => void) => void waiting.push(run),
  };
  const [log, statistics] = [new RecordedLog(), new EngineStatistics()];
  const guard = new StallGuard(stallMs, stepped, log, statistics);
  guard.start();
  /** What was asked for during a turn runs at the end of the next one, as with setImmediate. */
  const turn = (count = 1) => {
    for (; count > 0; count--) for (const run of waiting.splice(0)) run();
  };
  return { clock, guard, log, statistics, turn, isTurning: () => waiting.length > 0 };
}

t.test('while the process runs nothing is stale, however seldom something comes', (t) => {
  const { clock, guard, log, statistics, isTurning } = world();
  const source = guard.newSource();
  t.equal(guard.isStale(source), false);
  clock.advance(100_000);
  t.equal(guard.isStale(source), false);
  clock.stall(STALL_MS);
  t.equal(guard.isStale(source), false, 'nor at the bound');
  t.notOk(isTurning(), 'and nothing is asked of the event loop');
  t.match(statistics, { stalls: 0, lastStall: undefined });
  t.same(log.lines, []);
  t.end();
});

t.test('a reader that comes before the timer finds the gap itself', (t) => {
  const { clock, guard, statistics } = world();
  const source = guard.newSource();
  clock.stall(STALL_MS + 1);
  t.equal(guard.isStale(source), true);
  t.equal(guard.isStale(source), true, 'and what comes next on it');
  t.equal(statistics.stalls, 1);
  t.end();
});

t.test('a timer that comes before the readers does not hide the gap', (t) => {
  const { clock, guard } = world();
  const source = guard.newSource();
  clock.jump(2000);
  clock.advance(STALL_MS / 4);
  t.equal(guard.isStale(source), true);
  t.end();
});

t.test('the stall is told once, with its length', (t) => {
  const { clock, guard, log, statistics, turn } = world();
  clock.jump(2500.4);
  turn();
  guard.isStale(guard.newSource());
  const endedAtMs = clock.wallMs();
  t.match(log.lines, [{ level: 'info', fields: { stalledMs: 2500 }, message: /stood still/ }]);
  t.equal(log.lines.length, 1);
  t.same(statistics.lastStall, { endedAtMs, lengthMs: 2500 });
  t.end();
});

t.test('it ends when a whole turn brought nothing, and the event loop is left alone then', (t) => {
  const { clock, guard, turn, isTurning } = world();
  const source = guard.newSource();
  clock.jump(1000);
  turn(3);
  t.notOk(isTurning());
  t.equal(guard.isStale(source), false);
  t.end();
});

t.test('the turn in which it was noticed does not count as one that brought nothing', (t) => {
  for (const turns of [0, 1, 2]) {
    const { clock, guard, turn } = world();
    const source = guard.newSource();
    clock.jump(1000);
    turn(turns);
    t.equal(guard.isStale(source), true, `after ${String(turns)} turns`);
  }
  t.end();
});

t.test('a source that brings something in each turn is stale until it has paused', (t) => {
  const { clock, guard, turn, isTurning } = world();
  const source = guard.newSource();
  clock.jump(1000);
  for (let count = 0; count < 100; count++) {
    t.equal(guard.isStale(source), true);
    turn();
  }
  turn();
  t.equal(guard.isStale(source), false);
  t.notOk(isTurning());
  t.end();
});

t.test('one that was empty is served while others are not', (t) => {
  const { clock, guard, turn, isTurning } = world();
  const [busy, paused] = [guard.newSource(), guard.newSource()];
  clock.jump(1000);
  t.equal(guard.isStale(paused), true, 'what it brings at first is stale');
  for (let count = 0; count < 5; count++) {
    t.equal(guard.isStale(busy), true);
    turn();
  }
  for (let count = 0; count < 5; count++) {
    t.equal(guard.isStale(busy), true);
    t.equal(guard.isStale(paused), false, 'what it brings after a pause is not, in each turn');
    turn();
  }
  t.ok(isTurning());
  t.end();
});

t.test('what waits on a connection that waited to be accepted is stale, though it comes some turns later', (t) => {
  const { clock, guard, turn } = world();
  const listener = guard.newSource();
  clock.jump(1000);
  turn(2);
  const connection = guard.accepted(listener);
  turn(2);
  t.equal(guard.isStale(connection), true);
  turn(2);
  t.equal(guard.isStale(connection), false);
  t.equal(guard.isStale(guard.accepted(listener)), false, 'and one that is accepted now did not wait');
  t.end();
});

t.test('a listener that was empty has new connections, even while something else is stale', (t) => {
  const { clock, guard, turn } = world();
  const [busy, listener] = [guard.newSource(), guard.newSource()];
  clock.jump(1000);
  for (let count = 0; count < 5; count++) {
    guard.isStale(busy);
    turn();
  }
  t.equal(guard.isStale(busy), true);
  const connection = guard.accepted(listener);
  t.equal(guard.isStale(connection), false);
  t.end();
});

t.test('a second stall makes stale again what the first one had left behind', (t) => {
  const { clock, guard, statistics, turn } = world();
  const [busy, source] = [guard.newSource(), guard.newSource()];
  clock.jump(1000);
  for (let count = 0; count < 5; count++) {
    guard.isStale(busy);
    turn();
  }
  t.equal(guard.isStale(source), false);
  clock.stall(1000);
  turn();
  t.equal(statistics.stalls, 2);
  t.equal(guard.count, 2);
  t.equal(guard.isStale(source), true);
  turn(3);
  t.equal(guard.isStale(source), false);
  t.end();
});

t.test('at 0 nothing is looked at, and stopped it leaves no timer', (t) => {
  const off = world(0);
  const source = off.guard.newSource();
  off.clock.jump(60_000);
  t.equal(off.guard.isStale(source), false);
  t.equal(off.guard.isStale(off.guard.accepted(source)), false);
  t.equal(off.clock.timerCount, 0);
  const on = world();
  t.equal(on.clock.timerCount, 1);
  on.guard.stop();
  t.equal(on.clock.timerCount, 0);
  t.end();
});
