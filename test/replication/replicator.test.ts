/* The machine whole: two of them on real tables, with the wire and the time in the test's hand. */
import t from 'tap';
import { HORIZON_MS } from '../../lib/location/horizon.ts';
import type { PutRecord } from '../../lib/location/record.ts';
import type { ReplicatorEvent } from '../../lib/replication/replicator-types.ts';
import { binding, HOUR, judgement, put, putOrder, removeOrder, STAR, version } from '../location/support/states.ts';
import { MachineNode, T0, TwoNodes } from './support/two-nodes.ts';

const ALICE = 'alice@example.com';
const BOB = 'bob@example.com';

function later(contact: string) {
  return putOrder(contact, T0 + 3 * HORIZON_MS);
}

/** Two that have met, of which the first became synced as the seed. */
function inSync(a?: MachineNode, b?: MachineNode): TwoNodes {
  const pair = new TwoNodes(a, b);
  pair.run(6000);
  return pair;
}

function contacts(node: MachineNode, aor = ALICE): string[] {
  return node.table
    .live(node.table.read(aor), node.clusterMs())
    .map(({ contactUri }) => contactUri)
    .sort();
}

function counters(node: MachineNode) {
  return node.machine.status(node.nowMs).counters;
}

function eventsOf<Name extends ReplicatorEvent['event']>(node: MachineNode, name: Name) {
  return node.events.filter((event): event is Extract<ReplicatorEvent, { event: Name }> => event.event === name);
}

t.test('two nodes meet, agree on the time and come in sync', async (t) => {
  const pair = new TwoNodes();
  pair.run(100);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.equal(pair.b.machine.outgoing, 'in-sync');
  t.equal(pair.a.machine.incoming, 'in-sync');
  t.notOk(pair.a.machine.isSynced, 'nobody is synced yet');
  pair.run(6000);
  t.ok(pair.a.machine.isSynced, 'the seed declares itself');
  t.ok(pair.b.machine.isSynced);
});

t.test('a reply waits until the twin has the binding', async (t) => {
  const pair = inSync();
  const reply = pair.a.serve(ALICE, putOrder('sip:1', T0 + HOUR));
  t.notOk(reply.isAnswered);
  pair.run(1);
  t.ok(reply.isAnswered);
  t.equal(pair.b.table.read(ALICE).records.length, 1);
  t.equal(pair.a.machine.status(pair.a.nowMs).lagChanges, 0);
});

t.test('so does the reply to a removal, to a star, and to a question about an AoR that was just changed', async (t) => {
  const pair = inSync();
  pair.a.serve(ALICE, later('sip:1'));
  pair.run(1);
  pair.isHeld = true;
  const removal = pair.a.serve(ALICE, removeOrder('sip:1'));
  const star = pair.a.serve(BOB, STAR);
  const query = { isAnswered: false };
  pair.a.machine.settle(ALICE, () => void (query.isAnswered = true));
  const other = { isAnswered: false };
  pair.a.machine.settle('carol@example.com', () => void (other.isAnswered = true));
  pair.run(50);
  t.notOk(removal.isAnswered || star.isAnswered || query.isAnswered);
  t.ok(other.isAnswered, 'nobody waits for changes of others');
  pair.isHeld = false;
  pair.run(50);
  t.ok(removal.isAnswered && star.isAnswered && query.isAnswered);
  t.same(contacts(pair.b), []);
});

t.test('a judgement goes to the twin, and a refresh that the judge had not seen wins on both', async (t) => {
  const pair = inSync();
  pair.a.serve(ALICE, later('sip:1'));
  pair.run(10);
  const [seen] = pair.a.table.read(ALICE).records;
  if (seen === undefined) throw new Error('no record');
  pair.isHeld = true;
  pair.b.serve(ALICE, later('sip:1'));
  pair.a.serve(ALICE, judgement(seen));
  pair.isHeld = false;
  pair.run(10);
  t.same(contacts(pair.a), ['sip:1']);
  t.same(contacts(pair.b), ['sip:1']);
});

t.test('what both had before they met is on both afterwards', async (t) => {
  const pair = new TwoNodes();
  pair.a.commit(ALICE, [putOrder('sip:1', T0 + HOUR)]);
  pair.b.commit(BOB, [putOrder('sip:2', T0 + HOUR)]);
  for (let index = 0; index < 5000; index++) pair.b.commit(`user${index}@example.com`, [putOrder('sip:2', T0 + HOUR)]);
  pair.run(200);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.equal(pair.a.table.statistics().records, 5002);
  t.equal(pair.b.table.statistics().records, 5002);
});

t.test('changes made while they compare arrive as well', async (t) => {
  const pair = new TwoNodes();
  for (let index = 0; index < 3000; index++) pair.a.commit(`user${index}@example.com`, [later('sip:1')]);
  let late = 0;
  pair.onWire = (bytes) => {
    if (late < 500 && pair.a.machine.outgoing === 'reconciling')
      pair.a.commit(`user${late++}@example.com`, [later('sip:2')]);
    return [bytes];
  };
  pair.run(1000);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.ok(late > 10, `${late} changes came in between`);
  t.equal(pair.b.table.statistics().records, 3000 + late);
});

t.test('after a cut the log goes on where it was; a change made meanwhile comes over', async (t) => {
  const pair = new TwoNodes();
  pair.run(100);
  pair.a.serve(ALICE, putOrder('sip:1', T0 + HOUR));
  pair.run(10);
  pair.isConnectable = false;
  pair.cut();
  t.equal(pair.a.machine.outgoing, 'down');
  const reply = pair.a.serve(ALICE, putOrder('sip:2', T0 + HOUR));
  t.ok(reply.isAnswered, 'nobody waits for a twin that is gone');
  pair.b.serve(ALICE, removeOrder('sip:1'));
  pair.run(500);
  pair.isConnectable = true;
  pair.run(2000);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.equal(pair.a.machine.status(pair.a.nowMs).counters.resumes, 1);
  t.equal(pair.a.table.read(ALICE).records.length, 2);
  t.equal(pair.b.table.read(ALICE).records.length, 2);
});

t.test('who waits when the link is lost is answered at once', async (t) => {
  const pair = inSync();
  pair.isHeld = true;
  const reply = pair.a.serve(ALICE, later('sip:1'));
  pair.run(10);
  t.notOk(reply.isAnswered);
  pair.cut();
  t.ok(reply.isAnswered);
});

t.test('after a longer cut than H the tables are compared, though both processes are the same', async (t) => {
  const pair = inSync();
  pair.cut();
  pair.isConnectable = false;
  pair.run(1);
  const heardMs = pair.a.nowMs;
  for (const node of [pair.a, pair.b]) node.nowMs = heardMs + HORIZON_MS;
  pair.isConnectable = true;
  pair.run(2000);
  t.match(counters(pair.a), { resumes: 0, reconciles: 2 });
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test('a little less than H is no reason to compare', async (t) => {
  const pair = inSync();
  pair.cut();
  pair.isConnectable = false;
  pair.run(1);
  for (const node of [pair.a, pair.b]) node.nowMs += HORIZON_MS - 60_000;
  pair.isConnectable = true;
  pair.run(2000);
  t.match(counters(pair.a), { resumes: 1, reconciles: 1 });
});

t.test('a twin that starts anew is compared with, and gets back what it lost', async (t) => {
  const pair = inSync();
  pair.a.serve(ALICE, later('sip:1'));
  pair.b.serve(BOB, later('sip:2'));
  pair.run(10);
  pair.cut();
  const again = new TwoNodes(pair.a, new MachineNode(2, 23, { nowMs: pair.a.nowMs }));
  again.run(3000);
  t.equal(again.a.machine.outgoing, 'in-sync');
  t.same(contacts(again.b), ['sip:1']);
  t.same(contacts(again.b, BOB), ['sip:2'], 'its own of former times, too');
  t.equal(counters(again.a).resumes, 0);
});

t.test('more changes than the log may hold end the link with a word, and all is told anew', async (t) => {
  const pair = inSync(new MachineNode(1, 11, { settings: { logBytesMax: 2000 } }));
  pair.isHeld = true;
  const replies = Array.from({ length: 40 }, (_, index) => pair.a.serve(`user${index}@example.com`, later('sip:1')));
  t.notOk(pair.a.machine.isInSync, 'from the very change that was too many nobody believes it');
  t.ok(
    replies.every(({ isAnswered }) => isAnswered),
    'and nobody waits',
  );
  pair.a.step({ kind: 'flush' });
  t.not(pair.a.machine.outgoing, 'in-sync');
  t.match(eventsOf(pair.a, 'refused').at(-1), { by: 'us', reason: 'log-overrun' });
  pair.isHeld = false;
  pair.run(3000);
  t.match(eventsOf(pair.b, 'refused').at(-1), { by: 'twin', reason: 'log-overrun' });
  t.match(counters(pair.a), { logOverruns: 1, resumes: 0, reconciles: 2 });
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.equal(pair.b.table.statistics().records, 40);
});

t.test('without a link, too, the log has a limit, and then the next link compares', async (t) => {
  const pair = inSync(new MachineNode(1, 11, { settings: { logBytesMax: 2000 } }));
  pair.isConnectable = false;
  pair.cut();
  for (let index = 0; index < 40; index++) pair.a.serve(`user${index}@example.com`, later('sip:1'));
  t.ok(pair.a.machine.status(pair.a.nowMs).logBytes <= 2000);
  pair.isConnectable = true;
  pair.run(3000);
  t.match(counters(pair.a), { logOverruns: 1, resumes: 0, reconciles: 2 });
  t.equal(pair.b.table.statistics().records, 40);
});

t.test('a twin that does not acknowledge within 400 ms is not waited for, and is told so', async (t) => {
  const pair = inSync();
  pair.isHeld = true;
  const reply = pair.a.serve(ALICE, later('sip:1'));
  pair.run(399);
  t.notOk(reply.isAnswered);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  pair.run(1);
  t.ok(reply.isAnswered);
  t.equal(pair.a.machine.outgoing, 'lagging');
  t.match(counters(pair.a), { demotions: 1 });
  t.match(eventsOf(pair.a, 'state').at(-1), { from: 'in-sync', to: 'lagging' });
  t.ok(pair.a.serve(BOB, later('sip:2')).isAnswered, 'nobody waits any more');
});

t.test('when it keeps up again for half a second, replies wait again', async (t) => {
  const pair = inSync();
  pair.isHeld = true;
  pair.a.serve(ALICE, later('sip:1'));
  pair.run(450);
  pair.isHeld = false;
  pair.run(10);
  t.equal(pair.b.machine.incoming, 'lagging', 'the twin knows at once');
  t.equal(pair.a.machine.outgoing, 'lagging');
  pair.run(600);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.equal(pair.b.machine.incoming, 'in-sync');
  t.notOk(pair.a.serve(BOB, later('sip:2')).isAnswered);
  t.same(contacts(pair.b), ['sip:1']);
});

t.test('in sync means that all is there that was answered without waiting', async (t) => {
  const pair = inSync();
  pair.isHeld = true;
  pair.a.serve(ALICE, later('sip:1'));
  pair.run(450);
  pair.isHeld = false;
  for (let index = 0; index < 3000; index++) {
    pair.a.serve(`user${index}@example.com`, later('sip:1'));
    pair.run(1);
    if (!pair.a.machine.isInSync) continue;
    t.equal(pair.b.table.statistics().records, index + 2);
    return;
  }
  t.fail('it never came in sync under load');
});

t.test('with commit: local nobody ever waits, and all is replicated', async (t) => {
  const local = { settings: { commit: 'local' } } as const;
  const pair = inSync(new MachineNode(1, 11, local), new MachineNode(2, 22, local));
  t.equal(pair.a.machine.outgoing, 'in-sync');
  const reply = pair.a.serve(ALICE, later('sip:1'));
  t.ok(reply.isAnswered);
  pair.run(10);
  t.same(contacts(pair.b), ['sip:1']);
  t.ok(pair.a.gate.isOpen);
});

t.test('more replies than the gate can keep waiting are a demotion', async (t) => {
  const pair = inSync();
  pair.isHeld = true;
  const reply = pair.a.serve(ALICE, later('sip:1'));
  pair.a.gate.open();
  pair.a.machine.gateOverflowed();
  t.ok(reply.isAnswered);
  t.notOk(pair.a.machine.isInSync);
  pair.a.step({ kind: 'flush' });
  t.equal(pair.a.machine.outgoing, 'lagging');
  pair.isHeld = false;
  pair.run(1000);
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test('the comparison from time to time repairs what should not be', async (t) => {
  const checking = { settings: { digestIntervalMs: 60_000 } };
  const pair = inSync(new MachineNode(1, 11, checking), new MachineNode(2, 22, checking));
  plant(pair.a, ALICE);
  plant(pair.b, BOB);
  pair.run(50_000);
  t.equal(pair.b.table.read(ALICE).records.length, 0);
  pair.run(11_000);
  t.equal(pair.b.table.read(ALICE).records.length, 1);
  t.equal(pair.a.table.read(BOB).records.length, 1);
  t.equal(pair.a.machine.outgoing, 'in-sync', 'and nothing else happens');
});

function recent(contact: string, userAgent = ''): PutRecord {
  return put(contact, { version: version(T0), expiresAtMs: T0 + HOUR, binding: binding({ userAgent }) });
}

/** Something that the log did not tell the twin, as after a defect. */
function plant(node: MachineNode, aor: string): void {
  node.table.merge({ aor, floor: undefined, records: [recent('sip:planted')] }, 'disk', node.clusterMs());
}

t.test('ul_cluster_sync at one node makes both alike', async (t) => {
  const pair = inSync();
  pair.run(20_000);
  plant(pair.a, ALICE);
  plant(pair.b, BOB);
  pair.a.step({ kind: 'sync' });
  pair.run(100);
  t.equal(pair.a.table.read(BOB).records.length, 1);
  t.equal(pair.b.table.read(ALICE).records.length, 1);
  t.match(eventsOf(pair.a, 'reconciled').at(-1), { received: 1, changed: 1 });
  t.match(pair.a.machine.status(pair.a.nowMs).lastReconcile, { received: 1, changed: 1 });
});

t.test('ul_cluster_sync without a link does nothing', async (t) => {
  const node = new MachineNode(1, 11);
  node.step({ kind: 'sync' });
  t.equal(node.machine.outgoing, 'down');
});

t.test('a node that stops says so, and the other one knows why the link is gone', async (t) => {
  const pair = inSync();
  const reply = pair.a.serve(ALICE, later('sip:1'));
  pair.a.step({ kind: 'stop' });
  t.ok(reply.isAnswered);
  t.equal(pair.a.machine.nextWakeMs, Infinity);
  pair.run(10);
  t.match(eventsOf(pair.b, 'refused').at(-1), { by: 'twin', reason: 'stopping', text: /node 1/ });
  t.match(pair.b.machine.status(pair.b.nowMs).waitsFor, /node 1 stops/);
  pair.a.step({ kind: 'connected', link: 9998, dialled: false });
  t.ok(pair.a.closed.includes(9998), 'nobody comes in any more');
});

t.test('a twin that is silent for longer than pings may take is gone', async (t) => {
  const pair = inSync();
  const [wire] = pair.wires;
  const status = () => pair.a.machine.status(pair.a.nowMs);
  pair.isHeld = true;
  pair.run(4000 + 4 * 1000 - (status().silentMs ?? 0) - 1);
  t.match(status(), { silentMs: 7999, isProbing: true, outgoing: 'in-sync' });
  pair.run(1);
  t.ok(pair.a.closed.includes(wire?.a ?? 0));
  t.match(eventsOf(pair.a, 'refused').at(-1), { by: 'us', reason: 'timeout', text: /8 s/ });
});

t.test('both directions tell of their states, and a refusal whether it was the link that ended', async (t) => {
  const pair = inSync();
  const incoming = () => eventsOf(pair.a, 'incoming-state').at(-1);
  t.match(incoming(), { to: 'in-sync' });
  pair.a.step({ kind: 'connected', link: 9996, dialled: false });
  pair.a.step({ kind: 'received', link: 9996, bytes: Buffer.from('GET / HTTP/1.1') });
  t.match(eventsOf(pair.a, 'refused').at(-1), { by: 'us', isLink: false });
  pair.b.step({ kind: 'stop' });
  pair.run(10);
  t.match(eventsOf(pair.a, 'refused').at(-1), { by: 'twin', reason: 'stopping', isLink: true });
  t.match(incoming(), { from: 'in-sync' });
  t.match(eventsOf(pair.a, 'state').at(-1), { to: incoming()?.to });
});

t.test('whether a node would serve phones is told to its twin, and at once when it changes', async (t) => {
  const pair = inSync();
  const isTwinReady = () => pair.a.machine.status(pair.a.nowMs).isTwinReady;
  t.equal(isTwinReady(), true);
  pair.b.isReady = false;
  pair.b.step({ kind: 'readiness-changed' });
  pair.run(1);
  t.equal(isTwinReady(), false);
  pair.b.isReady = true;
  pair.run(2000);
  t.equal(isTwinReady(), true, 'each heartbeat says it');
  pair.cut();
  t.equal(isTwinReady(), false, 'nobody knows without a link');
});

t.test('a part of a frame is no sign of life: nobody knows whether the rest will ever come', async (t) => {
  const pair = inSync();
  const [wire] = pair.wires;
  if (wire === undefined) throw new Error('no link');
  pair.isHeld = true;
  for (const octet of [0, 0, 0, 9, 6]) {
    pair.a.step({ kind: 'received', link: wire.a, bytes: Buffer.from([octet]) });
    pair.run(2000);
  }
  t.match(eventsOf(pair.a, 'refused').at(-1), { by: 'us', reason: 'timeout' });
});

t.test('nothing goes by its age from the hello to the end of the comparison', async (t) => {
  const pair = new TwoNodes();
  t.same(pair.a.machine.forgets, { byAge: true, early: false }, 'without a link');
  const linked: boolean[] = [];
  pair.onWire = (bytes) => {
    if (pair.a.machine.isLinked) linked.push(pair.a.machine.forgets.byAge);
    return [bytes];
  };
  pair.run(6000);
  const compared = linked.indexOf(true);
  t.ok(compared > 0, 'the link began with a comparison');
  t.notOk(linked.slice(compared).includes(false));
  t.same(pair.a.machine.forgets, { byAge: true, early: true });
});

t.test('in sync, dead records go early when both disks have what outranks them', async (t) => {
  const pair = inSync();
  const outcomes: boolean[] = [];
  pair.a.serve(ALICE, removeOrder('sip:1'));
  pair.run(5000);
  pair.a.machine.proveForgettable((isProved) => outcomes.push(isProved));
  t.same(outcomes, []);
  pair.run(10_000);
  t.same(outcomes, [true]);
});

t.test('while the disk of the twin stands still, nothing is proved', async (t) => {
  const pair = inSync();
  pair.b.isDiskHeld = true;
  pair.run(5000);
  pair.a.serve(ALICE, removeOrder('sip:1'));
  const outcomes: boolean[] = [];
  pair.a.machine.proveForgettable((isProved) => outcomes.push(isProved));
  pair.run(20_000);
  t.same(outcomes, []);
  pair.cut();
  t.same(outcomes, [false]);
});

t.test('nor is anything while this node is not in sync, or has no link', async (t) => {
  const outcomes: boolean[] = [];
  new MachineNode(1, 11).machine.proveForgettable((isProved) => outcomes.push(isProved));
  t.same(outcomes, [false]);
  new MachineNode(1, 11, { twin: undefined }).machine.proveForgettable((isProved) => outcomes.push(isProved));
  t.same(outcomes, [false, false], 'whether there is a twin is not said by the rows of today');
});

t.test('the role of the twin is known from its hello on, and a change of it at once', async (t) => {
  const a = new MachineNode(1, 11);
  a.roleTakenAtMs = T0 - 5000;
  const pair = new TwoNodes(a);
  pair.run(1);
  t.same(pair.b.machine.twinRole, { takenAtMs: T0 - 5000, nodeId: 1 });
  t.equal(pair.a.machine.twinRole, undefined, 'the other one is passive');
  pair.b.roleTakenAtMs = T0 + 7;
  pair.b.step({ kind: 'role-changed' });
  pair.run(1);
  t.same(pair.a.machine.twinRole, { takenAtMs: T0 + 7, nodeId: 2 });
  pair.cut();
  t.equal(pair.a.machine.twinRole, undefined, 'without a link nobody knows');
});

t.test('each heartbeat says anew that the twin is active, also when that is no news', (t) => {
  const a = new MachineNode(1, 11);
  a.roleTakenAtMs = T0 - 5000;
  const pair = new TwoNodes(a);
  pair.run(1000);
  const told = () => pair.b.events.filter(({ event }) => event === 'twin-role').length;
  const before = told();
  pair.run(10_000);
  t.ok(told() >= before + 4, 'at least every two seconds');
  t.end();
});

t.test('a different max_contacts is told to both, and they replicate', async (t) => {
  const { keyRules } = {
    keyRules: { matchingMode: 0, useDomain: true, caseSensitive: true, realmPrefix: '' },
  } as const;
  const pair = inSync(
    new MachineNode(1, 11, { settings: { keyRules: { ...keyRules, maxContacts: 5 } } }),
    new MachineNode(2, 22, { settings: { keyRules: { ...keyRules, maxContacts: 3 } } }),
  );
  t.same(eventsOf(pair.a, 'max-contacts'), [{ event: 'max-contacts', ours: 5, theirs: 3 }]);
  t.same(eventsOf(pair.b, 'max-contacts'), [{ event: 'max-contacts', ours: 3, theirs: 5 }]);
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test(
  'listeners that differ are told to both, once for each way in which they do, while the link lasts',
  async (t) => {
    const serving = (address: string) => ({ settings: { listeners: [{ transport: 'udp', address, port: 5060 }] } });
    const [a, b] = [new MachineNode(1, 11, serving('10.0.0.150')), new MachineNode(2, 22, serving('10.0.0.151'))];
    b.absentAddresses = ['10.0.0.151'];
    const pair = inSync(a, b);
    const compared = (node: MachineNode) => node.machine.status(node.nowMs).listeners;
    pair.run(5000);
    for (const [node, twinId] of [[a, 2] as const, [b, 1] as const]) {
      t.match(compared(node), { difference: `and only node ${twinId} serves udp:`, obstacle: /only this node serves/ });
      t.same(eventsOf(node, 'listeners'), [{ event: 'listeners', difference: compared(node).difference }]);
    }
    a.absentAddresses = ['10.0.0.150'];
    pair.run(5000);
    t.ok(compared(a).obstacle);
    t.equal(eventsOf(a, 'listeners').length, 2);
    b.absentAddresses = [];
    a.absentAddresses = [];
    pair.run(5000);
    t.equal(compared(a).difference, undefined, 'each may have one of its own');
    pair.cut();
    t.same(compared(a), { difference: undefined, obstacle: undefined }, 'nobody knows without a link');
  },
);

t.test('an AoR with more on it than one frame holds gets over', async (t) => {
  const pair = new TwoNodes();
  const records = Array.from({ length: 1300 }, (_, index) => recent(`sip:${index}`, 'u'.repeat(255)));
  pair.a.table.merge({ aor: ALICE, floor: undefined, records }, 'disk', T0);
  pair.run(3000);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.equal(pair.b.table.read(ALICE).records.length, 1300);
});
