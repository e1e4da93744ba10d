import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import type { Finding } from '../../lib/doctor/finding.ts';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip, type Command } from '../support/appliance-network.ts';
import { Daemon } from '../support/daemon.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { Pair, type NodeId } from '../support/pair.ts';
import { Program } from '../support/program.ts';
import { CLUSTER_SECRET } from '../support/raw-twin.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const TWINREG = resolve(import.meta.dirname, '../../scripts/twinreg');
const BIN_PORT = 5555;

interface Diagnosis {
  readonly code: number | null;
  readonly healthy: boolean;
  readonly looked_at: readonly string[];
  readonly findings: readonly Finding[];
}

/** Where a daemon is. */
interface Place {
  readonly daemon: Daemon;
  /** Of its replication listener. */
  readonly address: string;
  readonly within: Command;
}

/** A secret stands in its configuration. */
function protect({ configPath }: Daemon): void {
  chmodSync(configPath, 0o640);
}

async function run(within: Command, words: readonly string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(...within(TWINREG, 'doctor', ...words), { stdio: ['ignore', 'pipe', 'pipe'], env: daemonEnv() });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  await once(child, 'close');
  if (err !== '') throw new Error(err);
  return { code: child.exitCode, out };
}

/** The options that the daemon was started with. */
function optionsOf({ daemon, address }: Place): readonly string[] {
  const listen = [`sip:${daemon.address}:${daemon.port}`, `bin:${address}:${BIN_PORT}`];
  const words = listen.flatMap((place) => ['--listen', place]);
  return ['--data', daemon.folder, '--config', daemon.configPath, ...words];
}

/** `twinreg doctor --json`; an option that comes again counts the last time. */
async function diagnosed(place: Place, ...options: readonly string[]): Promise<Diagnosis> {
  const { code, out } = await run(place.within, ['--json', ...optionsOf(place), ...options]);
  return { code, ...JSON.parse(out) };
}

/** What could not be looked at here, and what is only worth knowing, is nothing wrong. */
function wrong({ findings }: Diagnosis): readonly string[] {
  const counted = findings.filter(({ level }) => level === 'error' || level === 'warning');
  return counted.map(({ level, found }) => `${level}: ${found}`);
}

function finds(t: Test, diagnosis: Diagnosis, expected: RegExp): void {
  const found = wrong(diagnosis);
  t.ok(
    found.some((line) => expected.test(line)),
    `${String(expected)}: ${found.join(' | ')}`,
  );
}

t.test('a pair on this machine', async (t) => {
  const pair = await Pair.start(t);
  const placeOf = (id: NodeId): Place => {
    const daemon = pair.node(id);
    protect(daemon);
    return { daemon, address: daemon.address, within: (program, ...args) => [program, [...args]] };
  };

  t.test('nothing is wrong with a healthy node, and one line says what was looked at', async (t) => {
    for (const id of [1, 2] as const) {
      const { code, healthy, ...diagnosis } = await diagnosed(placeOf(id));
      t.strictSame(wrong({ code, healthy, ...diagnosis }), []);
      t.match({ code, healthy }, { code: 0, healthy: true });
    }
    const { code, out } = await run(placeOf(1).within, optionsOf(placeOf(1)));
    t.equal(code, 0);
    const lines = out.trimEnd().split('\n');
    t.match(lines.pop(), /^nothing wrong was found; looked at: configuration, daemon, .*other node.*data folder/);
    t.ok(
      lines.every((line) => /^(unchecked|info) {2,}\S.* {2}-> /.test(line)),
      out,
    );
  });

  t.test('a daemon that hangs is given up, and the rest is looked at', async (t) => {
    pair.freeze(1);
    const diagnosis = await diagnosed(placeOf(1));
    pair.thaw(1);
    finds(t, diagnosis, /^error: the daemon does not answer: .* did not answer for 10 s/);
    t.match(diagnosis, { code: 1, looked_at: /data folder/ });
    await pair.inSync();
  });

  t.test('the other node is gone', async (t) => {
    await pair.kill(1);
    const place = placeOf(2);
    await until(async () => (await place.daemon.status()).replication?.outgoing !== 'in-sync');
    finds(t, await diagnosed(place), /^error: node 1 is not in sync/);
    finds(t, await diagnosed(place), /^error: the other node is not reached at bin:.*ECONNREFUSED/);
  });

  t.test('the daemon does not run, and a port that it needs is taken', async (t) => {
    const place = placeOf(1);
    const script = `require("net").createServer().listen(${BIN_PORT}, "${place.address}", () => console.log("listens"))`;
    const holder = new Program(t, process.execPath, ['-e', script]);
    await holder.printed('listens');
    const diagnosis = await diagnosed(place);
    finds(t, diagnosis, /^error: the daemon does not answer: its socket .* is left over/);
    finds(t, diagnosis, new RegExp(`^error: listen: node \\(process \\d+\\) has tcp ${place.address}:${BIN_PORT}`));
    t.equal(diagnosis.code, 1);
  });

  t.test('the other node has another secret', async (t) => {
    const { folder, address, port, configPath } = pair.node(1);
    const config = readFileSync(configPath, 'utf8').replace(CLUSTER_SECRET, 'another-secret-of-the-same-length');
    const daemon = await Daemon.start(t, { folder, address, port, bin: BIN_PORT, config });
    const place = placeOf(2);
    await until(async () => (await place.daemon.status()).replication?.last_refusal?.reason === 'wrong-secret');
    const found = await diagnosed(place);
    finds(t, found, /^error: node 1 is not in sync .*wrong-secret|^error: node 1 is not in sync .*secret/);
    t.ok(found.findings.some(({ remedy }) => remedy.includes('put the same secret')));
    await daemon.kill();
  });
});

interface Scene {
  readonly appliance: Appliance;
  /** Node 2 is passive: what is done to it moves no address. */
  readonly place: Place;
  /** The folder of keepalived's scripts. */
  readonly scripts: string;
  /** keepalived's configuration, changed, in a file of its own. */
  readonly conf: (found: string | RegExp, instead: string) => string;
}

interface Fault {
  readonly name: string;
  /** Further options for the doctor. */
  readonly plant: (scene: Scene) => Promise<readonly string[] | void> | readonly string[] | void;
  readonly mend?: (scene: Scene) => unknown;
  readonly expected: RegExp;
  /** The node that is looked at; 2 without it. */
  readonly node?: NodeId;
}

const confFault = (name: string, found: string | RegExp, instead: string, expected: RegExp): Fault => ({
  name,
  plant: ({ conf }) => ['--keepalived', conf(found, instead)],
  expected,
});

const fileOf = ({ place }: Scene, name: string) => join(place.daemon.folder, name);
const inConfig = (scene: Scene, text: string, found = '', instead = ''): readonly string[] => {
  const path = join(tempFolder(t), 'twinreg.yaml');
  const original = readFileSync(scene.place.daemon.configPath, 'utf8').replace(found, instead);
  writeFileSync(path, `${original}\n${text}\n`, { mode: 0o600 });
  return ['--config', path];
};

const FAULTS: readonly Fault[] = [
  {
    name: 'the configuration has a problem',
    plant: (scene) => inConfig(scene, 'nonesuch: 1'),
    expected: /^error: .*nonesuch: /,
  },
  {
    name: 'the scripts ask at another port than mi.http has',
    plant: (scene) => inConfig(scene, '', 'http: 127.0.0.1:8888', 'http: 127.0.0.1:8889'),
    expected:
      /^error: TWINREG_MI is http:\/\/127.0.0.1:8888\/mi: check.sh and notify.sh ask .* mi.http is 127.0.0.1:8889/,
  },
  {
    name: 'the scripts can ask nowhere',
    plant: (scene) => inConfig(scene, '', 'http: 127.0.0.1:8888', 'http: off'),
    expected: /^error: mi.http is off: check.sh and notify.sh cannot reach the daemon/,
  },
  {
    name: 'a secret may be read by everybody',
    plant: ({ place }) => chmodSync(place.daemon.configPath, 0o644),
    mend: ({ place }) => protect(place.daemon),
    expected: /^error: the configuration file: .* has mode 0644/,
  },
  {
    name: 'the data folder may be read by everybody',
    plant: ({ place }) => chmodSync(place.daemon.folder, 0o755),
    mend: ({ place }) => chmodSync(place.daemon.folder, 0o750),
    expected: /^warning: the data folder .* has mode 0755/,
  },
  {
    name: 'the role file says nothing usable',
    plant: (scene) => writeFileSync(fileOf(scene, 'role'), 'perhaps\n'),
    mend: ({ place }) => place.daemon.mi('nh_enable_ping', { status: '0' }),
    expected: /^error: the role file .* says nothing usable/,
  },
  {
    name: 'the address is here, and the role is not',
    node: 1,
    plant: async ({ appliance }) => void (await appliance.daemon(1).mi('nh_enable_ping', { status: '0' })),
    mend: ({ appliance }) => appliance.daemon(1).mi('nh_enable_ping', { status: '1' }),
    expected: /^error: \S+ is on this node, and nh_enable_ping is 0/,
  },
  {
    name: 'the role is here, and the address is not',
    plant: async ({ place }) => void (await place.daemon.mi('nh_enable_ping', { status: '1' })),
    mend: ({ place }) => place.daemon.mi('nh_enable_ping', { status: '0' }),
    expected: /^error: nh_enable_ping is 1 here, and \S+ is on no interface/,
  },
  {
    name: 'notify.sh may not be executed',
    plant: ({ scripts }) => chmodSync(join(scripts, 'notify.sh'), 0o644),
    mend: ({ scripts }) => chmodSync(join(scripts, 'notify.sh'), 0o755),
    expected: /^error: notify: .* is not run: \S+\/notify.sh may not be executed by root/,
  },
  {
    name: 'others may write in the folder of the scripts',
    plant: ({ scripts }) => chmodSync(scripts, 0o777),
    mend: ({ scripts }) => chmodSync(scripts, 0o700),
    expected: /^error: vrrp_script ready: .* is not run: \S+\/twinreg-\w+ may be written by others than root/,
  },
  confFault(
    'the user of the scripts does not exist',
    /^\$USER=.*$/m,
    '$USER=nonesuch',
    /^error: notify: the user or group nonesuch/,
  ),
  confFault(
    'keepalived moves another address',
    /^\$VIRTUAL_ADDRESS=.*$/m,
    '$VIRTUAL_ADDRESS=10.99.3.101',
    /^error: .*virtual_ipaddress is 10.99.3.101/,
  ),
  confFault('keepalived begins as master', 'state BACKUP', 'state MASTER', /^error: .*state is MASTER/),
  confFault('keepalived preempts', /^ *nopreempt$/m, '', /^error: .*nopreempt is missing/),
  confFault(
    'keepalived has itself for its peer',
    /^\$TWIN_ADDRESS=.*$/m,
    '$TWIN_ADDRESS=10.99.3.2',
    /^error: .*unicast_peer has an address of this host/,
  ),
  confFault(
    'keepalived tracks another data folder',
    /^\$DATA=.*$/m,
    '$DATA=/srv/nonesuch',
    /^error: .*\/down is not tracked \(it tracks \/srv/,
  ),
  confFault('keepalived calls nobody', /^ *notify .*$/m, '', /^error: .*notify is missing/),
  confFault(
    'keepalived has an interface that is not there',
    /^\$INTERFACE=.*$/m,
    '$INTERFACE=eth7',
    /^error: .*interface eth7 does not exist/,
  ),
  confFault(
    'keepalived refuses its configuration',
    /^ *nopreempt$/m,
    'nopreempt\n    nonsense 7',
    /^error: keepalived refuses .*nonsense/,
  ),
  {
    name: 'the configuration of keepalived is no text',
    plant: ({ conf }) => {
      const path = conf('', '');
      writeFileSync(path, Buffer.alloc(100_000));
      return ['--keepalived', path];
    },
    expected: /^error: .* cannot be used: it is no text/,
  },
  {
    name: 'the configuration of keepalived is not there',
    plant: () => ['--keepalived', '/nonesuch/keepalived.conf'],
    expected: /^error: \/nonesuch\/keepalived.conf does not exist/,
  },
  {
    name: 'a handover goes on',
    plant: ({ appliance }) => appliance.handover(2, true),
    mend: ({ appliance }) => appliance.handover(2, false),
    expected: /^warning: .*handover says 1/,
  },
  {
    name: 'keepalived is in a fault',
    plant: async ({ appliance, place }) => {
      appliance.handover(2, true);
      await until(async () => (await place.daemon.status()).degraded.includes('keepalived'));
    },
    mend: ({ appliance }) => appliance.handover(2, false),
    expected: /^error: keepalived says FAULT since \S+: this node gets no address/,
  },
  {
    name: 'the supervisor did not say that the daemon runs',
    plant: (scene) => writeFileSync(fileOf(scene, 'down'), '1\n'),
    mend: (scene) => writeFileSync(fileOf(scene, 'down'), '0\n'),
    expected: /^error: .*down says 1 while the daemon runs/,
  },
  {
    name: 'keepalived hangs',
    plant: ({ appliance }) => appliance.keepalived(2).hang(),
    mend: ({ appliance }) => appliance.keepalived(2).goOn(),
    expected: /^error: keepalived \(process \d+\) is stopped/,
  },
  {
    name: 'keepalived does not run',
    plant: ({ appliance }) => appliance.keepalived(2).stop(),
    mend: ({ appliance }) => appliance.keepalived(2).start(),
    expected: /^error: keepalived does not run/,
  },
  {
    name: 'the supervisor did not say that the daemon is down',
    plant: async (scene) => {
      await scene.place.daemon.kill();
      await until(() => readFileSync(fileOf(scene, 'down'), 'utf8') === '1\n');
      writeFileSync(fileOf(scene, 'down'), '0\n');
      // It may have been started this very moment.
      const at = systemClock.wallMs() / 1000 - 60;
      utimesSync(fileOf(scene, 'down'), at, at);
    },
    mend: ({ appliance }) => appliance.startDaemon(2),
    expected: /^error: .*down says 0 while the daemon does not run/,
  },
];

t.test('a pair with keepalived, each node on a host of its own', { skip: applianceSkip() }, async (t) => {
  const appliance = await Appliance.start(t);
  const placeOf = (node: NodeId): Place => {
    const daemon = appliance.daemon(node);
    return { daemon, address: appliance.host(node).address, within: appliance.host(node).within };
  };
  const original = readFileSync(appliance.keepalived(2).configPath, 'utf8').replace(/^\s*#.*$/gm, '');
  const [, scripts = ''] = /^\$SCRIPTS=(.*)$/m.exec(original) ?? [];
  const conf = (found: string | RegExp, instead: string): string => {
    const path = join(tempFolder(t), 'keepalived.conf');
    writeFileSync(
      path,
      original.replace(found, () => instead),
    );
    return path;
  };

  const healthy = async (t: Test) => {
    for (const node of [1, 2] as const) {
      protect(appliance.daemon(node));
      const diagnosis = await diagnosed(placeOf(node));
      t.strictSame(wrong(diagnosis), [], `node ${node}`);
      t.equal(diagnosis.code, 0);
      t.ok(diagnosis.looked_at.includes('keepalived'));
    }
  };

  t.test('nothing is wrong with healthy nodes', healthy);

  for (const { name, plant, mend, expected, node = 2 } of FAULTS) {
    t.test(`it is found: ${name}`, async (t) => {
      const scene: Scene = { appliance, place: placeOf(2), scripts, conf };
      const options = (await plant(scene)) ?? [];
      const diagnosis = await diagnosed(placeOf(node), ...options);
      finds(t, diagnosis, expected);
      t.equal(diagnosis.code, wrong(diagnosis).some((line) => line.startsWith('error')) ? 1 : 0);
      await mend?.(scene);
    });
  }

  t.test('and when all is mended, nothing is wrong', async (t) => {
    t.equal(await appliance.settled(), 1);
    await healthy(t);
  });
});
