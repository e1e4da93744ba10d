import type { Plan } from '../history/plan.ts';
import type {
  NodeFault,
  OperatorEvent,
  PhoneEvent,
  PlannedEvent,
  RoleEvent,
  Target,
  TimedEvent,
} from '../history/planned-event.ts';
import { Oracle } from '../oracle/oracle.ts';
import { Violation } from '../oracle/violation.ts';
import { clockBounds } from './clock-bounds.ts';
import { aorName } from './contacts.ts';
import { EventQueue } from './event-queue.ts';
import { HostClock, START_MS } from './host-clock.ts';
import type { NodeEvents } from './node-events.ts';
import { NODES, otherNode, type NodeName } from './node-name.ts';
import { addition, ordersOf } from './operator.ts';
import { RoleWatch } from './role-watch.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimHost } from './sim-host.ts';
import { SimNetwork } from './sim-network.ts';
import { SimPhones } from './sim-phones.ts';
import { SimProcess } from './sim-process.ts';
import { Trace } from './trace.ts';

/** After the last event, and after everything healed, both nodes must be in sync within so long. */
const SETTLES_WITHIN_MS = 30_000;

/** Both nodes must be at rest for so long without a break. */
const QUIET_MS = 5000;

const STEP_MS = 100;

/** Time jumps when both nodes have heard that their link is gone. */
const JUMP_AFTER_MS = 1;

/** Bindings that expire so soon are waited for before both nodes are compared. */
const EXPIRY_NEAR_MS = 500;

/** Two machines, their link, the phones and the operator; runs a plan and tells its oracle of everything. */
export class SimWorld {
  readonly queue = new EventQueue();
  readonly trace: Trace;
  readonly oracle: Oracle;
  readonly network: SimNetwork;
  readonly #plan: Plan;
  readonly #phones = new SimPhones();
  readonly #hosts: Readonly<Record<NodeName, SimHost>>;
  readonly #roles: RoleWatch;
  readonly #events: NodeEvents;
  #jumpedMs = 0;
  #isPlanOver = false;

  constructor(plan: Plan, isTraced: boolean) {
    const { climate, seed } = plan;
    this.#plan = plan;
    this.trace = new Trace(this.queue, isTraced);
    this.oracle = new Oracle(this.queue, this.trace, clockBounds(plan), climate);
    this.network = new SimNetwork(this.queue, new SeededRandom(seed, 'network'), climate.weather);
    this.#hosts = { A: this.#host('A'), B: this.#host('B') };
    this.#roles = new RoleWatch(this.queue, this.#hosts, clockBounds(plan));
    this.#events = watchedBy(this.oracle, this.#roles);
    for (const node of NODES) this.queue.at(climate.startsAfterMs[node], () => this.#start(node));
    this.#planNext(0);
  }

  process(node: NodeName): SimProcess | undefined {
    return this.#hosts[node].process;
  }

  /** Both processes; throws when one is down. */
  get both(): readonly [SimProcess, SimProcess] {
    const [a, b] = NODES.map((node) => this.process(node));
    if (a === undefined || b === undefined) throw new Violation('a node is down that should run');
    return [a, b];
  }

  /** Runs the plan, then lets everything heal and compares. */
  run(): void {
    while (!this.#isPlanOver) this.queue.runUntil(this.queue.nowMs + STEP_MS);
    this.heal();
    this.settle();
  }

  /** All faults end, and both nodes run. */
  heal(): void {
    this.trace.note('', 'everything heals');
    this.network.heal();
    for (const node of NODES) {
      const host = this.#hosts[node];
      host.disk.endStall();
      host.process?.continue(['link', 'disk', 'sip']);
      this.#start(node);
    }
  }

  /** Waits until both nodes are in sync and nothing moves, and compares them. */
  settle(): void {
    const deadlineMs = this.queue.nowMs + SETTLES_WITHIN_MS;
    for (let quietMs = 0; quietMs < QUIET_MS; quietMs = this.#isAtRest ? quietMs + STEP_MS : 0) {
      if (this.queue.nowMs > deadlineMs)
        throw new Violation('the nodes do not come in sync, although nothing is wrong');
      this.#repairClock();
      this.queue.runUntil(this.queue.nowMs + STEP_MS);
    }
    for (const node of NODES) {
      const count = this.network.connectionsOf(node);
      if (count !== 1) throw new Violation(`${node} holds ${String(count)} connections at rest`);
    }
    this.#roles.atRest();
    this.oracle.atRest(...this.both);
  }

  /** In sync, nothing on its way, and nothing about to expire on one node a moment before the other. */
  get #isAtRest(): boolean {
    const { both } = this;
    const isInSync = both.every((process) => process.isInSync);
    return isInSync && this.oracle.isQuiet && this.oracle.nextExpiryMs(both) > EXPIRY_NEAR_MS;
  }

  /** What the operator does who reads that the clocks are too far apart: the one that is wrong is set right, and that node restarted. */
  #repairClock(): void {
    const { both, queue } = this;
    if (!both.some(({ replicator }) => replicator.status(0).lastGoodbye?.reason === 'clock')) return;
    const wrongMs = both.map(({ clusterClock }) => Math.abs(clusterClock.nowMs() - START_MS - queue.nowMs));
    const node = (wrongMs[0] ?? 0) > (wrongMs[1] ?? 0) ? 'A' : 'B';
    const host = this.#hosts[node];
    host.clock.step(-host.clock.wallOffsetMs);
    this.trace.note(node, 'its clock is set right');
    this.#breakNode({ kind: 'restart', node, downMs: 0 });
    queue.runUntil(queue.nowMs + STEP_MS);
  }

  /** Times of the plan do not count what jumps. */
  #planNext(index: number): void {
    const event = this.#plan.events[index];
    if (event === undefined) {
      this.queue.after(JUMP_AFTER_MS, () => (this.#isPlanOver = true));
      return;
    }
    this.queue.at(event.atMs + this.#jumpedMs, () => {
      this.#happens(event);
      this.#planNext(index + 1);
    });
  }

  #host(node: NodeName): SimHost {
    const { climate, seed } = this.#plan;
    const clock = new HostClock(this.queue, climate.driftPpm[node], climate.wallOffsetMs[node]);
    return new SimHost(node, seed, this.queue, clock, climate.flushMostMs, climate.active === node);
  }

  #start(node: NodeName): void {
    const host = this.#hosts[node];
    if (host.process !== undefined) return;
    const { climate } = this.#plan;
    this.trace.note(node, 'starts');
    const restored = host.disk.latest.ops;
    const process = new SimProcess({ host, queue: this.queue, network: this.network, climate, events: this.#events });
    this.oracle.started(process, restored);
    process.start();
  }

  #happens({ id, event }: TimedEvent): void {
    switch (event.kind) {
      case 'register':
      case 'star':
      case 'query':
      case 'again':
        return this.#send(id, event);
      case 'mi-add':
      case 'mi-remove':
      case 'mi-remove-all':
      case 'crowd':
      case 'cluster-sync':
        return this.#operate(event);
      case 'vip':
      case 'role':
      case 'pings-lost':
        return this.#moveRole(event);
      case 'crash':
      case 'restart':
      case 'stop':
      case 'disk-stall':
      case 'wall-step':
        return this.#breakNode(event);
      default:
        return this.#breakLink(event);
    }
  }

  #send(id: number, event: PhoneEvent): void {
    const target = this.#targetOf(event.to);
    const process = target === undefined ? undefined : this.process(target);
    if (process === undefined) return;
    const request = this.#phones.requestOf(id, event, this.queue.nowMs);
    if (request === undefined) return;
    const { text, sent } = request;
    this.trace.note(process.node, `${sent.label} arrives${event.kind === 'again' ? ' again' : ''}`);
    let served: ReturnType<Oracle['begins']> | undefined;
    process.sip(
      text,
      (waitedMs) => (served = this.oracle.begins(process, sent, waitedMs)),
      (reply) => {
        this.#phones.answered(event);
        if (served !== undefined) this.oracle.answered(served, reply);
      },
      () => {
        if (served !== undefined) this.oracle.ends(served);
      },
    );
  }

  #targetOf(to: Target): NodeName | undefined {
    if (typeof to === 'string') return to;
    if (this.#hosts[to.vip].hasAddress) return to.vip;
    return NODES.find((node) => this.#hosts[node].hasAddress);
  }

  #operate(event: OperatorEvent): void {
    const process = this.process(event.node);
    if (process === undefined || process.isStopped) return;
    if (event.kind === 'cluster-sync') {
      this.trace.note(event.node, 'ul_cluster_sync');
      return process.step({ kind: 'sync' });
    }
    if (event.kind === 'crowd') return this.#addCrowd(process, event.count, event.expiresS);
    const aor = aorName(event.aor);
    const [label, changes] = ordersOf(event, process.table.read(aor), process.clusterClock.nowMs());
    if (changes.length === 0) return;
    process.inTurn(() => {
      this.oracle.order(process, aor, label, true, (done) => process.commit(aor, 'mi', changes, done));
    });
  }

  #addCrowd(process: SimProcess, count: number, expiresS: number): void {
    const nowMs = process.clusterClock.nowMs();
    process.inTurn(() => {
      for (let index = 0; index < count; index++) {
        const aor = `x${String(index)}@example.com`;
        const changes = addition(process.table.read(aor), 'c0', expiresS, nowMs);
        const label = `ul_add c0 of ${aor}`;
        this.oracle.order(process, aor, label, true, (done) => process.commit(aor, 'mi', changes, done));
      }
    });
  }

  #moveRole(event: RoleEvent): void {
    switch (event.kind) {
      case 'vip':
        for (const node of NODES) this.#setAddress(node, event.on.includes(node));
        return this.trace.note('', `the address is on ${event.on.join(' and ') || 'nobody'}`);
      case 'role':
        this.trace.note(event.node, `nh_enable_ping ${event.active ? '1' : '0'}`);
        return this.#hosts[event.node].setRole(event.active);
      case 'pings-lost':
        return this.#losePings(event);
    }
  }

  #setAddress(node: NodeName, isHere: boolean): void {
    const host = this.#hosts[node];
    if (host.hasAddress === isHere) return;
    host.hasAddress = isHere;
    host.setRole(isHere);
  }

  #losePings({ node, aor, contact, judgedAfterMs }: Extract<RoleEvent, { kind: 'pings-lost' }>): void {
    const process = this.process(node);
    if (process === undefined || process.isStopped) return;
    process.inTurn(() => {
      process.pinger.lose(aor, contact, judgedAfterMs, {
        nothing: (why) => this.trace.note(node, `pings to ${contact} lost: ${why}`),
        hidden: () => this.trace.note(node, `pings to ${contact} lost: hides it here`),
        judge: (commit) => {
          const label = `pings to ${contact} lost: judges it gone`;
          this.oracle.order(process, aorName(aor), label, this.#roles.mayJudge(node), commit);
        },
      });
    });
  }

  #breakNode(event: NodeFault): void {
    const host = this.#hosts[event.node];
    const { process } = host;
    switch (event.kind) {
      case 'crash':
        return this.#crash(event, process);
      case 'restart':
        if (process === undefined || process.isStopped) return;
        this.trace.note(event.node, 'restarts in order');
        process.shutDown();
        this.oracle.ended(process, this.process(otherNode(event.node)));
        this.queue.after(event.downMs, () => this.#start(event.node));
        return;
      case 'stop':
        if (process === undefined || process.isStopped) return;
        this.trace.note(event.node, `stands still for ${String(event.forMs)} ms`);
        process.stop();
        this.queue.after(event.forMs, () => {
          if (process.isAlive) this.trace.note(event.node, 'goes on');
          process.continue(event.sipFirst ? ['sip', 'disk', 'link'] : ['link', 'disk', 'sip']);
        });
        return;
      case 'disk-stall':
        this.trace.note(event.node, `its disk stalls for ${String(event.forMs)} ms`);
        return host.disk.stall(event.forMs);
      case 'wall-step':
        this.trace.note(event.node, `its wall clock steps by ${String(event.byMs)} ms`);
        return host.clock.step(event.byMs);
    }
  }

  #crash(event: Extract<NodeFault, { kind: 'crash' }>, process: SimProcess | undefined): void {
    const { node, disk, downMs, silently, wallStepMs } = event;
    if (process === undefined) return;
    const host = this.#hosts[node];
    this.trace.note(node, `crashes${silently === true ? ' silently' : ''}, disk ${disk}`);
    process.end(silently === true);
    if (disk === 'wiped') host.disk.wipe();
    if (disk === 'one-flush-old') host.disk.loseLastFlush();
    if (wallStepMs !== undefined) host.clock.step(wallStepMs);
    this.oracle.ended(process, this.process(otherNode(node)));
    this.queue.after(downMs, () => this.#start(node));
  }

  #breakLink(event: Exclude<PlannedEvent, PhoneEvent | OperatorEvent | RoleEvent | NodeFault>): void {
    const { network, queue, trace } = this;
    switch (event.kind) {
      case 'cut':
        trace.note('', `the link is cut for ${String(event.forMs)} ms`);
        network.cut(event.heardAfterMs);
        return void queue.after(event.forMs, () => network.mend());
      case 'freeze':
        trace.note('', `nothing arrives at ${event.at.join(' and ')} for ${String(event.forMs)} ms`);
        for (const node of event.at) network.freeze(node);
        return void queue.after(event.forMs, () => event.at.forEach((node) => network.thaw(node)));
      case 'half-close':
        trace.note(event.node, 'its end of the link is closed');
        return network.closeOneEnd(event.node);
      case 'delay':
        trace.note('', `what goes to ${event.to} takes ${String(event.byMs)} ms longer`);
        network.delay(event.to, event.byMs);
        return void queue.after(event.forMs, () => network.delay(event.to, 0));
      case 'slow-reader':
        trace.note(event.node, `reads ${String(event.bytesPerMs)} octets a millisecond`);
        network.slow(event.node, event.bytesPerMs);
        return void queue.after(event.forMs, () => network.slow(event.node, Infinity));
      case 'jump':
        // A link does not stay up for hours without a word.
        network.cut({ A: 0, B: 0 });
        this.#jumpedMs += event.byMs;
        return void queue.after(JUMP_AFTER_MS, () => {
          trace.note('', `${String(event.byMs)} ms pass`);
          queue.jump(event.byMs);
          network.mend();
        });
    }
  }
}

/** Of the roles it is asked after each turn whether the nodes are in sync. */
function watchedBy(oracle: Oracle, roles: RoleWatch): NodeEvents {
  return {
    committed: (process, changes) => oracle.committed(process, changes),
    cameInSync: (process, twin) => oracle.cameInSync(process, twin),
    leftSync: (process) => oracle.leftSync(process),
    turned(process) {
      roles.look();
      oracle.turned(process);
    },
    note: (node, text) => oracle.note(node, text),
    opsHeld: (process) => oracle.opsHeld(process),
  };
}
