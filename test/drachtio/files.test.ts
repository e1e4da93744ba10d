import t, { type Test } from 'tap';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readDrachtioConfig } from '../../lib/doctor/drachtio-config.ts';
import { daemonCommand, daemonEnv } from '../support/daemon-env.ts';
import { AdminClient } from '../support/drachtio/admin-client.ts';
import { realDrachtio } from '../support/drachtio/drachtio-process.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const FOLDER = resolve(import.meta.dirname, '../../drachtio');
const ANALYZE = '/usr/bin/systemd-analyze';

const textOf = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

t.test('the admin port is on loopback, SIP at one address, and the log is short', async (t) => {
  t.strictSame(readDrachtioConfig(textOf('drachtio.conf.xml')), {
    adminAddress: '127.0.0.1',
    contacts: ['sip:10.0.0.150:5060;transport=udp,tcp'],
    logLevel: 'error',
  });
});

const real = realDrachtio();

t.test('a server starts with the configuration', { skip: real.skip }, async (t) => {
  const address = loopbackAddress();
  const [sipPort, adminPort] = [await freePort(address), await freePort(address)];
  const path = join(tempFolder(t), 'drachtio.conf.xml');
  const text = textOf('drachtio.conf.xml')
    .replace('10.0.0.150:5060', `${address}:${String(sipPort)}`)
    .replace('9022', String(adminPort))
    .replace('>127.0.0.1<', `>${address}<`);
  writeFileSync(path, text);
  startServer(t, path);
  const place = { adminAddress: address, adminPort, secret: 'CHANGE-ME' };
  const app = await until(() =>
    AdminClient.connect({ ...place, address, sipPort, wsPort: undefined }).catch(() => false as const),
  );
  app.close();
  t.pass('it takes applications');
});

function startServer(t: Test, path: string): void {
  if (real.skip !== false) throw new Error(real.skip);
  const [program] = real.command;
  const child = spawn(...daemonCommand(program, '--file', path), { stdio: 'ignore', env: daemonEnv() });
  t.teardown(async () => {
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  });
}

const skip = existsSync(ANALYZE) ? false : 'systemd-analyze is not installed';

t.test('systemd finds nothing wrong with the unit', { skip }, (t) => {
  const unit = join(tempFolder(t), 'drachtio.service');
  // It says so when a program is missing.
  writeFileSync(unit, textOf('drachtio.service').replaceAll('/usr/local/bin/drachtio', process.execPath));
  t.equal(execFileSync('sh', ['-c', `exec ${ANALYZE} verify "$1" 2>&1`, 'sh', unit]).toString(), '');
  t.end();
});

t.test('the kernel settings are those that the doctor asks for', (t) => {
  const settings = textOf('sysctl.conf').replaceAll(/^#.*$/gm, '').trim().split(/\n+/);
  t.strictSame(settings, ['net.ipv4.ip_nonlocal_bind = 1', 'net.core.rmem_default = 4194304']);
  t.end();
});
