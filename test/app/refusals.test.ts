import t, { type Test } from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, twinreg, type DaemonOptions } from '../support/daemon.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NO_DB = 'usrloc:\n  working_mode_preset: single-instance-no-db\n';

async function failsToStart(t: Test, options: DaemonOptions): Promise<string> {
  const err = await Daemon.start(t, options).then(
    () => t.fail('it started'),
    (err: Error) => err,
  );
  return err instanceof Error ? err.message : '';
}

t.test('a port in use is named, with what to do, and the exit code is 1', async (t) => {
  const address = loopbackAddress();
  const port = await freePort(address);
  const other = createSocket('udp4').bind(port, address);
  t.teardown(() => other.close());
  await once(other, 'listening');
  const folder = tempFolder(t);
  const { code, err, out } = await twinreg(['run', '--data', folder, '--listen', `sip:${address}:${port}`]);
  t.equal(code, 1);
  t.match(err, new RegExp(`^twinreg: .*udp:${address}:${port}.*another process.*--listen`));
  t.equal(err.split('\n').length, 2, 'one sentence and no stack');
  t.notMatch(out, /"serving"/);
  t.notOk(existsSync(join(folder, 'twinreg.sock')), 'nothing is left behind');
});

t.test('a second daemon on the same data is refused with the reason, and the first goes on', async (t) => {
  for (const config of [undefined, NO_DB]) {
    const options = config === undefined ? {} : { config };
    const daemon = await Daemon.start(t, options);
    const message = await failsToStart(t, { ...options, folder: daemon.folder });
    t.match(message, /^the daemon ended \(1\).*(already|in use|another)/);
    t.match(message, config === undefined ? /location\.db/ : /twinreg\.sock/);
    const phone = await daemon.phone(t);
    t.equal((await phone.register({ aor: 'sip:alice@example.com' })).status, 200);
    await daemon.stop();
  }
});

t.test('a wrong configuration says all that is wrong and ends with 2', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'wrong.yaml');
  writeFileSync(path, 'usrloc:\n  matchin_mode: 0\n  cseq_delay: forty\nregistrar:\n  max_expires: 100000\n');
  for (const command of ['run', 'check-config']) {
    const { code, err, out } = await twinreg([command, '-f', path, '--data', folder]);
    t.equal(code, 2, command);
    t.equal(out, '');
    t.match(err, /wrong\.yaml:2: usrloc\.matchin_mode: .*matching_mode/);
    t.match(err, /wrong\.yaml:3: usrloc\.cseq_delay: .*"forty"/);
    t.match(err, /wrong\.yaml:5: registrar\.max_expires: .*86400/);
  }
  t.match(await twinreg(['run', '-f', join(folder, 'none.yaml')]), {
    code: 2,
    err: /none\.yaml: there is no such file/,
  });
});

t.test(
  'a file with a secret or a certificate that will not do is a wrong configuration, for check-config too',
  async (t) => {
    const folder = tempFolder(t);
    const path = join(folder, 'pair.yaml');
    const tls = '{certificate: cert.pem, private_key: key.pem, ca_list: ca.pem}';
    const cluster = 'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}';
    const secret = 'clusterer: {my_node_id: 1, secret_file: secret}';
    writeFileSync(path, `${cluster}\n${secret}\ntls_mgm: ${tls}\nmi: {http_token_file: token}\n`);
    writeFileSync(join(folder, 'cert.pem'), '\n');
    const own = loopbackAddress();
    const args = ['-f', path, '--data', folder, '--listen', `sip:${own}`, '--listen', `bins:${own}`];
    const started = await twinreg(['run', ...args]);
    t.equal(started.code, 2, started.err);
    const checked = await twinreg(['check-config', ...args]);
    t.match(checked, { code: 2, out: '' });
    for (const { err } of [started, checked]) {
      t.match(err, `clusterer.secret_file: ${folder}/secret does not exist\n`);
      t.match(err, `tls_mgm.certificate: ${folder}/cert.pem is empty\n`);
      t.match(err, `tls_mgm.private_key: ${folder}/key.pem does not exist\n`);
    }
    t.match(checked.err, `mi.http_token_file: ${folder}/token does not exist\n`, 'all at once');
    t.match(JSON.parse(started.out.trim().split('\n').at(-1) ?? ''), {
      msg: 'failed',
      reason: /secret does not exist/,
    });
  },
);

t.test('a data folder below one that takes none is named, too', async (t) => {
  const { code, err } = await twinreg(['run', '--data', '/proc/none/here', '--listen', `udp:${loopbackAddress()}`]);
  t.equal(code, 1);
  t.match(err, /^twinreg: --data: the data folder \/proc\/none\/here cannot be made: .*choose another one\n$/);
});

t.test('a data folder that cannot be made is named', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const { code, err } = await twinreg([
    'run',
    '--data',
    join(folder, 'file', 'below'),
    '--listen',
    `udp:${loopbackAddress()}`,
  ]);
  t.equal(code, 1);
  t.match(err, /^twinreg: --data: the data folder .*file\/below cannot be made: .*choose another one\n$/);
});

t.test('a database that is none is named, left as it is, and the exit code is 1', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'location.db');
  writeFileSync(path, 'this is a letter to my aunt, and not a database\n'.repeat(100));
  const { code, err } = await twinreg(['run', '--data', folder, '--listen', `udp:${loopbackAddress()}`]);
  t.equal(code, 1);
  t.match(err, /^twinreg: db_url: .*location\.db.*\n$/);
  t.equal(err.split('\n').length, 2, 'one sentence and no stack');
  t.match(readFileSync(path, 'utf8'), /^this is a letter to my aunt/);
});
