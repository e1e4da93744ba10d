import t, { type Test } from 'tap';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon } from '../support/daemon.ts';
import { DRACHTIO, EMBEDDED } from '../support/engines.ts';
import { natNetwork, type NatNetwork } from '../support/nat-network.ts';
import { namespaceSkip } from '../support/network-namespace.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';
import { inTest } from '../support/soak.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PHONES = 300;
const FORGOTTEN = 100;
const NAT_TIMEOUT_S = 5;
const BETWEEN_LOOKS_MS = 200;
const CONFIG = 'nathelper:\n  natping_interval: 3\n  max_pings_lost: 3\n';

const sipp = requireTool('sipp', 'sip-tester');
const skips = [sipp.skip, requireTool('nft', 'nftables').skip, requireTool('conntrack').skip, namespaceSkip()];
const skip = skips.find((reason) => reason !== false) ?? false;

const LENGTHS = [
  { engine: EMBEDDED, intervals: inTest(10, { inSoak: 200 }), lostRounds: 5 },
  { engine: DRACHTIO, intervals: inTest(3, { inSoak: 50 }), lostRounds: 2 },
];

for (const { engine, intervals, lostRounds } of LENGTHS) {
  t.test(
    `${String(PHONES)} phones behind a NAT that forgets after ${String(NAT_TIMEOUT_S)} s (${engine.name})`,
    { skip, timeout: inTest(240_000, { inSoak: 1_800_000 }) },
    async (t) => {
      const network = natNetwork(t, NAT_TIMEOUT_S);
      const { onServer, serverAddress } = network;
      const place = { address: serverAddress, port: 5060, within: onServer };
      const daemon = await Daemon.start(t, { engine, ...place, config: CONFIG });
      startPhones(t, network, daemon);
      const pings = new Pings(daemon);
      await pings.until('all phones are registered', ({ contacts }) => contacts === PHONES);

      await t.test(`pinged every 3 s they stay reachable for ${String(intervals)} intervals`, async (t) => {
        await pings.until('each was asked so often', ({ answered }) => answered >= intervals * PHONES);
        const { contacts, lost } = await pings.now();
        t.equal(lost, 0);
        t.equal(contacts, PHONES);
        t.equal(network.bindings().length, PHONES);
      });

      await t.test(`${String(FORGOTTEN)} whose NAT bindings are flushed are removed, and only they`, async (t) => {
        const before = await pings.now();
        const forgotten = new Set(network.bindings().slice(0, FORGOTTEN));
        const after = await pings.until('they are gone', ({ removed }) => {
          // Again and again, since the answer of a phone that had its ping just before makes a new binding.
          for (const port of network.bindings()) if (forgotten.has(port)) network.forget(port);
          return removed >= FORGOTTEN;
        });
        t.equal(after.contacts, PHONES - FORGOTTEN);
        t.equal(after.lost - before.lost, 3 * FORGOTTEN, 'each after exactly max_pings_lost pings');
        const later = await pings.until(
          'the others are asked again',
          ({ answered }) => answered > after.answered + PHONES,
        );
        t.equal(later.removed, FORGOTTEN);
      });

      await t.test('without pings the NAT forgets them all, and then nobody is removed for it', async (t) => {
        await daemon.mi('nh_enable_ping', { status: 0 });
        await pings.until('the NAT has forgotten', () => network.bindings().length === 0);
        const before = await pings.now();
        await daemon.mi('nh_enable_ping', { status: 1 });
        const rounds = lostRounds * (PHONES - FORGOTTEN);
        const after = await pings.until('several rounds were lost', ({ lost }) => lost >= before.lost + rounds);
        t.equal(after.answered, before.answered, 'none of them is reachable');
        t.equal(after.removed, before.removed, 'so many at once are more likely the fault of our own network');
        t.equal(after.contacts, PHONES - FORGOTTEN);
      });
    },
  );
}

function startPhones(t: Test, network: NatNetwork, daemon: Daemon): Program {
  const scenario = (name: string) => join(import.meta.dirname, 'sipp', name);
  return new Program(
    t,
    ...network.onPhones(
      sipp.path ?? '',
      ...['-sf', scenario('register-and-stay.xml'), '-oocsf', scenario('answer-options.xml')],
      ...['-t', 'un', '-i', network.phonesAddress, '-max_socket', String(2 * PHONES)],
      ...['-m', String(PHONES), '-l', String(PHONES), '-r', '100', '-nostdin'],
      ...['-error_file', join(tempFolder(t), 'errors')],
      `${daemon.address}:${String(daemon.port)}`,
    ),
  );
}

interface PingCounts {
  readonly contacts: number;
  readonly answered: number;
  readonly lost: number;
  readonly removed: number;
}

/** What the daemon says of its pings. */
class Pings {
  readonly #daemon: Daemon;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  async now(): Promise<PingCounts> {
    const { contacts, pings } = await this.#daemon.status();
    return { contacts, answered: pings.answered, lost: pings.lost, removed: pings.removed };
  }

  /** Looks again and again; the test's time limit is what ends it if that never comes. */
  async until(what: string, holds: (counts: PingCounts) => boolean): Promise<PingCounts> {
    for (;;) {
      const counts = await this.now();
      if (holds(counts)) return counts;
      if (this.#daemon.log.some(({ level }) => level >= 50)) throw new Error(`the daemon failed while: ${what}`);
      await pause(BETWEEN_LOOKS_MS);
    }
  }
}
