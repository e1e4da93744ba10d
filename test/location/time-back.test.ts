import t, { type Test } from 'tap';
import { TURN_AORS_MAX } from '../../lib/location/ageing.ts';
import { AorSlots } from '../../lib/location/aor-slots.ts';
import { DueWheel } from '../../lib/location/due-wheel.ts';
import { FORGET_MARGIN_MS, HORIZON_MS } from '../../lib/location/horizon.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import { put, AOR, HOUR, MINUTE, putOrder, removeOrder, SECOND, serve, shown, T0, table } from './support/states.ts';

const DAY = 24 * HOUR;
const AORS = 10_000;

/** Lets the table look at all that waits. Returns how many AoRs that may have been, at most. */
function settle(at: LocationTable, nowMs: number): number {
  let turns = 1;
  while (at.expire(nowMs)) turns++;
  return turns * TURN_AORS_MAX;
}

function filled(expiresAtMs: (n: number) => number): { at: LocationTable; told: string[] } {
  const at = table({ aorsMax: AORS });
  const told: string[] = [];
  at.addListener({ expired: (aor) => told.push(aor) });
  for (let n = 0; n < AORS; n++) {
    at.commit({ aor: `${n}@example.com`, origin: 'sip', changes: [putOrder('sip:a', expiresAtMs(n))] }, T0);
  }
  return { at, told };
}

/** After so long a step back nobody is looked at more than twice, and after that nobody at all. */
function settlesOnce(t: Test, at: LocationTable, nowMs: number): void {
  t.ok(settle(at, nowMs) <= 2 * AORS + TURN_AORS_MAX, 'a bounded number of looks');
  t.equal(settle(at, nowMs), TURN_AORS_MAX, 'and then it is quiet');
}

t.test(
  'after time went back each AoR is looked at once or twice, and expiry is told when its time comes',
  async (t) => {
    for (const backMs of [2 * SECOND, HOUR, 5 * DAY]) {
      const { at, told } = filled((n) => T0 + MINUTE + n * SECOND);
      settle(at, T0);
      const thenMs = T0 - backMs;
      settlesOnce(t, at, thenMs);
      settlesOnce(t, at, thenMs + SECOND);
      t.same(told, []);
      settle(at, T0 + MINUTE - 1);
      t.same(told, []);
      settle(at, T0 + MINUTE);
      t.same(told, ['0@example.com']);
      settle(at, T0 + MINUTE + 99 * SECOND);
      t.equal(told.length, 100);
      t.match(at.statistics(), { contacts: AORS - 100, expires: 100 });
    }
  },
);

t.test('what had expired is shown and counted again, goes again when its time comes, and is told once', async (t) => {
  const { at, told } = filled(() => T0 + MINUTE);
  settle(at, T0 + HOUR);
  t.match(at.statistics(), { users: 0, contacts: 0, deadRecords: AORS });
  settlesOnce(t, at, T0);
  t.match(at.statistics(), { users: AORS, contacts: AORS, deadRecords: 0 });
  settle(at, T0 + MINUTE);
  t.match(at.statistics(), { users: 0, contacts: 0, deadRecords: AORS, expires: AORS });
  t.equal(told.length, AORS);
});

t.test('what is written after time went back, and before anybody looked, expires in its time', async (t) => {
  const at = table();
  const told: string[] = [];
  at.addListener({ expired: (_, { key }) => told.push(key) });
  serve(at, T0, putOrder('sip:long', T0 + 2 * HOUR));
  at.expire(T0);
  serve(at, T0 - HOUR, putOrder('sip:short', T0 - HOUR + MINUTE));
  at.expire(T0 - HOUR + MINUTE - 1);
  t.same(told, []);
  at.expire(T0 - HOUR + MINUTE);
  t.same(told, ['sip:short']);
  t.same(shown(at, T0 - HOUR + MINUTE), ['sip:long']);
});

t.test('the dead are noted and dropped when their time comes again, and all is forgotten in the end', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR), removeOrder('sip:a'));
  serve(at, T0, putOrder('sip:b', T0 + HOUR));
  const note = at.noteDead(T0 + MINUTE);
  at.expire(T0 + MINUTE);
  const again = at.noteDead(T0 + MINUTE);
  t.equal(note, undefined);
  t.equal(at.dropNoted(again!, T0), 0, 'not dead for long enough by the time that holds now');
  t.equal(at.noteDead(T0), undefined);
  at.expire(T0);
  at.expire(T0 + MINUTE);
  t.equal(at.dropNoted(at.noteDead(T0 + MINUTE)!, T0 + MINUTE), 1);
  at.expire(T0 - 3 * DAY);
  at.expire(T0 + HORIZON_MS + FORGET_MARGIN_MS);
  t.equal(at.statistics().aors, 0);
});

t.test('a clean node whose time goes back before its first turn places all that it restored', async (t) => {
  const at = table();
  at.restore(0, AOR, put('sip:a', { expiresAtMs: T0 + MINUTE }));
  at.expire(T0 + HOUR);
  at.expire(T0);
  t.match(at.statistics(), { users: 1, contacts: 1, expires: 0 });
  at.expire(T0 + MINUTE);
  t.match(at.statistics(), { users: 0, contacts: 0, deadRecords: 1 });
});

t.test(
  'the wheel goes back with time: nobody is visited before it is due more than once, and nobody late',
  async (t) => {
    const slots = new AorSlots();
    const wheel = new DueWheel(slots);
    const due = new Map<number, number>();
    const visits = new Map<number, number>();
    const turn = (nowMs: number): void => {
      wheel.turn(nowMs, Infinity, (slot) => {
        visits.set(slot, (visits.get(slot) ?? 0) + 1);
        const dueMs = due.get(slot) ?? 0;
        if (dueMs > nowMs) wheel.arm(slot, dueMs, nowMs);
        else due.delete(slot);
      });
    };
    const startMs = 40 * DAY;
    turn(startMs);
    for (let n = 0; n < 2000; n++) {
      const slot = slots.allocate();
      due.set(slot, startMs + n * MINUTE);
      wheel.arm(slot, startMs + n * MINUTE, startMs);
    }
    const late: number[] = [];
    for (let nowMs = startMs - 10 * DAY; nowMs < startMs + 2 * DAY; nowMs += 5 * MINUTE) {
      turn(nowMs);
      late.push(...[...due.values()].filter((dueMs) => dueMs <= nowMs));
    }
    t.same(late, []);
    t.equal(due.size, 0);
    t.ok(Math.max(...visits.values()) <= 12, 'about once in a day and a half');
  },
);
