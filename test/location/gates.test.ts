import t from 'tap';
import { CommitGates, type NamedGate } from '../../lib/location/commit-gates.ts';
import type { CommitGate, GateName } from '../../lib/location/ports.ts';
import { PositionGate } from '../../lib/location/position-gate.ts';

const ALICE = 'alice@example.com';
const BOB = 'bob@example.com';

/** Keeps who waits until it is told to let them go. */
class ManualGate implements CommitGate {
  readonly waiting: (() => void)[] = [];

  settle(_aor: string, done: () => void): void {
    this.waiting.push(done);
  }
}

const OPEN_GATE: CommitGate = {
  settle(_aor, done) {
    done();
  },
};
const OPEN: NamedGate = { name: 'disk', gate: OPEN_GATE };

function positionGate(max = 100): {
  gate: PositionGate;
  went: string[];
  overflows: string[];
  wait: (aor: string, name: string) => void;
} {
  const went: string[] = [];
  const overflows: string[] = [];
  const gate = new PositionGate({ waitersMax: max, changesMax: max, overflowed: (reason) => overflows.push(reason) });
  gate.close();
  return { gate, went, overflows, wait: (aor, name) => gate.settle(aor, () => went.push(name)) };
}

t.test('without gates, and with gates that let all pass, done is called at once and once', async (t) => {
  for (const gates of [[], [OPEN], [OPEN, OPEN]]) {
    let calls = 0;
    new CommitGates(gates).settle(ALICE, () => calls++);
    t.equal(calls, 1);
  }
});

t.test('done waits for every gate, and waits at once do not mix', async (t) => {
  const [first, second] = [new ManualGate(), new ManualGate()];
  const gates = new CommitGates([{ name: 'disk', gate: first }, { name: 'twin', gate: second }, OPEN]);
  const went: string[] = [];
  gates.settle(ALICE, () => went.push('one'));
  gates.settle(ALICE, () => went.push('two'));
  second.waiting[1]!();
  first.waiting[0]!();
  t.same(went, []);
  first.waiting[1]!();
  t.same(went, ['two']);
  gates.settle(ALICE, () => went.push('three'));
  second.waiting[0]!();
  t.same(went, ['two', 'one']);
  first.waiting[2]!();
  second.waiting[2]!();
  t.same(went, ['two', 'one', 'three']);
});

t.test('who wants to know hears what is waited for', async (t) => {
  const went = (...gates: readonly NamedGate[]) => {
    const heard: string[] = [];
    new CommitGates(gates).settle(
      ALICE,
      () => heard.push('done'),
      (by: GateName) => heard.push(by),
    );
    return heard;
  };
  const disk: NamedGate = { name: 'disk', gate: new ManualGate() };
  const twin: NamedGate = { name: 'twin', gate: new ManualGate() };
  t.same(went(OPEN), ['done']);
  t.same(went(OPEN, OPEN), ['done']);
  t.same(went(disk), ['disk']);
  t.same(went(OPEN, twin), ['twin']);
  t.same(went(disk, twin), ['disk', 'twin']);
});

t.test('a reply may ask the gates again from within', async (t) => {
  const gates = new CommitGates([OPEN, OPEN]);
  const went: string[] = [];
  gates.settle(ALICE, () => {
    gates.settle(BOB, () => went.push('inner'));
    went.push('outer');
  });
  t.same(went, ['inner', 'outer']);
});

t.test('a reply waits for the last uncommitted change of its AoR, and for no other', async (t) => {
  const { gate, went, wait } = positionGate();
  gate.changed(ALICE, 1);
  gate.changed(BOB, 2);
  gate.changed(ALICE, 3);
  wait(BOB, 'bob');
  wait(ALICE, 'alice');
  wait('carol@example.com', 'carol');
  t.same(went, ['carol']);
  gate.committedUpTo(2);
  t.same(went, ['carol', 'bob']);
  gate.committedUpTo(3);
  t.same(went, ['carol', 'bob', 'alice']);
  t.equal(gate.waiting, 0);
});

t.test('a change that comes after the reply was decided does not prolong the wait', async (t) => {
  const { gate, went, wait } = positionGate();
  gate.changed(ALICE, 1);
  wait(ALICE, 'first');
  gate.changed(ALICE, 2);
  wait(ALICE, 'second');
  gate.committedUpTo(1);
  t.same(went, ['first']);
});

t.test('replies go in the order of positions, and within one in the order in which they came', async (t) => {
  const { gate, went, wait } = positionGate();
  gate.changed(ALICE, 5);
  gate.changed(BOB, 5);
  gate.changed('carol@example.com', 6);
  wait('carol@example.com', 'carol');
  wait(BOB, 'bob');
  wait(ALICE, 'alice');
  gate.committedUpTo(6);
  t.same(went, ['bob', 'alice', 'carol']);
});

t.test('what is committed is forgotten: later replies go at once', async (t) => {
  const { gate, went, wait } = positionGate(3);
  for (let position = 1; position <= 5000; position++) {
    gate.changed(`${position}@example.com`, position);
    if (position % 2 === 0) gate.committedUpTo(position);
  }
  wait('4999@example.com', 'late');
  t.same(went, ['late']);
  t.equal(gate.isOpen, false, 'so many in all are not too many at once');
});

t.test('opening releases all who wait, in order, and later ones pass', async (t) => {
  const { gate, went, wait } = positionGate();
  gate.changed(ALICE, 1);
  gate.changed(BOB, 2);
  wait(BOB, 'bob');
  wait(ALICE, 'alice');
  gate.open();
  wait(BOB, 'passes');
  t.same(went, ['alice', 'bob', 'passes']);
  t.equal(gate.waiting, 0);
});

t.test('changes made while the gate was open are waited for once it is closed', async (t) => {
  const { gate, went, wait } = positionGate();
  gate.open();
  gate.changed(ALICE, 1);
  t.equal(gate.close(), true);
  wait(ALICE, 'alice');
  t.same(went, []);
  gate.committedUpTo(1);
  t.same(went, ['alice']);
});

t.test('one waiter too many opens the gate, releases all and says so', async (t) => {
  const { gate, went, overflows, wait } = positionGate(2);
  gate.changed(ALICE, 1);
  for (const name of ['one', 'two']) wait(ALICE, name);
  t.same(overflows, []);
  wait(ALICE, 'three');
  t.same(went, ['one', 'two', 'three']);
  t.same(overflows, ['waiters']);
  t.equal(gate.isOpen, true);
});

t.test('one uncommitted change too many opens it, and it closes only when those are committed', async (t) => {
  const { gate, went, overflows, wait } = positionGate(2);
  gate.changed(ALICE, 1);
  wait(ALICE, 'alice');
  gate.changed(BOB, 2);
  gate.changed('carol@example.com', 3);
  t.same(overflows, ['changes']);
  t.same(went, ['alice']);
  t.equal(gate.close(), false);
  gate.committedUpTo(2);
  t.equal(gate.close(), false);
  gate.changed(BOB, 4);
  gate.committedUpTo(3);
  t.equal(gate.close(), true);
  wait(BOB, 'bob');
  t.same(went, ['alice'], 'the change after those is waited for');
});

t.test('a waiter may change and settle again while it is released', async (t) => {
  const { gate, went } = positionGate();
  gate.changed(ALICE, 1);
  gate.settle(ALICE, () => {
    gate.changed(ALICE, 2);
    gate.settle(ALICE, () => went.push('second'));
    went.push('first');
  });
  gate.committedUpTo(1);
  t.same(went, ['first']);
  gate.committedUpTo(2);
  t.same(went, ['first', 'second']);
});
