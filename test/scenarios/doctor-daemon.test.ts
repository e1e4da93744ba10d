import t, { type Test } from 'tap';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import type { Finding } from '../../lib/doctor/finding.ts';
import { FileLock } from '../../lib/storage/file-lock.ts';
import { Daemon } from '../support/daemon.ts';

/** Named, the files by which keepalived and the daemon agree are looked at; what is said of it itself does not count here. */
const KEEPALIVED_CONF = resolve(import.meta.dirname, '../../keepalived/keepalived.conf');

/** A daemon whose supervisor said a while ago that it runs. */
async function tracked(t: Test): Promise<Daemon> {
  const daemon = await Daemon.start(t, { http: true });
  const down = join(daemon.folder, 'down');
  writeFileSync(down, '0\n');
  const at = systemClock.wallMs() / 1000 - 60;
  utimesSync(down, at, at);
  return daemon;
}

/** Errors of the daemon, its ports and its data folder. */
async function errors(daemon: Daemon): Promise<readonly Finding[]> {
  const { configPath, address, port } = daemon;
  const listen = ['--listen', `sip:${address}:${String(port)}`];
  const { out } = await daemon.twinreg(
    'doctor',
    '--json',
    '--config',
    configPath,
    ...listen,
    '--keepalived',
    KEEPALIVED_CONF,
  );
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  return findings.filter(
    ({ level, found }) => level === 'error' && /daemon does|^listen|^mi.http: |\/down says/.test(found),
  );
}

t.test('a daemon that runs without its management socket is to be restarted, and nothing else', async (t) => {
  const daemon = await tracked(t);
  t.strictSame(await errors(daemon), []);
  rmSync(daemon.socketPath);
  const expected = {
    level: 'error',
    found: `the daemon does not answer: it (process ${String(daemon.pid)}) runs, and its management socket ${daemon.socketPath} is gone, or something else is in its place`,
    remedy: /^restart it \(systemctl restart twinreg\)/,
  };
  const found = await errors(daemon);
  t.match(found, [expected]);
  t.equal(found.length, 1);

  writeFileSync(daemon.socketPath, '');
  t.match(await errors(daemon), [expected], 'a file that is no socket stands there');
});

t.test('a daemon that has no socket yet, or no longer, is waited for', async (t) => {
  const daemon = await tracked(t);
  await daemon.stop();
  // As the daemon has it from before it reads its table until it has written everything.
  const lock = FileLock.take(join(daemon.folder, 'location.db'), process.pid);
  if (!(lock instanceof FileLock)) throw new Error('somebody else has the database');
  const found = await errors(daemon);
  lock.release();
  t.match(found, [
    {
      found: new RegExp(`^the daemon does not answer: it \\(process ${String(process.pid)}\\) starts or ends: `),
      remedy: /^wait a moment/,
    },
  ]);
  t.equal(found.length, 1);
  t.match(await errors(daemon), [
    { found: /^the daemon does not answer: there is no socket/ },
    { found: /\/down says 0 while the daemon does not run/, remedy: /^start it/ },
  ]);
});
