import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import type { Daemon } from '../support/daemon.ts';
import { DRACHTIO } from '../support/engines.ts';
import type { NodeId } from '../support/pair.ts';
import { until } from '../support/until.ts';

const TWINREG = resolve(import.meta.dirname, '../../scripts/twinreg');
const skip = applianceSkip();

const DONE =
  /^the other node is linked, in sync and ready; .*\nthe address left after \d+ ms, the other node was active after \d+ ms: done\n$/;

const NOT_READY = /^twinreg: node 2 says that it would not serve phones, or get no address; /;

const said = (daemon: Daemon) => readFileSync(join(daemon.folder, 'handover'), 'utf8').trim();

/** What happened to a node, `kind: text` a line. */
async function historyOf(daemon: Daemon): Promise<readonly string[]> {
  const { out } = await daemon.twinreg('history', '--json', '-n', '200');
  const { events } = JSON.parse(out) as {
    readonly events: readonly { readonly kind: string; readonly text: string }[];
  };
  return events.map(({ kind, text }) => `${kind}: ${text}`);
}

/** The index of the first line that matches, behind the one given; -1 without one. */
const after = (lines: readonly string[], at: number, line: RegExp) =>
  lines.findIndex((one, n) => n > at && line.test(one));

const HANDED = 'an operator hands the address over, and back, and both nodes have it in their history';

async function handOver(t: Test, appliance: Appliance): Promise<void> {
  for (const [from, to] of [
    [1, 2],
    [2, 1],
  ] as const satisfies readonly (readonly [NodeId, NodeId])[]) {
    const node = appliance.daemon(from);
    t.equal(said(node), '0');
    t.match(await node.twinreg('handover', '--check'), { code: 0, out: /handover would be tried/ });
    t.match(await node.twinreg('handover'), { code: 0, err: '', out: DONE });
    t.equal(said(node), '0', 'keepalived is free again');
    t.notOk(appliance.hasAddress(from));
    t.ok(appliance.hasAddress(to));
    await appliance.settled(to);

    const giver = await historyOf(node);
    const asked = giver.findLastIndex((line) => line === `handover: node ${to} is to take over`);
    const left = after(giver, asked, new RegExp(`^address-left: ${appliance.network.virtualAddress}$`));
    t.ok(asked >= 0 && left > asked, giver.join('\n'));
    t.ok(after(giver, asked, /^passive: /) > asked);
    t.ok(after(giver, left, new RegExp(`^handover: done: .* node ${to} was active after `)) > left);
    const taker = await historyOf(appliance.daemon(to));
    const here = taker.findLastIndex((line) => line.startsWith('address-here: '));
    t.ok(here >= 0 && after(taker, here - 1, /^active: /) >= here, taker.join('\n'));
  }
}

// One appliance for all that goes well, and one for what does not: each takes a while to start.
t.test('two nodes with keepalived', { skip }, async (t) => {
  const appliance = await Appliance.start(t);

  t.test(HANDED, (t) => handOver(t, appliance));

  t.test('it is refused on the passive node, and while the nodes do not hear each other', async (t) => {
    const passive = await appliance.daemon(2).twinreg('handover');
    t.match(passive, {
      code: 1,
      out: '',
      err: 'twinreg: this node is passive, and node 1 is active: run handover there\n',
    });
    appliance.network.cut();
    const cut = /^twinreg: both nodes have to be in sync, and are not \(to node 2 \w+, from it \w+\): waits for a link/;
    await until(async () => cut.test((await appliance.daemon(1).twinreg('handover')).err));
    t.ok(appliance.hasAddress(1));
    t.equal(said(appliance.daemon(1)), '0');
    appliance.network.heal();
    await appliance.settled(1);
  });

  t.test('a node whose check reaches no daemon says so, and nobody hands over to it', async (t) => {
    const [active, passive, keepalived] = [appliance.daemon(1), appliance.daemon(2), appliance.keepalived(2)];
    await keepalived.stop();
    await keepalived.start({ TWINREG_MI: 'http://127.0.0.1:1/mi' });
    const status = await until(async () => {
      const now = await passive.status();
      return now.degraded.includes('keepalived') && now.keepalived?.state === 'FAULT' && now;
    });
    t.same(status.unready, []);
    t.match(await active.twinreg('handover'), { code: 1, out: '', err: NOT_READY });
    t.ok(appliance.hasAddress(1));

    await keepalived.stop();
    await keepalived.start();
    await appliance.settled(1);
    t.match(await active.twinreg('handover', '--check'), { code: 0 });
    await until(async () => (await passive.status()).degraded.length === 0);
    t.ok(after(await historyOf(passive), -1, /^keepalived: FAULT since .*: it gives this node no address$/) >= 0);
  });

  t.test('the history of a node that was killed can be read, says so, and goes on', async (t) => {
    const node = appliance.daemon(1);
    await node.kill();
    await until(() => appliance.hasAddress(2));
    const left = await node.twinreg('history');
    t.match(left, { code: 0, err: /^twinreg: the daemon is not running; this is what it has left in .*history\n$/ });
    t.match(left.out, /^\d{4}-\d\d-\d\d\n(\d\d:\d\d:\d\d\.\d{3} {2}.*\n)+$/);
    t.match(left.out, / {2}started {7}twinreg /);
    await appliance.startDaemon(1);
    await appliance.settled(2);
    const lines = await historyOf(appliance.daemon(1));
    const killed = lines.findIndex((line) => line.startsWith('killed: the process before was killed'));
    const started = after(lines, killed, /^started: /);
    t.ok(killed > 0 && started > killed, lines.join('\n'));
    t.ok(after(lines, started, /^passive: the address is not here/) > started, lines.join('\n'));
    const survivor = await historyOf(appliance.daemon(2));
    const broke = survivor.findIndex((line) => line.startsWith('link-down: the connection to node 1 broke'));
    t.ok(broke > 0 && after(survivor, broke, /^active: /) > broke, survivor.join('\n'));
    t.ok(after(survivor, broke, /^link-up: to node 1$/) > broke);
  });
});

/** The command in a process that the test can kill. */
function startHandover(t: Test, daemon: Daemon) {
  const words = ['handover', '--timeout', '60', '--data', daemon.folder];
  const child = spawn(TWINREG, words, { stdio: 'ignore', env: daemonEnv() });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('two nodes whose keepalived has failed', { skip }, async (t) => {
  const appliance = await Appliance.start(t);
  const node = appliance.daemon(1);
  await appliance.keepalived(2).kill();

  t.test('an address that the other node does not take is away for a moment only', async (t) => {
    t.match(await node.twinreg('handover', '--timeout', '30'), {
      code: 1,
      err: /^twinreg: the address left this host, but node 2 did not say within \d+\.\d s that it is active: /,
    });
    t.equal(said(node), '0');
    await until(() => appliance.hasAddress(1));
    await until(async () => (await node.twinreg('handover', '--check')).code === 0);
  });

  t.test('an address that nobody moves is waited for, for a while and by one command at a time', async (t) => {
    await appliance.keepalived(1).kill();
    const first = node.twinreg('handover', '--timeout', '4');
    await until(() => said(node) === '1');
    t.match(await node.twinreg('handover'), {
      code: 1,
      err: /^twinreg: a handover is under way already, for \d+ s\n$/,
    });
    t.match(await first, {
      code: 1,
      err: /^twinreg: the address was still here after \d+\.\d s: does keepalived run here, and does its configuration track the file .*handover\?\n$/,
    });
    t.equal(said(node), '0');
    t.ok((await historyOf(node)).some((line) => line.startsWith('handover: given up: the address was still here')));
  });

  t.test('nobody who is killed leaves keepalived asked', async (t) => {
    const command = startHandover(t, node);
    await until(() => said(node) === '1');
    command.kill('SIGKILL');
    t.match(await node.twinreg('handover'), { err: /under way already/ }, 'the daemon goes on without the command');
    await node.stop();
    t.equal(said(node), '0', 'SIGTERM gives it up');

    await appliance.startDaemon(1);
    const again = appliance.daemon(1);
    await until(async () => (await again.twinreg('handover', '--check')).code === 0);
    startHandover(t, again);
    await until(() => said(again) === '1');
    await again.kill();
    await appliance.startDaemon(1);
    t.equal(said(appliance.daemon(1)), '0', 'kill -9 lasts until the next start');
  });
});

t.test(`two nodes behind a ${DRACHTIO.name}`, { skip }, async (t) => {
  const appliance = await Appliance.start(t, { engine: DRACHTIO });
  t.test(HANDED, (t) => handOver(t, appliance));

  t.test('to a node whose drachtio-server is gone the address is not given', async (t) => {
    await appliance.drachtio(2).kill();
    await until(async () => (await appliance.daemon(2).status()).drachtio?.connected === false);
    t.match(await appliance.daemon(1).twinreg('handover'), { code: 1, out: '', err: NOT_READY });
    t.ok(appliance.hasAddress(1));
    await appliance.drachtio(2).start();
    await until(async () => (await appliance.daemon(1).twinreg('handover', '--check')).code === 0);
  });
});
