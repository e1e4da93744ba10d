import t from 'tap';
import type { Clock } from '../../lib/core/clock.ts';
import { Upkeep } from '../../lib/app/upkeep.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';

/** One timer at a time, run by hand. */
class ManualTimers {
  delayMs: number | undefined;
  #run: () => void = () => {};

  readonly clock: Clock = {
    monotonicMs: () => 0,
    wallMs: () => 0,
    after: (delayMs, run) => {
      this.delayMs = delayMs;
      this.#run = run;
      return { cancel: () => (this.delayMs = undefined) };
    },
    soon: () => {},
  };

  fire(): void {
    this.delayMs = undefined;
    this.#run();
  }
}

const NOTE: NonNullable<ReturnType<LocationTable['noteDead']>> = { noted: [] };

/** What there is to do: expiries beyond one turn, and dead records in notes of one. */
function setUp({ expireLeavesMore = false, dead = 1, forgets = { byAge: true, early: true } } = {}) {
  const timers = new ManualTimers();
  const told: string[] = [];
  const flushes: (() => void)[] = [];
  let left = dead;
  const table = {
    expire: (_: number, byAge?: boolean) => (told.push(byAge === true ? 'expire' : 'expire only'), expireLeavesMore),
    noteDead: () => (told.push('note'), left === 0 ? undefined : NOTE),
    dropNoted: () => (told.push('drop'), left--, 1),
  };
  const upkeep = new Upkeep({
    table,
    clusterClock: { nowMs: () => 1 },
    clock: timers.clock,
    twin: { forgets, proveForgettable: (done) => void flushes.push(() => done(true)) },
  });
  upkeep.start();
  return { timers, told, flushes, upkeep };
}

t.test('once a second it expires and notes the dead; they are dropped once a later flush is on disk', (t) => {
  const { timers, told, flushes } = setUp();
  t.equal(timers.delayMs, 1000);
  timers.fire();
  t.same(told, ['expire', 'note']);
  t.equal(timers.delayMs, 1000);

  timers.fire();
  timers.fire();
  t.same(told.slice(2), ['expire', 'expire'], 'while the disk is waited for nothing more is noted');
  t.equal(flushes.length, 1);

  flushes[0]?.();
  t.equal(told.at(-1), 'drop');
  t.end();
});

const isSoon = (delayMs = 0) => delayMs > 0 && delayMs < 50;

t.test('with much to do it goes on soon, but not at once: SIP comes in between', (t) => {
  const expiring = setUp({ expireLeavesMore: true });
  expiring.timers.fire();
  t.ok(isSoon(expiring.timers.delayMs));

  const { timers, told, flushes } = setUp({ dead: 2 });
  timers.fire();
  flushes[0]?.();
  t.ok(isSoon(timers.delayMs), 'a note holds only so many');
  timers.fire();
  flushes[1]?.();
  timers.fire();
  t.same(told, ['expire', 'note', 'drop', 'expire', 'note', 'drop', 'expire', 'note']);
  t.equal(timers.delayMs, 1000, 'until there is nothing left');
  t.end();
});

t.test('stopped, it does nothing more, and the disk does not wake it', (t) => {
  const { timers, flushes, upkeep } = setUp();
  timers.fire();
  upkeep.stop();
  t.equal(timers.delayMs, undefined);
  flushes[0]?.();
  t.equal(timers.delayMs, undefined);
  t.end();
});

t.test('while the tables are compared nothing goes, and what expires is told', (t) => {
  const { timers, told } = setUp({ forgets: { byAge: false, early: false } });
  timers.fire();
  t.same(told, ['expire only']);
  t.end();
});
