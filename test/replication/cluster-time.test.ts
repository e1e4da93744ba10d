/* Whose time counts when two whole machines meet, and while they are linked. */
import t from 'tap';
import type { ReplicatorEvent } from '../../lib/replication/replicator-types.ts';
import { HOUR, putOrder } from '../location/support/states.ts';
import { MachineNode, T0, TwoNodes } from './support/two-nodes.ts';

const ALICE = 'alice@example.com';
const YEAR_MS = 365 * 24 * HOUR;

function shifts(node: MachineNode): number[] {
  return node.events
    .filter((event): event is Extract<ReplicatorEvent, { event: 'clock' }> => event.event === 'clock')
    .map(({ shiftedMs }) => shiftedMs);
}

function apartMs(pair: TwoNodes): number {
  return pair.b.clusterMs() - pair.a.clusterMs();
}

t.test('of two that start together the greater node id takes over the time', async (t) => {
  const pair = new TwoNodes(new MachineNode(1, 11), new MachineNode(2, 22, { clockOffsetMs: 2500 }));
  pair.run(100);
  t.same(shifts(pair.a), []);
  t.same(shifts(pair.b), [-2500]);
  t.equal(apartMs(pair), 0);
  t.ok(pair.a.machine.hasAgreed && pair.b.machine.hasAgreed);
});

t.test('a node that starts anew takes over the time of the one that was synced', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.cut();
  const a = new MachineNode(1, 12, { nowMs: pair.b.nowMs, clockOffsetMs: 2500 });
  const again = new TwoNodes(a, pair.b);
  again.run(5000);
  t.same(shifts(a), [-2500]);
  t.same(shifts(pair.b), [], 'and the other one does not follow in turn');
  t.equal(apartMs(again), 0);
});

t.test('far apart, a node that has not used its clock gives it up', async (t) => {
  const pair = new TwoNodes(new MachineNode(1, 11, { clockOffsetMs: 3_600_000 }));
  pair.b.commit(ALICE, [putOrder('sip:1', T0 + HOUR)]);
  pair.run(100);
  t.same(shifts(pair.a), [-3_600_000]);
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test('far apart and both used, they say so and do not replicate', async (t) => {
  const pair = new TwoNodes(new MachineNode(1, 11, { clockOffsetMs: 3_600_000 }));
  pair.a.commit(ALICE, [putOrder('sip:1', T0 + 2 * HOUR)]);
  pair.b.commit(ALICE, [putOrder('sip:2', T0 + HOUR)]);
  pair.run(5000);
  t.equal(pair.a.machine.outgoing, 'down');
  t.notOk(pair.a.machine.hasAgreed);
  const { reason, text = '' } = pair.b.machine.status(pair.b.nowMs).lastGoodbye ?? {};
  t.equal(reason, 'clock');
  t.match(
    text,
    /2027-01-01T01:00.*node 1.*2027-01-01T00:00.*node 2|2027-01-01T00:00.*node 2.*2027-01-01T01:00.*node 1/,
  );
  t.equal(pair.b.table.read(ALICE).records.length, 1);
});

t.test('a time that cannot be is taken over by nobody, though its node has not used it', async (t) => {
  for (const clockOffsetMs of [-2 * YEAR_MS, 80 * YEAR_MS]) {
    const pair = new TwoNodes(new MachineNode(1, 11, { clockOffsetMs }));
    pair.run(1000);
    t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { by: 'us', reason: 'clock', text: /cannot be/ });
    t.same(shifts(pair.b), []);
    t.notOk(pair.b.machine.hasAgreed);
  }
});

t.test('a node that stamped after it called itself clean does not give up its clock', async (t) => {
  const pair = new TwoNodes(new MachineNode(1, 11, { clockOffsetMs: 3_600_000 }));
  pair.b.commit(ALICE, [putOrder('sip:1', T0 + HOUR)]);
  pair.onWire = (bytes) => {
    if (pair.a.table.lastStampMs === 0) pair.a.commit(ALICE, [putOrder('sip:2', T0 + 2 * HOUR)]);
    return [bytes];
  };
  pair.run(100);
  t.same(shifts(pair.a), []);
  t.match(pair.a.machine.status(pair.a.nowMs).lastGoodbye, { reason: 'clock' });
});

t.test('a node that has agreed once is not clean any more, even without a stamp', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.cut();
  pair.b.clockOffsetMs += 3_600_000;
  pair.run(3000);
  t.match(pair.a.machine.status(pair.a.nowMs).lastGoodbye, { reason: 'clock' });
});

t.test('clocks that drift apart during the link are brought together by the greater node id', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.a.clockOffsetMs += 150;
  pair.run(6000);
  t.same(shifts(pair.a), []);
  t.same(shifts(pair.b), [150]);
  t.equal(apartMs(pair), 0);
  pair.run(20_000);
  t.same(shifts(pair.b), [150], 'once is enough');
});

t.test('a clock that jumped by more than a minute is followed by nobody, and the link ends with a word', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.a.clockOffsetMs += 61_000;
  pair.run(10_000);
  t.same([...shifts(pair.a), ...shifts(pair.b)], []);
  t.not(pair.a.machine.outgoing, 'in-sync');
  t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { reason: 'clock', text: /node 1.*node 2|node 2.*node 1/ });
});

t.test('a drift of less than a tenth of a second is left alone, and shown', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.a.clockOffsetMs += 90;
  pair.run(6000);
  t.same(shifts(pair.b), []);
  t.equal(pair.b.machine.status(pair.b.nowMs).clockOffsetMs, 90);
  t.equal(pair.a.machine.status(pair.a.nowMs).clockOffsetMs, -90);
});

t.test('greetings that were measured by a time that is given up are dropped', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.a.clockOffsetMs += 150;
  while (shifts(pair.b).length === 0 && pair.b.nowMs < 20_000) {
    pair.b.step({ kind: 'connected', link: 10_000 + pair.b.nowMs, dialled: false });
    pair.run(100);
  }
  t.same(shifts(pair.b), [150]);
  t.ok(pair.b.closed.includes(10_000 + pair.b.nowMs - 100), 'the youngest of them, too');
  t.equal(pair.b.machine.outgoing, 'in-sync', 'the link stays');
});

t.test('and they go on where no time is given up', async (t) => {
  const pair = new TwoNodes();
  pair.a.step({ kind: 'connected', link: 10_000, dialled: false });
  pair.run(100);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.notOk(pair.a.closed.includes(10_000));
});

t.test('between two that had agreed, a hello that lay in a socket for a second moves no clock', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.cut();
  pair.isHeld = true;
  pair.run(1100);
  pair.isHeld = false;
  pair.run(100);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.same(shifts(pair.a), []);
  t.same(shifts(pair.b), []);
});

t.test('between two that meet first it may, and heartbeats put that right', async (t) => {
  const pair = new TwoNodes();
  pair.isHeld = true;
  pair.run(1000);
  pair.isHeld = false;
  pair.run(10_000);
  t.equal(apartMs(pair), 0);
});
