/* Who is let in, and which of several connections is the link: whole machines, connected by hand where two ends must cross. */
import t from 'tap';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { GREETING_LINKS_MAX } from '../../lib/replication/limits.ts';
import type { ReplicatorEvent } from '../../lib/replication/replicator-types.ts';
import { Greeting } from '../../lib/replication/greeting.ts';
import { HOUR, putOrder } from '../location/support/states.ts';
import { helloBack, rules } from './support/hellos.ts';
import { writeFrame } from './support/naive-codec.ts';
import { MachineNode, T0, TwoNodes } from './support/two-nodes.ts';

const ALICE = 'alice@example.com';

function refusals(node: MachineNode) {
  return node.events.filter(
    (event): event is Extract<ReplicatorEvent, { event: 'refused' }> => event.event === 'refused',
  );
}

/** A connection between two nodes of which the test delivers each frame by hand. */
class HandWire {
  readonly #a: MachineNode;
  readonly #b: MachineNode;
  readonly atA: number;
  readonly atB: number;

  constructor(a: MachineNode, b: MachineNode, dialler: MachineNode, atA: number, atB: number) {
    this.#a = a;
    this.#b = b;
    this.atA = atA;
    this.atB = atB;
    a.step({ kind: 'connected', link: atA, dialled: dialler === a });
    b.step({ kind: 'connected', link: atB, dialled: dialler === b });
  }

  toB(): void {
    for (const bytes of this.#a.takeSent(this.atA)) this.#b.step({ kind: 'received', link: this.atB, bytes });
  }

  toA(): void {
    for (const bytes of this.#b.takeSent(this.atB)) this.#a.step({ kind: 'received', link: this.atA, bytes });
  }

  /** Both have said hello, and proved something that has not arrived yet. */
  greet(): this {
    const [ofA, ofB] = [this.#a.takeSent(this.atA), this.#b.takeSent(this.atB)];
    for (const bytes of ofA) this.#b.step({ kind: 'received', link: this.atB, bytes });
    for (const bytes of ofB) this.#a.step({ kind: 'received', link: this.atA, bytes });
    return this;
  }

  /** Everything that is still to be said, and the close that follows. */
  run(): void {
    for (let round = 0; round < 1000; round++) {
      this.toB();
      this.toA();
    }
    if (this.#a.closed.includes(this.atA)) this.#b.step({ kind: 'closed', link: this.atB });
    if (this.#b.closed.includes(this.atB)) this.#a.step({ kind: 'closed', link: this.atA });
  }
}

/** Two that have not met, and nothing that connects them. A is the lesser, B the greater node id. */
function strangers(): { a: MachineNode; b: MachineNode; dialledByA: HandWire; dialledByB: HandWire } {
  const [a, b] = [new MachineNode(1, 11), new MachineNode(2, 22)];
  return { a, b, dialledByA: new HandWire(a, b, a, 1, 2), dialledByB: new HandWire(a, b, b, 2, 1) };
}

/** Which of the two connections is the link at each node, by the one that is not closed. */
function survivors(a: MachineNode, b: MachineNode): { a: number[]; b: number[] } {
  const open = (node: MachineNode) => [1, 2].filter((link) => !node.closed.includes(link));
  return { a: open(a), b: open(b) };
}

t.test('when both dial, the connection of the greater node id stays, if it came first', async (t) => {
  const { a, b, dialledByA, dialledByB } = strangers();
  dialledByB.run();
  dialledByA.run();
  t.same(survivors(a, b), { a: [2], b: [1] });
  t.equal(a.machine.outgoing, 'in-sync');
  t.same([...refusals(a), ...refusals(b)], [], 'which is nothing to tell an operator');
});

t.test('and if it came second, it takes the place of the other one', async (t) => {
  const { a, b, dialledByA, dialledByB } = strangers();
  dialledByA.run();
  t.equal(a.machine.outgoing, 'in-sync');
  dialledByB.run();
  dialledByA.run();
  t.same(survivors(a, b), { a: [2], b: [1] });
  t.equal(a.machine.outgoing, 'in-sync');
  t.equal(b.machine.outgoing, 'in-sync');
});

t.test('so it does when each node knows another one first', async (t) => {
  const { a, b, dialledByA, dialledByB } = strangers();
  dialledByA.greet();
  dialledByB.greet();
  dialledByA.toA();
  dialledByB.toB();
  t.equal(a.machine.outgoing, 'reconciling', 'A goes by its own connection');
  t.equal(b.machine.outgoing, 'reconciling', 'and B by its own');
  dialledByB.run();
  dialledByA.run();
  t.same(survivors(a, b), { a: [2], b: [1] });
  t.equal(a.machine.outgoing, 'in-sync');
  t.equal(b.machine.outgoing, 'in-sync');
});

t.test('frames of a link that was replaced are ignored', async (t) => {
  const { a, dialledByA, dialledByB } = strangers();
  dialledByA.run();
  dialledByB.greet();
  dialledByB.toA();
  const before = a.machine.status(a.nowMs).counters;
  a.step({ kind: 'received', link: dialledByA.atA, bytes: writeFrame(FRAME.done, []) });
  a.step({ kind: 'received', link: dialledByA.atA, bytes: Buffer.from('anything') });
  t.same(a.machine.status(a.nowMs).counters, before);
});

t.test('a new process of the twin replaces a link that nobody knew was dead', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.a.serve(ALICE, putOrder('sip:1', T0 + HOUR));
  pair.run(10);
  const [old] = pair.wires;
  pair.drop();
  const again = new TwoNodes(pair.a, new MachineNode(2, 23, { nowMs: pair.a.nowMs }));
  again.run(50);
  t.equal(again.a.machine.outgoing, 'in-sync');
  t.ok(again.a.closed.includes(old?.a ?? 0));
  t.equal(again.b.table.read(ALICE).records.length, 1);
});

t.test('the same process on a new connection does, too, and goes on where it was', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  const [old] = pair.wires;
  pair.drop();
  pair.b.step({ kind: 'closed', link: old?.b ?? 0 });
  pair.run(200);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  t.match(pair.a.machine.status(pair.a.nowMs).counters, { links: 2, resumes: 1 });
});

t.test('the lesser node id does not dial, until it was alone for node_timeout', async (t) => {
  const a = new MachineNode(1, 11);
  a.step({ kind: 'wake' });
  t.same(a.dialled, []);
  a.nowMs = 60_000;
  a.step({ kind: 'wake' });
  t.equal(a.dialled.length, 1);
});

t.test('two nodes that were given the same id find out', async (t) => {
  const pair = new TwoNodes(
    new MachineNode(1, 11, { twin: { nodeId: 2, pingRetries: 3, isEnabled: true } }),
    new MachineNode(1, 22, { twin: { nodeId: 2, pingRetries: 3, isEnabled: true } }),
  );
  pair.run(61_000);
  t.match(pair.a.machine.status(pair.a.nowMs).lastGoodbye, { reason: 'same-node-id' });
  t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { reason: 'same-node-id' });
  t.match(pair.a.machine.status(pair.a.nowMs).waitsFor, /both nodes have the id 1/);
});

t.test('two that know different secrets say so', async (t) => {
  const pair = new TwoNodes(
    new MachineNode(1, 11),
    new MachineNode(2, 22, { settings: { secrets: ['another secret'] } }),
  );
  pair.run(1000);
  t.equal(pair.a.machine.outgoing, 'down');
  t.match(pair.a.machine.status(pair.a.nowMs).lastGoodbye, { reason: 'wrong-secret' });
  t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { reason: 'wrong-secret' });
});

t.test('two that mean different things by a key say which', async (t) => {
  const keyRules = { matchingMode: 1, useDomain: true, caseSensitive: true, realmPrefix: '', maxContacts: 0 } as const;
  const pair = new TwoNodes(new MachineNode(1, 11), new MachineNode(2, 22, { settings: { keyRules } }));
  pair.run(1000);
  t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { reason: 'key-rules', text: /matching_mode/ });
  t.equal(pair.a.machine.outgoing, 'down');
});

t.test(
  'a twin that is switched off is neither dialled nor let in, and comes back when it is switched on',
  async (t) => {
    const pair = new TwoNodes();
    pair.run(6000);
    pair.a.serve(ALICE, putOrder('sip:1', T0 + HOUR));
    pair.run(10);
    pair.a.step({ kind: 'twin', twin: { nodeId: 2, pingRetries: 3, isEnabled: false }, isSeed: true });
    pair.run(5000);
    t.equal(pair.a.machine.outgoing, 'down');
    t.match(pair.a.machine.status(pair.a.nowMs).waitsFor, /node 2 is switched off/);
    t.match(refusals(pair.b)[0], { by: 'twin', reason: 'disabled' });
    t.match(pair.b.machine.status(pair.b.nowMs).waitsFor, /switched off at node 1/);
    const reply = pair.a.serve(ALICE, putOrder('sip:2', T0 + HOUR));
    t.ok(reply.isAnswered);
    pair.a.step({ kind: 'twin', twin: { nodeId: 2, pingRetries: 3, isEnabled: true }, isSeed: true });
    pair.run(2000);
    t.equal(pair.a.machine.outgoing, 'in-sync');
    t.equal(pair.b.table.read(ALICE).records.length, 2);
  },
);

t.test('when the table names another twin, the old one has to go, and nothing is held of it', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  const three = { nodeId: 3, pingRetries: 3, isEnabled: true };
  pair.a.step({ kind: 'twin', twin: three, isSeed: true });
  pair.run(2000);
  t.equal(pair.a.machine.outgoing, 'down');
  t.match(refusals(pair.b)[0], { by: 'twin', reason: 'disabled' });
  t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { by: 'twin', reason: 'unknown-node', text: /node 3/ });
  const other = new TwoNodes(pair.a, new MachineNode(3, 33, { nowMs: pair.a.nowMs, twin: { ...three, nodeId: 1 } }));
  other.run(100);
  t.equal(other.a.machine.outgoing, 'in-sync');
});

t.test('without a second node in the table nobody is dialled, and nobody let in', async (t) => {
  const pair = new TwoNodes(new MachineNode(1, 11, { twin: undefined }));
  pair.run(3000);
  t.equal(pair.a.machine.outgoing, 'down');
  t.same(pair.a.dialled, []);
  t.match(pair.b.machine.status(pair.b.nowMs).lastGoodbye, { reason: 'unknown-node', text: /no other node/ });
  pair.a.step({ kind: 'twin', twin: { nodeId: 2, pingRetries: 3, isEnabled: true }, isSeed: true });
  pair.run(2000);
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test('a change of the table that leaves the twin what it was leaves the link alone', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  pair.a.step({ kind: 'twin', twin: { nodeId: 2, pingRetries: 9, isEnabled: true }, isSeed: false });
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test('strangers at the door do not disturb the link', async (t) => {
  const pair = new TwoNodes();
  pair.run(6000);
  for (let link = 10_000; link < 10_000 + 4 * GREETING_LINKS_MAX; link += 2) {
    pair.a.step({ kind: 'connected', link, dialled: false });
    pair.a.step({ kind: 'received', link, bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') });
    pair.a.step({ kind: 'connected', link: link + 1_000_000, dialled: false });
  }
  t.equal(pair.a.machine.outgoing, 'in-sync');
  pair.run(3001);
  t.equal(pair.a.machine.outgoing, 'in-sync');
  const reply = pair.a.serve(ALICE, putOrder('sip:1', T0 + HOUR));
  pair.run(1);
  t.ok(reply.isAnswered);
});

t.test('nor do they keep the twin out', async (t) => {
  const pair = new TwoNodes();
  pair.isConnectable = false;
  for (let link = 10_000; link < 10_000 + 2 * GREETING_LINKS_MAX; link += 2)
    pair.a.step({ kind: 'connected', link, dialled: false });
  pair.isConnectable = true;
  pair.run(1000);
  t.equal(pair.a.machine.outgoing, 'in-sync');
});

t.test('what a stranger says by way of goodbye reaches no operator', async (t) => {
  const a = new MachineNode(1, 11);
  a.step({ kind: 'connected', link: 2, dialled: false });
  a.step({ kind: 'received', link: 2, bytes: writeFrame(FRAME.goodbye, [4, 0, 3, 0x68, 0x61, 0x21]) });
  t.match(a.machine.status(0), { lastGoodbye: undefined, waitsFor: /waits for a link to node 2;/ });
});

t.test('a stranger who pretends to be the twin gets no further than the proof', async (t) => {
  const b = new MachineNode(2, 22);
  b.step({ kind: 'connected', link: 2, dialled: false });
  const [hello = Buffer.alloc(0)] = b.takeSent(2);
  const impostor = new Greeting(helloBack(), rules(), ['a guess']);
  b.step({ kind: 'received', link: 2, bytes: impostor.hello() });
  const outcome = impostor.take(FRAME.hello, hello.subarray(5, -4), T0);
  if (outcome.kind !== 'send') throw new Error('no proof');
  b.step({ kind: 'received', link: 2, bytes: outcome.bytes });
  t.ok(b.closed.includes(2));
  t.match(refusals(b), [{ by: 'us', reason: 'wrong-secret' }]);
  t.notOk(b.machine.hasAgreed);
});

t.test('a dial that fails says why in the status, and is tried again and again', async (t) => {
  const b = new MachineNode(2, 22);
  b.step({ kind: 'wake' });
  t.same(b.dialled, [1]);
  t.equal(b.machine.outgoing, 'connecting');
  b.step({ kind: 'closed', link: 1, reason: 'connect ECONNREFUSED 10.0.0.1:5555' });
  t.equal(b.machine.outgoing, 'down');
  t.match(b.machine.status(0).waitsFor, /ECONNREFUSED/);
  t.equal(b.machine.nextWakeMs, 100);
  b.nowMs = 100;
  b.step({ kind: 'wake' });
  t.same(b.dialled, [1, 3]);
});
