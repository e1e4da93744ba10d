import t, { type Test } from 'tap';
import { join } from 'node:path';
import { Role } from '../../lib/role/role.ts';
import { RecordedLog } from '../sip/embedded/recorded-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ProcessClock, SharedTime, T0 } from './support/shared-time.ts';

/** A node of a pair: a role with a file, in one process after another. */
class Node {
  readonly nodeId: number;
  readonly log: RecordedLog;
  clock: ProcessClock;
  role: Role;
  readonly #path: string;
  readonly #time: SharedTime;

  static async start(t: Test, nodeId: number, time: SharedTime): Promise<Node> {
    const [path, clock, log] = [join(tempFolder(t), 'role'), new ProcessClock(time), new RecordedLog()];
    const role = await Role.open({ path, atFirst: 'passive', nodeId }, clock, log);
    return new Node(nodeId, log, path, time, clock, role);
  }

  private constructor(
    nodeId: number,
    log: RecordedLog,
    path: string,
    time: SharedTime,
    clock: ProcessClock,
    role: Role,
  ) {
    this.nodeId = nodeId;
    this.log = log;
    this.#path = path;
    this.#time = time;
    this.clock = clock;
    this.role = role;
  }

  /** Another process, whose clock may be off. */
  async restart(aheadMs = 0): Promise<void> {
    this.clock = new ProcessClock(this.#time, aheadMs);
    const settings = { path: this.#path, atFirst: 'passive', nodeId: this.nodeId } as const;
    this.role = await Role.open(settings, this.clock, this.log);
  }
}

/** Two nodes and the link between them, over which announcements come at once. */
class Pair {
  readonly time = new SharedTime();
  readonly a: Node;
  readonly b: Node;
  #isLinked = true;

  static async start(t: Test): Promise<Pair> {
    const time = new SharedTime();
    return new Pair(time, await Node.start(t, 1, time), await Node.start(t, 2, time));
  }

  private constructor(time: SharedTime, a: Node, b: Node) {
    this.time = time;
    this.a = a;
    this.b = b;
    this.#listenTo(a);
    this.#listenTo(b);
    this.#exchange();
  }

  cut(): void {
    this.#isLinked = false;
    this.#exchange();
  }

  heal(): void {
    this.#isLinked = true;
    this.#exchange();
  }

  async restart(node: Node, aheadMs = 0): Promise<void> {
    await node.restart(aheadMs);
    this.#listenTo(node);
    this.#exchange();
  }

  /** The node takes over the clock of its twin, and its role hears of it. */
  async adopt(node: Node): Promise<void> {
    const byMs = this.#twinOf(node).clock.nowMs() - node.clock.nowMs();
    node.clock.shift(byMs);
    await node.role.clockShifted(byMs);
  }

  /** Node ids of those who ping and judge. */
  get judges(): number[] {
    return [this.a, this.b].filter(({ role }) => role.isOpen).map(({ nodeId }) => nodeId);
  }

  #listenTo(node: Node): void {
    node.role.addListener({ announced: () => this.#exchange() });
  }

  #exchange(): void {
    for (const node of [this.a, this.b]) {
      node.role.twinAnnounced(this.#isLinked ? this.#twinOf(node).role.announcement : undefined);
    }
  }

  #twinOf(node: Node): Node {
    return node === this.a ? this.b : this.a;
  }
}

t.test('when the role is given to a second node, the first one yields', async (t) => {
  const pair = await Pair.start(t);
  await pair.a.role.turn(true);
  t.same(pair.judges, [1]);
  pair.time.advance(1);
  await pair.b.role.turn(true);
  t.same(pair.judges, [2]);
  t.match(pair.a.role, { isOn: true, isOpen: false, isYielding: true, otherActive: { nodeId: 2 } });
  t.match(pair.b.role, { isOn: true, isOpen: true, isYielding: false, otherActive: { nodeId: 1 } });
});

t.test('when it is given to both at the same time, exactly one judges', async (t) => {
  for (const order of ['a first', 'b first'] as const) {
    const pair = await Pair.start(t);
    const nodes = order === 'a first' ? [pair.a, pair.b] : [pair.b, pair.a];
    for (const { role } of nodes) await role.turn(true);
    t.same(pair.judges, [2], order);
  }
});

t.test('given back to the first node, it judges again, and somebody always does', async (t) => {
  const pair = await Pair.start(t);
  await pair.a.role.turn(true);
  for (const [node, nodeId] of [
    [pair.b, 2],
    [pair.a, 1],
    [pair.b, 2],
  ] as const) {
    pair.time.advance(1000);
    await node.role.turn(true);
    t.same(pair.judges, [nodeId]);
  }
});

t.test('a role that was taken by a slow clock is as late as it was when the clock is set right', async (t) => {
  const pair = await Pair.start(t);
  pair.cut();
  await pair.restart(pair.b, -2500);
  await pair.a.role.turn(true);
  pair.time.advance(1000);
  await pair.b.role.turn(true);
  t.same(pair.judges, [1, 2], 'without a link nobody yields');
  await pair.adopt(pair.b);
  pair.heal();
  t.same(pair.judges, [2]);
});

t.test('a role of before the restart was not taken by the slow clock', async (t) => {
  const pair = await Pair.start(t);
  await pair.b.role.turn(true);
  pair.time.advance(1000);
  await pair.a.role.turn(true);
  pair.cut();
  await pair.restart(pair.b, -2500);
  await pair.adopt(pair.b);
  pair.heal();
  t.same(pair.judges, [1]);
});

t.test('a restart does not renew the time', async (t) => {
  const pair = await Pair.start(t);
  await pair.a.role.turn(true);
  pair.time.advance(1000);
  await pair.b.role.turn(true);
  pair.time.advance(1000);
  await pair.restart(pair.a);
  t.same(pair.judges, [2]);
  t.equal(pair.a.role.isYielding, true);
});

t.test('the same order again renews the time', async (t) => {
  const pair = await Pair.start(t);
  await pair.a.role.turn(true);
  pair.time.advance(1000);
  await pair.b.role.turn(true);
  pair.time.advance(1000);
  await pair.a.role.turn(true);
  t.same(pair.judges, [1]);
});

t.test('whoever gives the role up leaves it to the other one, and so does a cut', async (t) => {
  const pair = await Pair.start(t);
  await pair.a.role.turn(true);
  pair.time.advance(1000);
  await pair.b.role.turn(true);
  pair.cut();
  t.same(pair.judges, [1, 2]);
  pair.heal();
  t.same(pair.judges, [2]);
  await pair.b.role.turn(false);
  t.same(pair.judges, [1]);
  await pair.a.role.turn(false);
  t.same(pair.judges, []);
});

t.test('the pinger hears of each change of its gate, and of nothing else', async (t) => {
  const pair = await Pair.start(t);
  const gates: boolean[] = [];
  const { role } = pair.a;
  role.addListener({ gateChanged: () => gates.push(role.isOpen) });
  await role.turn(true);
  await role.turn(true);
  pair.time.advance(1000);
  await pair.b.role.turn(true);
  await pair.b.role.turn(true);
  t.same(gates, [true, false]);
  pair.cut();
  pair.heal();
  t.same(gates, [true, false, true, false]);
  await role.turn(false);
  t.same(gates, [true, false, true, false], 'shut it stays shut');
});

t.test('each change of yielding is one line of the log, with both times and node ids', async (t) => {
  const pair = await Pair.start(t);
  const { a, b, time } = pair;
  const yielding = () => a.log.lines.filter(({ message }) => /yield/.test(message));
  await a.role.turn(true);
  time.advance(1000);
  await b.role.turn(true);
  await b.role.turn(true);
  const [first, second] = ['2024-11-26T19:40:00.000Z', '2024-11-26T19:40:01.000Z'];
  const both = { nodeId: 1, takenAt: first, twinId: 2, twinTakenAt: second };
  t.match(yielding(), [{ level: 'info', fields: both, message: /this one yields/ }]);
  t.equal(yielding().length, 1);
  pair.cut();
  t.match(yielding()[1], { level: 'info', fields: both, message: /not yield any more/ });
  pair.heal();
  time.advance(1000);
  await a.role.turn(true);
  const renewed = { ...both, takenAt: '2024-11-26T19:40:02.000Z', reason: 'nh_enable_ping' };
  t.match(yielding()[3], { level: 'info', fields: renewed, message: /not yield any more/ });
  t.equal(yielding().length, 4);
});

t.test('a node that is active because nobody has said otherwise was given the role never', async (t) => {
  const log = new RecordedLog();
  const path = join(tempFolder(t), 'role');
  const role = await Role.open({ path, atFirst: 'active', nodeId: 1 }, new ProcessClock(), log);
  role.twinAnnounced({ nodeId: 2, takenAtMs: T0 });
  const fields = { takenAt: 'never', twinTakenAt: '2024-11-26T19:40:00.000Z' };
  t.match(log.lines.at(-1), { fields, message: /this one yields/ });
});

t.test('an order here counts, also when the twin took the role by a clock that was ahead', async (t) => {
  const pair = await Pair.start(t);
  await pair.restart(pair.b, 100_000);
  await pair.b.role.turn(true);
  await pair.adopt(pair.a);
  pair.time.advance(1000);
  await pair.restart(pair.a);
  await pair.a.role.turn(true);
  t.same(pair.judges, [1]);
});
