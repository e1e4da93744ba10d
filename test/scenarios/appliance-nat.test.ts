import t, { type Test } from 'tap';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { ENGINES, type TestEngine } from '../support/engines.ts';
import { otherOf } from '../support/failover.ts';
import { phonesBehind, type NattedPhones } from '../support/nat-network.ts';
import type { NodeId } from '../support/pair.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const PHONES = 300;
/** Longer than the longest pause that is allowed, and shorter than two intervals and a failover. */
const NAT_TIMEOUT_S = 8;
const INTERVAL_MS = 4000;
const CONFIG = `nathelper: {natping_interval: ${INTERVAL_MS / 1000}, max_pings_lost: 5}`;

/** A ping is sent when its turn comes, and a busy machine is late with it. */
const LATE_MS = 1000;

const FAILOVERS: readonly ((appliance: Appliance, active: NodeId) => unknown)[] = [
  (appliance, active) => appliance.daemon(active).kill(),
  (appliance, active) => appliance.keepalived(active).kill(),
  (appliance, active) => appliance.handover(active, true),
];

const sipp = requireTool('sipp', 'sip-tester');
const baresip = requireTool('baresip', 'baresip-core');
const skips = [sipp.skip, requireTool('nft', 'nftables').skip, requireTool('conntrack').skip, applianceSkip()];
const skip = skips.find((reason) => reason !== false) ?? false;

for (const engine of ENGINES) {
  t.test(`${PHONES} phones behind a NAT survive three failovers (${engine.name})`, { skip, timeout: 240_000 }, (t) =>
    survive(t, engine),
  );
}

async function survive(t: Test, engine: TestEngine): Promise<void> {
  const appliance = await Appliance.start(t, { engine, config: CONFIG });
  const router = appliance.network.client.name;
  const phones = phonesBehind(t, router, 'eth0', NAT_TIMEOUT_S);
  const pings = await PingsReceived.start(t, phones);
  startSipp(t, phones, appliance.network.virtualAddress);
  if (baresip.skip === false) startBaresip(t, phones, appliance.network.virtualAddress);
  else t.comment(baresip.skip);
  const all = PHONES + (baresip.skip === false ? 1 : 0);
  await until(async () => (await appliance.daemon(1).status()).contacts === all);
  await until(() => pings.ports().length >= all);

  for (const fail of FAILOVERS) {
    const old = await appliance.settled();
    const next = otherOf(old);
    const [faultAtMs, before] = [Date.now(), (await appliance.daemon(next).status()).pings];
    await fail(appliance, old);
    const failoverMs = (await appliance.capture(next).first('ping', faultAtMs)) - faultAtMs;
    const beganAtMs = faultAtMs - INTERVAL_MS;
    await until(() => Date.now() > faultAtMs + failoverMs + 2 * INTERVAL_MS + LATE_MS);
    const longest = pings.longestPause(beganAtMs);
    t.comment(
      `failover in ${failoverMs.toFixed(0)} ms; the longest pause between two pings was ${longest.toFixed(0)} ms`,
    );
    t.ok(longest <= INTERVAL_MS + failoverMs + LATE_MS, 'an interval and the failover');
    const { contacts, pings: after } = await appliance.daemon(next).status();
    t.equal(contacts, all, 'all are there');
    t.equal(after.lost, before.lost, 'and answer');
    t.equal(phones.bindings().length >= PHONES, true, 'through the NAT');
    await mend(appliance, old);
  }
}

/** Whatever was done to it. */
async function mend(appliance: Appliance, node: NodeId): Promise<void> {
  appliance.handover(node, false);
  if (!appliance.keepalived(node).isRunning) await appliance.keepalived(node).start();
  if (!appliance.daemon(node).isRunning) await appliance.startDaemon(node);
}

function startSipp(t: Test, { onPhones, phonesAddress }: NattedPhones, server: string): Program {
  const scenario = (name: string) => join(import.meta.dirname, 'sipp', name);
  return new Program(
    t,
    ...onPhones(
      sipp.path ?? '',
      ...['-sf', scenario('register-and-stay.xml'), '-oocsf', scenario('answer-options.xml')],
      ...['-t', 'un', '-i', phonesAddress, '-max_socket', String(2 * PHONES)],
      ...['-m', String(PHONES), '-l', String(PHONES), '-r', '100', '-nostdin'],
      ...['-error_file', join(tempFolder(t), 'errors')],
      `${server}:5060`,
    ),
  );
}

/** It registers once an hour: nothing but pings keeps it reachable. */
function startBaresip(t: Test, { onPhones }: NattedPhones, server: string): Program {
  const folder = join(tempFolder(t), 'baresip');
  mkdirSync(folder);
  writeFileSync(join(folder, 'accounts'), `<sip:alice@${server};transport=udp>;regint=3600\n`);
  const modules = [
    'module_path /usr/lib/baresip/modules',
    'module g711.so',
    'module_app account.so',
    'module_app menu.so',
  ];
  writeFileSync(join(folder, 'config'), `${modules.join('\n')}\n`);
  return new Program(t, ...onPhones(baresip.path ?? '', '-f', folder));
}

/** The pings that arrive at each phone, as they are on the wire. */
class PingsReceived {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(t: Test, { onPhones, phonesAddress }: NattedPhones): Promise<PingsReceived> {
    const filter = `udp and dst host ${phonesAddress}`;
    const options = ['-i', 'phones0', '-n', '-tt', '-l', '--immediate-mode', '-s', '256', '-B', '8192', filter];
    const program = new Program(t, ...onPhones(requireTool('tcpdump').path ?? '', ...options));
    await program.printed('listening on');
    return new PingsReceived(program);
  }

  /** Of phones that were pinged. */
  ports(): readonly string[] {
    return [...this.#byPort().keys()];
  }

  /** Between two pings of one phone, or the last one and now, in milliseconds. */
  longestPause(sinceMs: number): number {
    const nowMs = Date.now();
    const pauses = [...this.#byPort().values()].flatMap((times) => {
      const late = times.filter((atMs) => atMs > sinceMs);
      return [...late.slice(1), nowMs].map((atMs, index) => atMs - (late[index] ?? sinceMs));
    });
    return Math.max(...pauses);
  }

  #byPort(): Map<string, number[]> {
    const times = new Map<string, number[]>();
    const lines = this.#program.output.matchAll(/^(\d+\.\d+) IP \S+ > [\d.]+\.(\d+): SIP: OPTIONS/gm);
    for (const [, seconds, port = ''] of lines) {
      const of = times.get(port);
      if (of === undefined) times.set(port, [Number(seconds) * 1000]);
      else of.push(Number(seconds) * 1000);
    }
    return times;
  }
}
