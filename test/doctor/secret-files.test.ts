import t from 'tap';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../../lib/config/config.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { checkSecretFiles, readSecretFilesFacts } from '../../lib/doctor/secret-files.ts';
import { Authority } from '../support/certificates.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answer, config, NOT_RUNNING, pairConfig } from './support/healthy.ts';
import { said } from './support/said.ts';

const openssl = requireTool('openssl');
const DAY_MS = 86_400_000;

/** @param laterMs how much later than now it is looked at */
async function check(own: Config, configFile?: string, laterMs = 0) {
  const facts = await readSecretFilesFacts(own, configFile, NOT_RUNNING, systemClock);
  return said(checkSecretFiles({ ...facts, nowMs: facts.nowMs + laterMs }));
}

function withSecret(path: string): Config {
  const own = pairConfig();
  if (own.cluster === undefined) throw new Error('it is one of a pair');
  return { ...own, cluster: { ...own.cluster, secret: { kind: 'file', path } } };
}

t.test('a secret that others may read, is not there, is empty, or is a FIFO', async (t) => {
  const path = join(tempFolder(t), 'secret');
  t.match(await check(withSecret(path)), [/^error: clusterer.secret_file: .*secret does not exist/]);
  writeFileSync(path, 'a-secret-of-some-length\n', { mode: 0o640 });
  t.strictSame(await check(withSecret(path)), []);
  chmodSync(path, 0o644);
  t.match(await check(withSecret(path)), [/^error: clusterer.secret_file: .* has mode 0644: every user of this host/]);
  chmodSync(path, 0o602);
  t.match(await check(withSecret(path)), [/^error: .* has mode 0602/]);
  writeFileSync(path, '\n');
  chmodSync(path, 0o600);
  t.match(await check(withSecret(path)), [/^error: .* is empty/]);
  rmSync(path);
  execFileSync('mkfifo', ['-m', '600', path]);
  t.match(await check(withSecret(path)), [/^error: clusterer.secret_file: .* cannot be used: it is a FIFO/]);
});

t.test(
  'a secret that root can read, and the daemon cannot',
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (t) => {
    const folder = tempFolder(t);
    const path = join(folder, 'secret');
    const own = { ...withSecret(path), dataFolder: join(folder, 'data') };
    writeFileSync(path, 'a-secret-of-some-length\n', { mode: 0o600 });
    t.strictSame(await check(own), [], 'there is no data folder yet');
    mkdirSync(own.dataFolder);
    chownSync(own.dataFolder, 12_345, 12_345);
    t.match(await check(own), [
      /^error: clusterer.secret_file: .* may not be read by the daemon's user \(12345; owner 0, mode 0600\)/,
    ]);
    chownSync(path, 0, 12_345);
    chmodSync(path, 0o640);
    t.strictSame(await check(own), []);
  },
);

t.test('a secret that was written after the daemon started', async (t) => {
  const path = join(tempFolder(t), 'secret');
  writeFileSync(path, 'a-secret-of-some-length\n', { mode: 0o640 });
  const ranFor = async (uptimeS: number) => {
    const running = answer({ pid: process.pid, uptime_s: uptimeS });
    return said(checkSecretFiles(await readSecretFilesFacts(withSecret(path), undefined, running, systemClock)));
  };
  t.match(await ranFor(3600), [/^warning: clusterer.secret_file: .* was written after the daemon started/]);
  t.strictSame(await ranFor(-3600), []);
});

t.test('the secret of drachtio-server counts while SIP comes from there', async (t) => {
  const path = join(tempFolder(t), 'drachtio-secret');
  const behind = config(`sip: {engine: drachtio, drachtio_secret_file: ${path}}`);
  t.match(await check(behind), [/^error: sip.drachtio_secret_file: .* does not exist/]);
  writeFileSync(path, 'a-secret\n');
  chmodSync(path, 0o644);
  t.match(await check(behind), [/^error: sip.drachtio_secret_file: .* has mode 0644/]);
  chmodSync(path, 0o640);
  t.strictSame(await check(behind), []);
  for (const bad of ['two\nlines\n', 'with|bar\n']) {
    writeFileSync(path, bad);
    t.match(await check(behind), [/^error: sip.drachtio_secret_file: .* has something else in it than one line/]);
  }
  writeFileSync(path, 'a-secret\n');
  const running = answer({ pid: process.pid, uptime_s: 3600 });
  const written = checkSecretFiles(await readSecretFilesFacts(behind, undefined, running, systemClock));
  t.match(written, [{ remedy: /^restart the daemon$/ }], 'which has no twin');
});

t.test('a configuration file that others may read counts only where a secret stands in it', async (t) => {
  const path = join(tempFolder(t), 'twinreg.yaml');
  writeFileSync(path, '# text\n');
  chmodSync(path, 0o644);
  t.strictSame(await check(config(''), path), []);
  const secret = config('mi: {http_token: 0123456789abcdef0123456789abcdef}');
  t.match(await check(secret, path), [/^error: the configuration file: .* has mode 0644/]);
});

t.test('certificates that end, and what is none', { skip: openssl.skip }, async (t) => {
  const folder = tempFolder(t);
  const authority = new Authority(folder, 'ca', openssl.path ?? '');
  const { certificate, privateKey } = authority.issue('node-a');
  const tls = { certificatePath: certificate, privateKeyPath: privateKey, caListPath: authority.caPath };
  const own = pairConfig();
  if (own.cluster === undefined) throw new Error('it is one of a pair');
  const tlsConfig = { ...own, cluster: { ...own.cluster, tls, secret: { kind: 'none' } as const } };
  chmodSync(privateKey, 0o600);
  t.strictSame(await check(tlsConfig, undefined, -30 * DAY_MS), []);
  t.match(await check(tlsConfig), [
    /^warning: tls_mgm.certificate: .* expires soon/,
    /^warning: tls_mgm.ca_list: .* expires/,
  ]);
  t.match(await check(tlsConfig, undefined, 5 * DAY_MS), [
    /^error: tls_mgm.certificate: .* has expired/,
    /^error: .*ca_list/,
  ]);
  chmodSync(privateKey, 0o604);
  t.match(await check(tlsConfig, undefined, -30 * DAY_MS), [/^error: tls_mgm.private_key: .* has mode 0604/]);
  chmodSync(privateKey, 0o600);
  writeFileSync(certificate, 'no certificate\n');
  t.match(await check(tlsConfig, undefined, -30 * DAY_MS), [
    /^error: tls_mgm.certificate: .* is no certificate in PEM/,
  ]);
});

t.test('the socket of commands', async (t) => {
  const path = join(tempFolder(t), 'twinreg.sock');
  const own = { ...config(''), miSocketPath: path };
  t.strictSame(await check(own), []);
  writeFileSync(path, '');
  t.match(await check(own), [/^error: mi.socket: .* is a file, no socket/]);
  rmSync(path);
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  chmodSync(path, 0o660);
  t.strictSame(await check(own), []);
  chmodSync(path, 0o666);
  t.match(await check(own), [
    /^error: mi.socket: .* has mode 0666: every user of this host may give the daemon orders/,
  ]);
});
