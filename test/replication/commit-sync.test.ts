import t from 'tap';
import type { LogProgress } from '../../lib/replication/commit-sync.ts';
import { CommitSync } from '../../lib/replication/commit-sync.ts';
import { RETURN_AFTER_MS } from '../../lib/replication/limits.ts';

const TIMEOUT_MS = 400;

/** A gate that notes what is done to it. */
class NotedGate {
  isOpen = true;
  /** It knows what is under way. */
  canClose = true;
  opened = 0;

  open(): void {
    this.isOpen = true;
    this.opened++;
  }

  close(): boolean {
    if (this.canClose) this.isOpen = false;
    return this.canClose;
  }
}

function newSync(): { gate: NotedGate; sync: CommitSync } {
  const gate = new NotedGate();
  return { gate, sync: new CommitSync(gate, TIMEOUT_MS) };
}

function progress(acknowledged: number, head: number, oldestMs = 0): LogProgress {
  return { acknowledged, head, oldestMs };
}

const DONE = progress(0, 0);

/** In sync at time 0. */
function inSync(): { gate: NotedGate; sync: CommitSync } {
  const { gate, sync } = newSync();
  sync.advance(DONE, true, 0);
  return { gate, sync };
}

t.test('nobody waits before both directions are complete', async (t) => {
  const { gate, sync } = newSync();
  sync.advance(DONE, false, 0);
  t.equal(sync.state, 'out');
  t.ok(gate.isOpen);
  t.equal(sync.dueInMs(DONE, 0), Infinity);
});

t.test('with nothing under way both steps are one', async (t) => {
  const { gate, sync } = inSync();
  t.equal(sync.state, 'in-sync');
  t.notOk(gate.isOpen);
});

t.test('first replies begin to wait, then the head of that moment must be acknowledged', async (t) => {
  const { gate, sync } = newSync();
  sync.advance(progress(3, 10, 20), true, 0);
  t.equal(sync.state, 'closing');
  t.notOk(gate.isOpen, 'replies wait already');
  sync.advance(progress(9, 15, 20), true, 1);
  t.equal(sync.state, 'closing', 'one of those that did not wait is still missing');
  sync.advance(progress(10, 99, 20), true, 2);
  t.equal(sync.state, 'in-sync', 'though the head has moved on');
});

t.test('a gate that does not know what is under way is asked again', async (t) => {
  const { gate, sync } = newSync();
  gate.canClose = false;
  sync.advance(progress(3, 10), true, 0);
  t.equal(sync.state, 'out');
  gate.canClose = true;
  sync.advance(progress(5, 10), true, 1);
  t.equal(sync.state, 'closing');
});

t.test('nobody begins to wait for a twin that is far behind', async (t) => {
  const { gate, sync } = newSync();
  sync.advance(progress(3, 10, TIMEOUT_MS / 4 + 1), true, 0);
  t.equal(sync.state, 'out');
  t.ok(gate.isOpen);
  sync.advance(progress(4, 10, TIMEOUT_MS / 4), true, 1);
  t.equal(sync.state, 'closing');
});

t.test('a twin that leaves a change unacknowledged for the time-out is out, and all who wait go', async (t) => {
  const { gate, sync } = inSync();
  sync.advance(progress(0, 1, TIMEOUT_MS - 1), true, 399);
  t.equal(sync.state, 'in-sync');
  sync.advance(progress(0, 1, TIMEOUT_MS), true, 400);
  t.equal(sync.state, 'out');
  t.ok(gate.isOpen);
  t.equal(gate.opened, 1);
});

t.test('so is one that does not get to the target in time', async (t) => {
  const { gate, sync } = newSync();
  sync.advance(progress(3, 10, 50), true, 0);
  sync.advance(progress(3, 10, TIMEOUT_MS), true, 350);
  t.equal(sync.state, 'out');
  t.ok(gate.isOpen);
});

t.test('it says when that will be', async (t) => {
  const { sync } = inSync();
  t.equal(sync.dueInMs(DONE, 5), Infinity, 'nothing is under way');
  t.equal(sync.dueInMs(progress(0, 1, 150), 150), 250);
  t.equal(sync.dueInMs(progress(0, 1, 500), 500), 0);
});

t.test('after a demotion the twin must keep up for a while before anybody waits again', async (t) => {
  const { gate, sync } = inSync();
  sync.advance(progress(0, 1, TIMEOUT_MS), true, 1000);
  t.equal(sync.dueInMs(progress(0, 1, TIMEOUT_MS), 1000), RETURN_AFTER_MS);
  sync.advance(progress(1, 1), true, 1001);
  t.equal(sync.state, 'out', 'it has caught up, but only just');
  sync.advance(progress(1, 1), true, 1000 + RETURN_AFTER_MS - 1);
  t.equal(sync.state, 'out');
  sync.advance(progress(1, 1), true, 1000 + RETURN_AFTER_MS);
  t.equal(sync.state, 'in-sync');
  t.notOk(gate.isOpen);
});

t.test('each time that it is found behind, the while begins anew', async (t) => {
  const { sync } = inSync();
  sync.advance(progress(0, 1, TIMEOUT_MS), true, 1000);
  sync.advance(progress(1, 9, 200), true, 1400);
  sync.advance(progress(9, 9), true, 1600);
  t.equal(sync.state, 'out', '1500 is not enough any more');
  sync.advance(progress(9, 9), true, 1400 + RETURN_AFTER_MS);
  t.equal(sync.state, 'in-sync');
});

t.test('when the link is gone nobody waits, and the next one begins without a grudge', async (t) => {
  const { gate, sync } = inSync();
  sync.advance(progress(0, 1, TIMEOUT_MS), true, 1000);
  sync.leave();
  t.ok(gate.isOpen);
  sync.advance(DONE, true, 1001);
  t.equal(sync.state, 'in-sync');
});

t.test('a gate that opened itself is a demotion', async (t) => {
  const { gate, sync } = inSync();
  sync.overflowed(1000);
  t.equal(sync.state, 'out');
  t.ok(gate.isOpen);
  t.equal(sync.dueInMs(DONE, 1000), RETURN_AFTER_MS);
  const openedBefore = gate.opened;
  sync.overflowed(1001);
  t.equal(gate.opened, openedBefore, 'and only once');
});
