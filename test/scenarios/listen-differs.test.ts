import t, { type Test } from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Finding } from '../../lib/doctor/finding.ts';
import { Daemon } from '../support/daemon.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { Pair } from '../support/pair.ts';
import { CLUSTER_SECRET } from '../support/raw-twin.ts';
import { until } from '../support/until.ts';

const [SIP_PORT, BIN_PORT] = [5060, 5555];
const WARNING = 'listen differs between the nodes: phones are lost when the address moves';

function config(nodeId: 1 | 2, own: string, other: string): string {
  const info = (id: number, address: string) =>
    `"cluster_id=1,node_id=${id},url=bin:${address}:${BIN_PORT},flags=seed"`;
  return [
    'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
    'nathelper: {natping_interval: 0}',
    `clusterer: {my_node_id: ${nodeId}, db_mode: 0, my_node_info: ${info(nodeId, own)}, neighbor_node_info: ${info(3 - nodeId, other)}, seed_fallback_interval: 0, secret: ${CLUSTER_SECRET}}`,
  ].join('\n');
}

/** Keeps a loopback address away from the node that serves it: such a one is here while its sockets are bound. */
async function takeAway(t: Test, address: string): Promise<void> {
  const socket = createSocket('udp4');
  t.teardown(() => void socket.close());
  socket.bind(SIP_PORT, address);
  await once(socket, 'listening');
}

/** What doctor says of where SIP is served. */
async function found(daemon: Daemon, address: string, bin: string): Promise<readonly string[]> {
  const listen = ['--listen', `sip:${address}:${SIP_PORT}`, '--listen', `bin:${bin}:${BIN_PORT}`];
  const { out } = await daemon.twinreg('doctor', '--json', '--config', daemon.configPath, ...listen);
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  return findings
    .map(({ level, found: what }) => `${level}: ${what}`)
    .filter((line) => line.includes('listen differs'));
}

t.test('the passive node serves another address: both say so, and nothing is handed over', async (t) => {
  const [virtual, other, bin1, bin2] = [loopbackAddress(), loopbackAddress(), loopbackAddress(), loopbackAddress()];
  await takeAway(t, other);
  const place = { port: SIP_PORT, bin: BIN_PORT };
  const one = await Daemon.start(t, { ...place, address: virtual, binAddress: bin1, config: config(1, bin1, bin2) });
  const two = await Daemon.start(t, { ...place, address: other, binAddress: bin2, config: config(2, bin2, bin1) });
  await one.twinreg('ping', 'on');
  await until(async () => {
    const { replication } = await one.status();
    return replication?.outgoing === 'in-sync' && replication.incoming === 'in-sync' && replication.twin_ready;
  });

  const [here, there] = [`udp:${virtual}:5060`, `udp:${other}:5060`];
  for (const [daemon, ours, theirs] of [[one, here, there] as const, [two, there, here] as const]) {
    const { difference } = await daemon.logged(WARNING);
    t.match(
      difference,
      new RegExp(`^listen differs .*: only this node serves ${ours} .* only node [12] serves ${theirs} `),
    );
    t.equal((await daemon.status()).replication?.listen_difference, difference);
    t.match((await daemon.twinreg('status')).out, `PHONES ARE LOST when the address moves: ${String(difference)}`);
    t.match(await found(daemon, ...(daemon === one ? ([virtual, bin1] as const) : ([other, bin2] as const))), [
      `error: ${String(difference)}: phones are lost when the address moves`,
    ]);
  }
  const refused = { code: 1, out: '', err: /^twinreg: listen differs between the nodes: only this node serves udp:/ };
  t.match(await one.twinreg('handover'), refused);

  await one.twinreg('ping', 'off');
  await until(async () => (await two.status()).replication?.twin_active === false);
  t.match((await two.twinreg('status')).out, 'NOBODY IS ACTIVE');
  t.match(await two.twinreg('handover'), refused, 'and not back either');
});

t.test('nodes with addresses of their own say nothing', async (t) => {
  const pair = await Pair.start(t);
  for (const id of [1, 2] as const) {
    t.equal((await pair.node(id).status()).replication?.listen_difference, undefined);
    t.notOk(pair.node(id).log.some(({ msg }) => msg === WARNING));
  }
});
