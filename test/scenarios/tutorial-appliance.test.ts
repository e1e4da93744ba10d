import t, { type Test } from 'tap';
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { ENGINES, type TestEngine } from '../support/engines.ts';
import { agree, startPhones } from '../support/failover.ts';
import type { NodeId } from '../support/pair.ts';
import { Program } from '../support/program.ts';
import { contradicted } from '../support/recording-phones.ts';
import { requireTool } from '../support/require-tool.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { until } from '../support/until.ts';

// The OpenSIPS tutorial on a "full sharing" user location cluster, its sections 1 and 2, with its addresses; what stands in
// quotes below are its words.

const ADDRESSES = { 1: '10.0.0.177', 2: '10.0.0.178', client: '10.0.0.3', virtual: '10.0.0.150' };

/** Its lines, as they are written here; with a secret, and files where each node of this test has its own. */
const wholeConfig = (nodeId: NodeId, folder: string) => `
listen: [sip:10.0.0.150, bin:${ADDRESSES[nodeId]}]
usrloc:
  use_domain: 1
  working_mode_preset: full-sharing-cluster
  location_cluster: 1
clusterer:
  current_id: ${nodeId}
  seed_fallback_interval: 5
  db_url: sqlite:location.db
  secret: 0123456789abcdef0123456789abcdef
nathelper:
  natping_interval: 30
  sipping_from: sip:pinger@localhost
  sipping_bflag: SIPPING_ENABLE
  remove_on_timeout_bflag: SIPPING_RTO
  max_pings_lost: 5
policy:
  setbflag: [SIPPING_ENABLE, SIPPING_RTO]
mi: {fifo_name: ${folder}/opensips_fifo, reply_dir: ${folder}}
`;

const INSERT = readFileSync(resolve(import.meta.dirname, '../../sql/example-two-nodes.sql'), 'utf8');

/** As OpenSIPS 2.4's tool speaks to the FIFO; its installation knows where that is. */
const opensipsctl = (folder: string) => `#!/bin/sh
set -eu
[ "$1" = fifo ]
reply=opensips_receiver_$$
mkfifo -m 666 "${folder}/$reply"
printf ':%s:%s\\n%s\\n\\n' "$2" "$reply" "$3" >"${folder}/opensips_fifo"
cat "${folder}/$reply"
rm "${folder}/$reply"
`;

/** The tutorial's lines where keepalived has a place for them. */
function hook(conf: string, folder: string): string {
  const path = join(folder, 'opensipsctl');
  writeFileSync(path, opensipsctl(folder));
  chmodSync(path, 0o755);
  const lines = [
    `notify_master "${path} fifo nh_enable_ping 1"`,
    `notify_backup "${path} fifo nh_enable_ping 0"`,
    `notify_fault "${path} fifo nh_enable_ping 0"`,
  ];
  return conf.replace(/^ *notify .*$/m, lines.join('\n'));
}

const sqlite3 = requireTool('sqlite3');
const skip = sqlite3.skip === false ? applianceSkip() : sqlite3.skip;

for (const engine of ENGINES) {
  t.test(`the tutorial, followed (${engine.name})`, { skip, timeout: 240_000 }, (t) => follow(t, engine));
}

async function follow(t: Test, engine: TestEngine): Promise<void> {
  const appliance = await Appliance.prepare(t, { engine, addresses: ADDRESSES, wholeConfig, editConf: hook });
  await t.test('2.1, 2.2: "a 2-node active/passive with a virtual IP in front"', (t) => provision(t, appliance));

  const phones = await startPhones(t, appliance);
  const seen = await pingsSeen(t, appliance);
  await phones.more(300);

  await t.test('1: "each node will hold the entire user location dataset"', async (t) => {
    await phones.stop();
    const told = await phones.records();
    for (const node of [1, 2] as const) {
      t.same(contradicted(told, told, cseqsOf(await appliance.table(node))), [], `node ${node}`);
    }
  });
  await t.test('2.3: "periodic SIP OPTIONS pings originated by the registrar"', async (t) => {
    await until(() => seen().length >= 20);
    t.same(
      // A drachtio-server would put its own address there, and is given the name in capitals; names of hosts have no case.
      seen().filter((ping) => !/^From: <?sip:pinger@(localhost|LOCALHOST)>?/m.test(ping)),
      [],
    );
    await answered(t, appliance, 1);
    t.match(await contactOf(appliance, 2), { Cflags: /SIPPING_ENABLE.*SIPPING_RTO|SIPPING_RTO.*SIPPING_ENABLE/ });
  });
  await t.test('2.3: no "error logs on the passive node that\'s trying to originate NAT pings"', async (t) => {
    t.same(appliance.capture(2).sent('ping', 0), [], 'it does not even try');
    t.same(errorsOf(appliance, 2), []);
  });
  await t.test('1: "any node must be able to route to any registered SIP UA", by the virtual address', async (t) => {
    await appliance.daemon(1).kill();
    await until(() => appliance.hasAddress(2));
    await phones.resume();
    await phones.more(100);
    await answered(t, appliance, 2);
  });
  await t.test('2.3: "the machine that gives up the VIP (new passive)"', async (t) => {
    await appliance.startDaemon(1);
    t.equal(await appliance.settled(), 2);
    appliance.handover(2, true);
    await until(() => appliance.hasAddress(1));
    appliance.handover(2, false);
    t.equal(await appliance.settled(), 1);
    await phones.more(100);
    t.same(await appliance.daemon(1).mi('nh_enable_ping'), { Status: 1 });
    t.same(await appliance.daemon(2).mi('nh_enable_ping'), { Status: 0 });
    t.same(errorsOf(appliance, 2), []);
  });
  await t.test('1: "full-mesh data replication between the nodes"', (t) => agree(t, appliance, phones));
}

async function provision(t: Test, appliance: Appliance): Promise<void> {
  await Promise.all([appliance.startDaemon(1), appliance.startDaemon(2)]);
  const columns = 'cluster_id, node_id, url, state, no_ping_retries, priority, sip_addr, flags, description';
  for (const node of [1, 2] as const) {
    await shell(appliance, node, INSERT);
    t.equal(await appliance.daemon(node).mi('clusterer_reload'), 'OK');
    t.equal(
      await shell(appliance, node, `.nullvalue NULL\nSELECT ${columns} FROM clusterer;`),
      '1|1|bin:10.0.0.177|1|3|50|NULL|seed|NULL\n1|2|bin:10.0.0.178|1|3|50|NULL|NULL|NULL',
    );
  }
  await appliance.startKeepalived();
  t.same([appliance.hasAddress(1), appliance.hasAddress(2)], [true, false]);
  // The seed is synced when it has waited for seed_fallback_interval, and the other one by it.
  await until(async () => (await appliance.daemon(2).status()).replication?.synced);
}

/** Gives the sqlite3 shell this to read, with the daemon's file open. */
async function shell(appliance: Appliance, node: NodeId, sql: string): Promise<string> {
  const path = join(appliance.daemon(node).folder, 'location.db');
  const shown = promisify(execFile)(sqlite3.path ?? '', ['-bail', '-cmd', '.timeout 5000', path]);
  shown.child.stdin?.end(`${sql}\n`);
  return (await shown).stdout.trim();
}

/** The pings that phones have got so far, as text. */
async function pingsSeen(t: Test, appliance: Appliance): Promise<() => readonly string[]> {
  const filter = `udp and src host ${ADDRESSES.virtual} and udp[8:4] = 0x4f505449`; // "OPTI"
  const options = ['-i', 'eth0', '-n', '-A', '-l', '--immediate-mode', '-s', '2048', '-B', '8192', filter];
  const program = new Program(t, ...appliance.network.client.within(requireTool('tcpdump').path ?? '', ...options));
  await program.printed('listening on');
  return () =>
    program.output
      .replaceAll('\r', '')
      .split(/^\d\d:\d\d:\d\d\.\d+ IP /m)
      .slice(1);
}

/** Pings of this node reach phones: all are answered. */
async function answered(t: Test, appliance: Appliance, node: NodeId): Promise<void> {
  const { pings } = await until(async () => {
    const status = await appliance.daemon(node).status();
    return status.pings.answered >= 20 && status;
  });
  t.equal(pings.lost, 0);
}

async function contactOf(appliance: Appliance, node: NodeId): Promise<unknown> {
  return (await appliance.daemon(node).dump())[0]?.Contacts[0];
}

/** pino's levels: 50 is an error. */
function errorsOf(appliance: Appliance, node: NodeId) {
  return appliance.daemon(node).log.filter(({ level }) => level >= 50);
}
