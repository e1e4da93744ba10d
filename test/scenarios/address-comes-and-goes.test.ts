import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { applianceNetwork, type ApplianceNetwork } from '../support/appliance-network.ts';
import { Daemon } from '../support/daemon.ts';
import { daemonCommand } from '../support/daemon-env.ts';
import { EMBEDDED, ENGINES, type TestEngine } from '../support/engines.ts';
import { namespaceSkip } from '../support/network-namespace.ts';
import { NamespacedPhones } from '../support/namespaced-phones.ts';
import { Program } from '../support/program.ts';
import { CLUSTER_SECRET } from '../support/raw-twin.ts';
import { requireTool } from '../support/require-tool.ts';
import { until } from '../support/until.ts';

const tools = ['bridge', 'curl'].map((name) => requireTool(name));
const skip = tools.find((tool) => tool.skip !== false)?.skip ?? namespaceSkip();

const SIP_PORT = 5060;
/** So many phones ask so often; each is pinged once a second. */
const PHONES = { perSecond: 20, phones: 4, first: 0 };

/** One node of a pair whose other node is away; the test plays keepalived, and moves the address. */
class Node {
  readonly #network: ApplianceNetwork;
  readonly daemon: Daemon;
  readonly #t: Test;

  static async start(
    t: Test,
    engine: TestEngine,
    bindsAnyAddress: boolean,
    prepare?: (network: ApplianceNetwork) => Promise<void>,
  ) {
    const network = applianceNetwork(t, bindsAnyAddress);
    await prepare?.(network);
    const { within, address } = network.nodes[1];
    const place = { engine, address: network.virtualAddress, port: SIP_PORT, bin: 5555, binAddress: address, within };
    return new Node(t, network, await Daemon.start(t, { ...place, config: config(network) }));
  }

  private constructor(t: Test, network: ApplianceNetwork, daemon: Daemon) {
    this.#t = t;
    this.#network = network;
    this.daemon = daemon;
  }

  get host() {
    return this.#network.nodes[1];
  }

  giveAddress(): void {
    this.#ip('address', 'add', `${this.#network.virtualAddress}/24`, 'dev', 'eth0');
  }

  takeAddress(): void {
    this.#ip('address', 'delete', `${this.#network.virtualAddress}/24`, 'dev', 'eth0');
  }

  switchInterface(state: 'up' | 'down'): void {
    this.#ip('link', 'set', 'eth0', state);
  }

  phones(): Promise<NamespacedPhones> {
    const server = { address: this.#network.virtualAddress, port: SIP_PORT };
    return NamespacedPhones.start(this.#t, this.#network.client, { server, ...PHONES });
  }

  /** What `/ready` says, as check.sh would ask it. */
  ready(): { readonly status: number; readonly unready?: readonly string[]; readonly degraded: readonly string[] } {
    const curl = this.host.within('curl', '-s', '-w', '\n%{http_code}', 'http://127.0.0.1:8888/ready');
    const [body = '', code] = execFileSync(...curl, { encoding: 'utf8' })
      .trim()
      .split(/\n+/);
    return { status: Number(code), ...(JSON.parse(body) as { degraded: readonly string[] }) };
  }

  /** Resolves when the node says so of its role. */
  async says(role: { readonly active: boolean; readonly address_here: boolean }): Promise<void> {
    await until(async () => {
      const { active, address_here } = (await this.daemon.status()).role;
      return active === role.active && address_here === role.address_here;
    });
  }

  /** Resolves when pings were answered that were sent after the call. */
  async pings(): Promise<void> {
    const { answered } = (await this.daemon.status()).pings;
    await until(async () => (await this.daemon.status()).pings.answered > answered + PHONES.phones);
  }

  /** So many pings did it send while two intervals passed. */
  async pingsInTwoIntervals(): Promise<number> {
    const before = await this.daemon.status();
    const after = await until(async () => {
      const now = await this.daemon.status();
      return now.uptime_s > before.uptime_s + 2 && now;
    });
    return after.pings.sent - before.pings.sent;
  }

  /** What it has logged of its address and its role, in order. */
  get told(): readonly string[] {
    return this.daemon.log.flatMap(({ msg, to, reason }) => {
      if (msg === 'role changed') return [`${String(to)}: ${String(reason)}`];
      return msg.startsWith('the address ') ? [msg] : [];
    });
  }

  #ip(...args: readonly string[]): void {
    execFileSync(...this.host.within('ip', ...args));
  }
}

function config(network: ApplianceNetwork): string {
  const url = (nodeId: 1 | 2) => `url=bin:${network.nodes[nodeId].address}:5555`;
  return [
    'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
    'clusterer:',
    '  my_node_id: 1',
    '  db_mode: 0',
    `  my_node_info: "cluster_id=1,node_id=1,${url(1)},flags=seed"`,
    `  neighbor_node_info: "cluster_id=1,node_id=2,${url(2)}"`,
    '  seed_fallback_interval: 0',
    `  secret: ${CLUSTER_SECRET}`,
    'nathelper: {natping_interval: 1, max_pings_lost: 100}',
    'mi: {http: 127.0.0.1:8888, fifo_name: off}',
  ].join('\n');
}

const ARRIVED = ['the address arrived', 'active: the address is here'];
const LEFT = ['the address left', 'passive: the address is not here'];

t.test('where the kernel refuses the address, the node waits for it and serves when it comes', { skip }, async (t) => {
  const node = await Node.start(t, EMBEDDED, false);
  t.match(node.ready(), { status: 200, degraded: ['twin', 'address'] });
  const socket = `udp:${node.daemon.address}:${SIP_PORT}`;
  t.match(await node.daemon.logged('serving'), { sockets: [], waitsFor: 'its address', waiting: [socket, /^tcp/] });
  const waiting = await node.daemon.status();
  t.match(waiting, {
    listen: [],
    listen_waiting: [{ socket, reason: /no interface of this host has this address/ }, { socket: /^tcp/ }],
    role: { flag: false, active: false, address_here: false },
    pings: { active: false },
  });
  t.match((await node.daemon.twinreg('status')).out, `\nSIP            ${socket} (waits for the address), tcp:`);

  node.giveAddress();
  const phones = await node.phones();
  await phones.more(10);
  t.match(node.ready(), { status: 200, degraded: ['twin'] });
  t.match(await node.daemon.status(), { listen: [socket, /^tcp/], role: { flag: true, active: true } });
  await node.pings();
  t.same(node.told, ['the address is not here', ...ARRIVED]);

  await t.test('without it the node is passive and pings nobody', async (t) => {
    node.takeAddress();
    await node.says({ active: false, address_here: false });
    t.equal(await node.pingsInTwoIntervals(), 0);
    t.same(await node.daemon.mi('nh_enable_ping'), { Status: 0 }, 'the flag follows');
  });

  await t.test('when it comes back it serves and pings again, on the sockets that it has', async (t) => {
    node.giveAddress();
    await phones.more(10);
    await node.pings();
    t.same(node.told.slice(3), [...LEFT, ...ARRIVED]);
    t.equal(node.daemon.log.filter(({ msg }) => msg === 'listening').length, 2, 'bound once each');
  });

  await t.test('what was ordered stays while the address is away', async (t) => {
    t.equal(await node.daemon.mi('nh_enable_ping', [1]), 'OK');
    node.takeAddress();
    await node.says({ active: false, address_here: false });
    t.same(await node.daemon.mi('nh_enable_ping'), { Status: 1 });
    t.equal(await node.pingsInTwoIntervals(), 0);
    t.match(await node.daemon.status(), { pings: { enabled: true, active: false } });
    node.giveAddress();
    await node.pings();
  });

  await t.test(
    'an interface that goes down takes the address along, and what is sent meanwhile does no harm',
    async (t) => {
      for (const down of [() => node.host.linkDown(), () => node.switchInterface('down')]) {
        down();
        await node.says({ active: false, address_here: false });
        node.host.linkUp();
        node.switchInterface('up');
        await phones.more(10);
        await node.says({ active: true, address_here: true });
        await node.pings();
      }
      t.same(await phones.refusals(), []);
    },
  );
});

for (const engine of ENGINES) {
  t.test(`where the kernel lets it bind any address, only the role waits (${engine.name})`, { skip }, async (t) => {
    const node = await Node.start(t, engine, true);
    t.match(node.ready(), { status: 200, degraded: ['twin'] });
    const { listen, role } = await node.daemon.status();
    t.match(listen.toSorted(), [/^tcp/, /^udp/]);
    t.match(role, { active: false, address_here: false });
    node.giveAddress();
    const phones = await node.phones();
    await phones.more(10);
    await node.pings();
    t.equal(await node.daemon.mi('nh_enable_ping', [1]), 'OK');
    for (const time of ['first', 'second']) {
      node.takeAddress();
      await node.says({ active: false, address_here: false });
      t.equal(await node.pingsInTwoIntervals(), 0);
      node.giveAddress();
      await phones.more(10);
      await node.says({ active: true, address_here: true });
      await node.pings();
      t.same(await phones.refusals(), [], time);
    }
  });
}

t.test(
  'only with the address here is it a reason to take it away that a socket cannot be bound',
  { skip },
  async (t) => {
    const holder = Promise.withResolvers<Program>();
    const node = await Node.start(t, EMBEDDED, false, async (network) => {
      const code = `require('dgram').createSocket('udp4').bind(${SIP_PORT}, '0.0.0.0', () => console.log('holds it'))`;
      const program = new Program(
        t,
        ...network.nodes[1].within(...asCommand(daemonCommand(process.execPath, '-e', code))),
      );
      await program.printed('holds it');
      holder.resolve(program);
    });
    t.match(node.ready(), { status: 200, degraded: ['twin', 'address'] }, 'it waits');
    node.giveAddress();
    const failing = await until(() => {
      const answer = node.ready();
      return answer.status === 503 && answer;
    });
    t.match(failing, { unready: ['bind'], degraded: ['twin', 'address'] });
    t.match((await node.daemon.status()).listen_waiting, [{ reason: /another process holds this port/ }]);
    const program = await holder.promise;
    program.signal('SIGKILL');
    const phones = await node.phones();
    await phones.more(10);
    t.match(node.ready(), { status: 200, degraded: ['twin'] });
  },
);

function asCommand([program, args]: [program: string, args: string[]]): [program: string, ...args: string[]] {
  return [program, ...args];
}
