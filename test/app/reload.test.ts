import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Daemon } from '../support/daemon.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../scripts/twinreg');
const AOR = 'sip:alice@example.com';
const STARTED = 'log:\n  level: info\nregistrar:\n  default_expires: 3600\n  max_contacts: 3\n';
const EDITED = 'log:\n  level: debug\nregistrar:\n  default_expires: 120\n  max_contacts: 5\n';
const CHANGE = { changed: ['registrar.default_expires', 'log.level'], restart: ['registrar.max_contacts'] };
const NOTHING = { changed: [], restart: [] };

function edit(daemon: Daemon, from: string | RegExp, to: string): void {
  const file = daemon.configPath;
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

t.test('reload takes what it can, and names what waits for a restart each time', async (t) => {
  const daemon = await Daemon.start(t, { config: STARTED });
  edit(daemon, STARTED, EDITED);
  t.same(await daemon.mi('reload'), CHANGE);
  t.match(await daemon.logged('configuration reloaded'), CHANGE);
  const phone = await daemon.phone(t);
  const reply = await phone.register({ aor: AOR });
  t.match(reply.contacts[0], /expires=1(20|19)/, 'the new lifetime is granted');
  t.match(await daemon.mi('log_level'), { Processes: [{ 'Log level': 4 }] });

  await daemon.mi('log_level', { level: 3 });
  t.same(await daemon.mi('reload'), { changed: [], restart: CHANGE.restart });
  t.match(await daemon.mi('log_level'), { Processes: [{ 'Log level': 3 }] }, 'a level set by hand stays');
  edit(daemon, 'default_expires: 120', 'default_expires: 180');
  const out = 'in force now: registrar.default_expires\nwaits for a restart: registrar.max_contacts\n';
  t.match(await daemon.twinreg('reload'), { code: 0, out });
});

t.test('the interval of pings and the policy change at once, and warnings are logged', async (t) => {
  const config = 'nathelper: {natping_interval: 30}\npolicy: {setbflag: [SIPPING_ENABLE]}\n';
  const daemon = await Daemon.start(t, { config });
  const phone = await daemon.phone(t);
  await phone.register({ aor: AOR });
  edit(daemon, config, 'nathelper: {natping_interval: 20, natping_partitions: 2}\npolicy: {setbflag: []}\n');
  const changed = ['nathelper.natping_interval', 'nathelper.natping_partitions', 'policy.setbflag'];
  t.same(await daemon.mi('reload'), { changed, restart: [] });
  t.match(await daemon.logged('configuration warning'), { key: 'nathelper.natping_partitions', problem: /no effect/ });
  t.equal((await daemon.status()).pings.interval_s, 20);
  await phone.register({ aor: 'sip:bob@example.com' });
  t.strictSame(await flagsOf(daemon), { alice: true, bob: false }, 'who registered before keeps the flag');
});

t.test('a file that is wrong or gone changes nothing', async (t) => {
  const daemon = await Daemon.start(t, { config: STARTED });
  edit(daemon, STARTED, 'log:\n  level: loud\nregistrar:\n  default_expires: 120\n  nonsense: 1\n');
  await t.rejects(daemon.mi('reload'), { code: 400, message: /log\.level[^]*registrar\.nonsense/ });
  t.match(await daemon.logged('configuration not reloaded'), { problems: /log\.level[^]*registrar\.nonsense/ });
  t.match(await daemon.twinreg('reload'), { code: 1, err: /twinreg\.yaml:2: log\.level: .*"loud"/ });
  rmSync(daemon.configPath);
  await t.rejects(daemon.mi('reload'), { code: 400 });
  const phone = await daemon.phone(t);
  t.match((await phone.register({ aor: AOR })).contacts[0], /expires=3(600|599)/);
});

t.test('new values that do not go with old ones that wait for a restart are refused together', async (t) => {
  const config = 'registrar: {save: [location, min-expires=600]}\n';
  const daemon = await Daemon.start(t, { config });
  edit(daemon, config, 'registrar: {max_expires: 300, default_expires: 300}\nnathelper: {natping_interval: 20}\n');
  const message = /registrar\.save: .*min-expires \(600\).*the old values of registrar\.save hold until a restart/;
  await t.rejects(daemon.mi('reload'), { code: 400, message });
  t.equal((await daemon.status()).pings.interval_s, 30, 'nothing else was taken either');
  edit(daemon, 'max_expires: 300, default_expires: 300', 'max_expires: 900, default_expires: 700');
  t.match(await daemon.mi('reload'), { restart: ['registrar.save'] });
});

t.test('a storm of SIGHUP ends in the file as it is, and stopping goes on', async (t) => {
  const daemon = await Daemon.start(t, { config: STARTED });
  edit(daemon, STARTED, EDITED);
  for (let sent = 0; sent < 50; sent++) daemon.signal('SIGHUP');
  t.match(await daemon.logged('configuration reloaded'), CHANGE);
  t.same(await daemon.mi('reload'), { changed: [], restart: CHANGE.restart });
  daemon.signal('SIGHUP');
  const ended = daemon.stop();
  daemon.signal('SIGHUP');
  t.match(await ended, { code: 0, signal: null });
});

t.test('SIGHUP while the daemon starts is kept until it serves', async (t) => {
  const folder = tempFolder(t);
  const args = await quietRun(folder);
  const child = spawn(LAUNCHER, args, { stdio: ['ignore', 'pipe', 'inherit'], env: daemonEnv() });
  t.teardown(() => child.kill('SIGKILL'));
  const messages: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg } = JSON.parse(line) as { readonly msg: string };
    if (messages.push(msg) === 1) child.kill('SIGHUP');
    if (msg === 'configuration reloaded') break;
  }
  t.ok(messages.indexOf('serving') > 0, messages.join(', '));
  t.equal(messages.at(-1), 'configuration reloaded');
});

t.test('under nohup a terminal that closes makes it read its file again, and no more', async (t) => {
  const within = (program: string, ...args: readonly string[]): [string, string[]] => ['nohup', [program, ...args]];
  const daemon = await Daemon.start(t, { config: STARTED, within });
  daemon.signal('SIGHUP');
  t.match(await daemon.logged('configuration reloaded'), NOTHING);
});

const script = requireTool('script', 'bsdutils');

t.test('on a terminal SIGHUP ends it', { skip: script.skip }, async (t) => {
  const folder = tempFolder(t);
  const command = `exec ${LAUNCHER} ${(await quietRun(folder)).join(' ')}`;
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  const child = spawn(script.path ?? '', ['-qefc', command, '/dev/null'], { stdio: [...stdio], env: daemonEnv() });
  t.teardown(() => child.kill('SIGKILL'));
  let shown = '';
  child.stdout.on('data', (data: Buffer) => (shown += data.toString()));
  while (!shown.includes('Ctrl-C')) await once(child.stdout, 'data');
  process.kill(Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')), 'SIGHUP');
  t.same(await once(child, 'exit'), [129, null], 'as a shell says of who ended by SIGHUP');
});

/** Whether the contacts of each AoR have the flag SIPPING_ENABLE. */
async function flagsOf(daemon: Daemon): Promise<object> {
  const aors = await daemon.dump();
  return Object.fromEntries(aors.map((aor) => [aor.AOR.split('@')[0], JSON.stringify(aor).includes('SIPPING_ENABLE')]));
}

/** `run` without the one HTTP port and the one FIFO of the machine. */
async function quietRun(folder: string): Promise<readonly string[]> {
  const file = join(folder, 'twinreg.yaml');
  writeFileSync(file, 'mi: {http: off, fifo_name: off}\n');
  const address = loopbackAddress();
  return ['run', '--config', file, '--data', folder, '--listen', `sip:${address}:${await freePort(address)}`];
}
