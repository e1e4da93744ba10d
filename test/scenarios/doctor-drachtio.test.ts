import t, { type Test } from 'tap';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Finding } from '../../lib/doctor/finding.ts';
import { Daemon } from '../support/daemon.ts';
import {
  DOUBLE_COMMAND,
  DrachtioProcess,
  realDrachtio,
  type ProcessOptions,
} from '../support/drachtio/drachtio-process.ts';
import type { DrachtioPlace } from '../support/drachtio/place.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const real = realDrachtio();

const SERVERS = [
  { name: 'a double', skip: false, start: startDouble },
  { name: 'a real drachtio-server', skip: real.skip, start: startReal },
] as const;

function startDouble(t: Test, options?: ProcessOptions): Promise<DrachtioProcess> {
  return DrachtioProcess.start(t, DOUBLE_COMMAND, options);
}

function startReal(t: Test, options?: ProcessOptions): Promise<DrachtioProcess> {
  if (real.skip !== false) throw new Error(real.skip);
  return DrachtioProcess.start(t, real.command, options);
}

/** That of this machine is what it is. */
const RECEIVE_BUFFER = /receive buffer of drachtio-server|net.core.rmem_default/;

function daemonBehind(t: Test, server: DrachtioProcess, adminAddress = server.adminAddress): Promise<Daemon> {
  const { address, sipPort, adminPort, secret } = server;
  const sip = `engine: drachtio, drachtio_host: ${adminAddress}, drachtio_port: ${String(adminPort)}, drachtio_secret: ${secret}`;
  return Daemon.start(t, { address, port: sipPort, config: `sip: {${sip}}` });
}

async function wrong(daemon: Daemon, listen = `sip:${daemon.address}:${String(daemon.port)}`) {
  const { out } = await daemon.twinreg('doctor', '--json', '--config', daemon.configPath, '--listen', listen);
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  const counted = findings.filter(({ level }) => level === 'error' || level === 'warning');
  return counted.map(({ level, found }) => `${level}: ${found}`).filter((line) => !/clock|HTTP/.test(line));
}

function finds(t: Test, found: readonly string[], expected: RegExp): void {
  t.ok(
    found.some((line) => expected.test(line)),
    `${String(expected)}: ${found.join(' | ')}`,
  );
}

function isConnected(daemon: Daemon, expected: boolean): Promise<unknown> {
  return until(async () => (await daemon.status()).drachtio?.connected === expected);
}

for (const { name, skip, start } of SERVERS) {
  t.test(`a node behind ${name}`, { skip }, async (t) => {
    const server = await start(t);
    const daemon = await daemonBehind(t, server);

    const healthy = async (t: Test) => {
      await isConnected(daemon, true);
      const found = await wrong(daemon);
      t.strictSame(
        found.filter((line) => !RECEIVE_BUFFER.test(line)),
        [],
      );
    };

    t.test('nothing is wrong with it', healthy);

    const asksItself = start === startDouble && 'the double asks for room of its own, in time';
    t.test('the kernel gives the server less room than a burst needs', { skip: asksItself }, async (t) => {
      const size = Number(readFileSync('/proc/sys/net/core/rmem_default', 'utf8'));
      const found = (await wrong(daemon)).filter((line) => RECEIVE_BUFFER.test(line));
      const warning = `warning: the receive buffer of drachtio-server is ${String(size)} bytes`;
      t.match(found.join(), size < 4_194_304 ? warning : /^$/);
    });

    t.test('listen says something else than the contacts of the server', async (t) => {
      const other = `sip:${daemon.address}:${String(await freePort(daemon.address))}`;
      finds(t, await wrong(daemon, other), /^error: listen has udp:\S+, tcp:\S+, and drachtio-server listens on \S/);
    });

    t.test('the server writes a log of each request', async (t) => {
      const path =
        readFileSync(`/proc/${String(server.pid)}/cmdline`, 'utf8')
          .split('\0')
          .at(-2) ?? '';
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace('<loglevel>error', '<loglevel>info'));
      finds(t, await wrong(daemon), /^warning: the loglevel of drachtio-server is info/);
      writeFileSync(path, text.replace(/<contact>[^<]*/, '<contact>sip:*'));
      finds(t, await wrong(daemon), /^warning: .*drachtio.conf.xml: the contact sip:\* stands for/);
      writeFileSync(path, text);
    });

    t.test('the server hangs', async (t) => {
      server.hang();
      await isConnected(daemon, false);
      const found = await wrong(daemon);
      server.resume();
      finds(t, found, /^error: drachtio-server \S+ is not connected for \d+ s: /);
      finds(t, found, new RegExp(`^error: drachtio-server \\(process ${String(server.pid)}\\) is stopped`));
      await healthy(t);
    });

    t.test('the server is dead', async (t) => {
      await server.kill();
      await isConnected(daemon, false);
      finds(t, await wrong(daemon), /^error: drachtio-server \S+ is not connected for \d+ s: /);
      await server.start();
      await healthy(t);
    });

    t.test('neither runs, and then the server alone', async (t) => {
      await daemon.kill();
      const found = await wrong(daemon);
      t.strictSame(
        found.filter((line) => !RECEIVE_BUFFER.test(line)).map((line) => line.slice(0, 34)),
        ['error: the daemon does not answer: '.slice(0, 34)],
        'the ports of the server are no obstacle',
      );
      await server.kill();
      finds(t, await wrong(daemon), /^error: nobody listens at \S+: drachtio-server does not run here/);
    });
  });

  t.test(`the environment of ${name} says more than its file`, { skip }, async (t) => {
    const within = (program: string, ...args: readonly string[]): [string, string[]] => [
      'env',
      ['DRACHTIO_LOGLEVEL=info', 'DRACHTIO_SECRET=of-the-environment', program, ...args],
    ];
    const server = await start(t, { within, isServing: () => Promise.resolve(true) });
    const daemon = await daemonBehind(t, server);
    await until(async () => (await daemon.status()).drachtio?.reason === 'refused: incorrect secret');
    finds(t, await wrong(daemon), /^warning: the loglevel of drachtio-server is info/);
    const { out } = await daemon.twinreg('doctor', '--json', '--config', daemon.configPath);
    t.match(out, /make sip.drachtio_secret and the secret of DRACHTIO_SECRET in what starts drachtio-server/);
  });

  t.test(`${name} listens at none of listen`, { skip }, async (t) => {
    const address = loopbackAddress();
    const other = await freePort(address);
    const conf = ({ adminAddress, adminPort, secret }: DrachtioPlace) => `<drachtio>
      <admin port="${String(adminPort)}" secret="${secret}">${adminAddress}</admin>
      <sip><contacts><contact>sip:${address}:${String(other)};transport=udp,tcp</contact></contacts></sip>
      <logging><console/><sofia-loglevel>0</sofia-loglevel><loglevel>error</loglevel></logging>
    </drachtio>`;
    const server = await start(t, { address, conf, isServing: () => Promise.resolve(true) });
    const daemon = await daemonBehind(t, server);
    await isConnected(daemon, true);
    t.match(await daemon.status(), { unready: ['contacts'], role: { address_here: true } });
    finds(t, await wrong(daemon), /^error: listen has udp:.*, and drachtio-server listens on .*: no phone is served$/);
  });

  t.test(`others reach the admin port of ${name}`, { skip }, async (t) => {
    const address = loopbackAddress();
    const server = await start(t, { address, adminAddress: '0.0.0.0' });
    const daemon = await daemonBehind(t, server, address);
    await isConnected(daemon, true);
    finds(t, await wrong(daemon), /^error: the admin port of drachtio-server is at 0.0.0.0:\d+: who reaches it/);
  });
}
