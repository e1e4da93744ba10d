import fc from 'fast-check';
import t from 'tap';
import { PingCells } from '../../lib/pinger/ping-cells.ts';
import { pingPhase } from '../../lib/pinger/ping-phase.ts';
import { PingWheel, WHEEL_SLOTS } from '../../lib/pinger/ping-wheel.ts';
import { ProbeRing, PROBES_MAX } from '../../lib/pinger/probe-ring.ts';
import { version } from '../location/support/states.ts';

const KEY = 'sip:phone';
const IDS = 24;

/** AoRs by record id: eight in each of three slots, so that lists have something to get wrong. */
const { aors, slots } = crowdedSlots();

function crowdedSlots(): { aors: readonly string[]; slots: readonly number[] } {
  const slots = [0, 1, WHEEL_SLOTS - 1];
  const mates = slots.map((): string[] => []);
  for (let index = 0; mates.some(({ length }) => length < IDS / slots.length); index++) {
    const place = slots.indexOf(pingPhase(`u${index}`, KEY) >>> 16);
    if (place >= 0 && (mates[place]?.length ?? 0) < IDS / slots.length) mates[place]?.push(`u${index}`);
  }
  return { aors: mates.flat(), slots: slots.flatMap((slot) => Array<number>(IDS / slots.length).fill(slot)) };
}

/** The wheel as it is described: slot after slot, each contact that was there when the hand came in. */
class NaiveWheel {
  readonly enrolled = new Set<number>();
  #at = 0;
  #waiting: number[] = [];

  add(id: number): void {
    this.enrolled.add(id);
  }

  remove(id: number): void {
    this.enrolled.delete(id);
    this.#waiting = this.#waiting.filter((other) => other !== id);
  }

  /** All who are due, in no order within a slot. */
  due(target: number): Set<number> {
    while (this.#waiting.length === 0 && this.#at < target) {
      this.#at++;
      if (!slots.includes(this.#at % WHEEL_SLOTS)) continue;
      this.#waiting = [...this.enrolled].filter((id) => slots[id] === this.#at % WHEEL_SLOTS);
    }
    return new Set(this.#waiting);
  }

  taken(id: number): void {
    this.#waiting = this.#waiting.filter((other) => other !== id);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('toggle' as const), id: fc.nat(IDS - 1) }),
  fc.record({ kind: fc.constant('move' as const), by: fc.constantFrom(0, 1, 2, WHEEL_SLOTS - 2, WHEEL_SLOTS) }),
  fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 12 }) }),
);

t.test('whoever comes and goes meanwhile, the wheel takes whom a naive one takes', async (t) => {
  let takes = 0;
  const property = fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
    const cells = new PingCells();
    const wheel = new PingWheel(cells);
    const naive = new NaiveWheel();
    let target = 0;
    for (const now of steps) {
      if (now.kind === 'move') target += now.by;
      else if (now.kind === 'toggle' && cells.isEnrolled(now.id)) {
        wheel.remove(now.id);
        naive.remove(now.id);
      } else if (now.kind === 'toggle') {
        wheel.add(now.id, aors[now.id] ?? '', KEY);
        naive.add(now.id);
      } else {
        for (let count = 0; count < now.count; count++) {
          const due = naive.due(target);
          const id = wheel.take(target);
          if (id === undefined ? due.size > 0 : !due.has(id)) return false;
          if (id === undefined) break;
          naive.taken(id);
          takes++;
        }
      }
      if (wheel.size !== naive.enrolled.size) return false;
    }
    return true;
  });
  fc.assert(property, { numRuns: 100 });
  t.ok(takes > 1000, `${takes} were taken`);
});

t.test(
  'probes come out in the order in which they went in, and of the settled ones those that were answered are told',
  async (t) => {
    let words = 0;
    const ring = new ProbeRing({ u32: () => words++ });
    const push = (recordId: number) => {
      const ticket = ring.nextTicket();
      const sentAtMs = recordId * 2;
      ring.push(ticket, { recordId, generation: recordId + 1, sentAtMs, version: version(recordId, 3, 2, recordId) });
      return ticket;
    };
    // The ring does not begin at its first place when it grows.
    for (let id = 0; id < 700; id++) {
      push(id);
      ring.passOverdue();
    }
    const tokens = Array.from({ length: 5000 }, (_, id) => push(id).token);
    t.equal(ring.unanswered, 5000);
    const numberOf = (id: number) => ring.find(tokens[id] ?? '') ?? -1;
    const ids = Array.from({ length: 5000 }, (_, id) => id);
    const answered = ids.filter((id) => id % 4 === 0);
    t.strictSame(
      answered.map((id) => ring.answer(numberOf(id)).recordId),
      answered,
    );
    for (const id of ids.filter((each) => each % 4 === 1)) ring.withdraw(numberOf(id));
    for (const id of ids.filter((each) => each % 4 === 2)) ring.hear(numberOf(id));
    t.equal(ring.lastReplied, 700 + 4998);
    t.ok(ids.every((id) => numberOf(id) >= 0 === id % 4 > 1));
    t.equal(ring.unanswered, 2500);
    t.equal(ring.firstReplied(1), 700);

    const told: number[] = [];
    const tell = (number: number, sentAtMs: number) => told.push(number, sentAtMs);
    ring.passSettled(tell);
    t.equal(ring.oldestSentAtMs, 4);
    const overdue = Array.from({ length: 2500 }, () => {
      const probe = ring.passOverdue();
      ring.passSettled(tell);
      return probe;
    });
    t.strictSame(
      overdue,
      ids
        .filter((id) => id % 4 > 1)
        .map((id) => ({
          number: 700 + id,
          isHeard: id % 4 === 2,
          ...{ recordId: id, generation: id + 1, sentAtMs: id * 2, version: version(id, 3, 2, id) },
        })),
    );
    t.strictSame(
      told,
      answered.flatMap((id) => [700 + id, id * 2]),
    );
    t.match(ring, { length: 0, unanswered: 0, oldestSentAtMs: Infinity });
    t.equal(ring.firstReplied(20), undefined);
  },
);

t.test('the ring takes so many probes and no more', async (t) => {
  const ring = new ProbeRing({ u32: () => 7 });
  const probe = { recordId: 0, generation: 0, sentAtMs: 0, version: version(0) };
  const first = ring.nextTicket();
  for (let id = 0; id < PROBES_MAX; id++) ring.push(ring.nextTicket(), probe);
  t.ok(ring.isFull);
  t.throws(() => ring.push(ring.nextTicket(), probe), /full/);
  t.equal(ring.find(first.token), 0);
  ring.passOverdue();
  t.notOk(ring.isFull);
  t.equal(ring.find(first.token), undefined, 'judged');
  t.throws(() => ring.push(first, probe), /ticket/, 'a ticket of long ago');
  ring.clear();
  t.equal(ring.unanswered, 0);
});
