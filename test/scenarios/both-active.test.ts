import t from 'tap';
import { Daemon } from '../support/daemon.ts';
import { ENGINES } from '../support/engines.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { Pair } from '../support/pair.ts';
import { CLUSTER_SECRET } from '../support/raw-twin.ts';
import { until } from '../support/until.ts';

const BEGAN = 'both nodes are active: the address is on both, or only one should be enabled';
const ENDED = 'both nodes were active, and are not any more';

for (const engine of ENGINES) {
  t.test(
    `both nodes say that both are active, the earlier one yields, and both say when it is over (${engine.name})`,
    async (t) => {
      const pair = await Pair.start(t, { engine, config: 'nathelper: {natping_interval: 30}' });
      const [one, two] = [pair.node(1), pair.node(2)];
      t.match((await one.status()).role, { flag: true, active: true, address_here: true, yielding: false });
      t.match((await two.status()).role, { flag: false, active: false, address_here: true });
      await two.mi('nh_enable_ping', [1]);
      t.match(await one.logged(BEGAN), { nodeId: 1, takenAt: 'never', twinId: 2 });
      t.match(await two.logged(BEGAN), { nodeId: 2, twinId: 1, twinTakenAt: 'never' });
      t.match((await one.status()).role, { active: true, yielding: true, other_active: 2 });
      t.match((await two.status()).role, { active: true, yielding: false, other_active: 1 });
      t.match((await one.twinreg('status')).out, /\nrole +active, and so is node 2, later: BOTH NODES ARE ACTIVE/);
      await one.mi('nh_enable_ping', [0]);
      await Promise.all([one.logged(ENDED), two.logged(ENDED)]);
      t.match((await one.status()).role, { flag: false, active: false, yielding: false });
      t.match((await two.status()).role, { active: true, yielding: false, other_active: undefined });
    },
  );
}

/* Behind a drachtio-server that is another thing: the server has the sockets, whether the address is here or not. */
t.test(
  'of two nodes on one machine the second one waits for the address, and serves when the first is killed',
  async (t) => {
    const address = loopbackAddress();
    const port = await freePort(address);
    const bins = [loopbackAddress(), loopbackAddress()] as const;
    const start = (index: 0 | 1) =>
      Daemon.start(t, { address, port, bin: 5555, binAddress: bins[index], config: config(bins, index) });
    const first = await start(0);
    const second = await start(1);
    t.match(await first.status(), { role: { active: true }, listen: [/^udp/, /^tcp/] });
    const waiting = await second.status();
    t.match(waiting, { role: { active: false, address_here: false }, listen: [], listen_waiting: [{}, {}] });
    t.ok(waiting.degraded.includes('address'));
    await second.mi('nh_enable_ping', [1]);
    t.match((await second.status()).role, { flag: true, active: false }, 'the flag alone makes nobody active');
    await first.kill();
    await until(async () => (await second.status()).role.active);
    const phone = await second.phone(t, 'tcp');
    t.equal((await phone.register({ aor: 'sip:alice@example.com' })).status, 200);
    t.match(await second.status(), { listen: [/^udp/, /^tcp/], listen_waiting: undefined });
  },
);

function config(bins: readonly [string, string], index: 0 | 1): string {
  const info = (id: 0 | 1) =>
    `"cluster_id=1,node_id=${id + 1},url=bin:${bins[id]}:5555${id === 0 ? ',flags=seed' : ''}"`;
  return [
    'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
    'clusterer:',
    `  my_node_id: ${index + 1}`,
    '  db_mode: 0',
    `  my_node_info: ${info(index)}`,
    `  neighbor_node_info: ${info(index === 0 ? 1 : 0)}`,
    '  seed_fallback_interval: 0',
    `  secret: ${CLUSTER_SECRET}`,
    'nathelper: {natping_interval: 30}',
  ].join('\n');
}
