import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import type { DaemonAnswer } from '../../lib/doctor/daemon-answer.ts';
import { checkDataFolder, readDataFolderFacts, type DataFolderFacts } from '../../lib/doctor/data-folder.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answer, NOT_RUNNING } from './support/healthy.ts';
import { said } from './support/said.ts';

const SILENT: DaemonAnswer = { kind: 'silent', reason: 'hangs', remedy: 'restart it' };
const RUNNING = answer({ pid: process.pid });

/** The folder of a node that runs, for a while already. */
function healthyFolder(t: Test): string {
  const folder = tempFolder(t);
  for (const [name, text] of [
    ['role', 'passive\n'],
    ['down', '0\n'],
    ['handover', '0\n'],
    ['location.db', 'x'],
  ] as const) {
    writeFileSync(join(folder, name), text, { mode: 0o640 });
  }
  age(join(folder, 'down'), 60);
  return folder;
}

function age(path: string, seconds: number): void {
  const at = systemClock.wallMs() / 1000 - seconds;
  utimesSync(path, at, at);
}

async function check(folder: string, state: DaemonAnswer = RUNNING, changed: Partial<DataFolderFacts> = {}) {
  const facts = await readDataFolderFacts(folder, state, true, systemClock);
  // Whoever runs the tests may have little room.
  return said(checkDataFolder({ ...facts, freeBytes: 2 ** 40, ...changed }));
}

t.test('a folder as the daemon makes it, and nothing in it is changed', async (t) => {
  const folder = healthyFolder(t);
  const look = () => readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
  const before = look();
  t.strictSame(await check(folder), []);
  t.strictSame(look(), before);
});

t.test('a folder that is not there, is a file, or is open to all', async (t) => {
  const folder = healthyFolder(t);
  t.match(await check(join(folder, 'nonesuch')), [/^error: the data folder .*nonesuch does not exist/]);
  t.match(await check(join(folder, 'role')), [/^error: the data folder .* is a file, no folder/]);
  chmodSync(folder, 0o755);
  t.match(await check(folder), [/^warning: the data folder .* has mode 0755/]);
});

t.test('files that the daemon may not write', { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const folder = healthyFolder(t);
  chownSync(folder, 12_345, 12_345);
  const found = await check(folder, NOT_RUNNING, {});
  t.match(
    found.find((line) => line.includes('location.db')),
    /^error: the daemon's user \(12345\) may not write .* \(owner 0, mode 0640\)/,
  );
  t.match(
    found.find((line) => line.includes('/down')),
    /^warning: .*may not write .* as twinreg.service does/,
  );
  chmodSync(folder, 0o550);
  t.match(await check(folder, NOT_RUNNING), [
    /^error: the daemon's user \(12345\) may not write in the data folder/,
    /^error: .*down says 0/,
  ]);
});

t.test('too little room, and a disk that is mounted read-only', async (t) => {
  const folder = healthyFolder(t);
  t.match(await check(folder, RUNNING, { freeBytes: 50 * 2 ** 20 }), [/^warning: 50 MiB are free/]);
  t.match(await check(folder, RUNNING, { freeBytes: 1000 }), [/^error: 0 MiB are free/]);
  t.match(await check(folder, RUNNING, { freeBytes: undefined }), [/^unchecked: free space/]);
  t.match(await check(folder, RUNNING, { isReadOnly: true }), [/^error: .* mounted read-only/]);
  t.match(await check(folder, RUNNING, { entries: undefined }), [/^unchecked: what is in the data folder/]);
});

t.test('a role file that says nothing', async (t) => {
  const folder = healthyFolder(t);
  const role = join(folder, 'role');
  writeFileSync(role, 'perhaps\n');
  t.match(await check(folder), [/^error: the role file .* says nothing usable: "perhaps\\n"/]);
  rmSync(role);
  t.strictSame(await check(folder), [], 'nobody has ordered the role yet');
  mkdirSync(role);
  t.match(await check(folder), [/^error: the role file .* is a folder, no file/]);
});

t.test('a FIFO in place of each file holds nothing up', async (t) => {
  const folder = healthyFolder(t);
  for (const name of ['role', 'down', 'handover']) {
    rmSync(join(folder, name));
    execFileSync('mkfifo', [join(folder, name)]);
  }
  t.match(await check(folder), [
    /role is? ?.*a FIFO|role file .* is a FIFO/,
    /down, which .*it is a FIFO/,
    /handover, which .*it is a FIFO/,
  ]);
});

t.test('the file `down` and the daemon agree', async (t) => {
  const folder = healthyFolder(t);
  const down = join(folder, 'down');
  t.match(await check(folder, NOT_RUNNING), [/^error: .*down says 0 while the daemon does not run/]);
  t.strictSame(await check(folder, SILENT), [], 'it may run, and may not');
  writeFileSync(down, '1\n');
  t.strictSame(await check(folder, NOT_RUNNING), []);
  t.match(await check(folder), [/^error: .*down says 1 while the daemon runs/]);
  t.strictSame(await check(folder, SILENT), [], 'it may have ended');
  writeFileSync(down, 'yes\n');
  t.match(await check(folder), [/^error: .*down, which keepalived tracks, has no number in it: "yes"/]);
  writeFileSync(down, 'x'.repeat(1000));
  t.match(await check(folder), [/^error: .*down, which .* cannot be used: it has more than 64 bytes/]);
  rmSync(down);
  t.match(await check(folder), [/^error: .*down, which keepalived tracks, does not exist/]);
  t.notOk(existsSync(down));
});

t.test('a supervisor that has only just started the daemon is not blamed', async (t) => {
  const folder = healthyFolder(t);
  const down = join(folder, 'down');
  age(down, 1);
  t.strictSame(await check(folder, NOT_RUNNING), [], 'it starts, or ends again and again');
  age(down, 20);
  const facts = await readDataFolderFacts(folder, NOT_RUNNING, true, systemClock);
  const remedies = checkDataFolder({ ...facts, freeBytes: 2 ** 40 }).map(({ remedy }) => remedy);
  t.match(remedies, [/^start it/]);
  t.notMatch(remedies.join(), /echo 1/, 'which would keep the address away from a daemon that is well');
});

t.test('a handover that goes on', async (t) => {
  const folder = healthyFolder(t);
  writeFileSync(join(folder, 'handover'), '1\n');
  t.match(await check(folder), [/^warning: .*handover says 1: keepalived keeps the address away/]);
});

t.test('without keepalived nobody needs these files', async (t) => {
  const folder = healthyFolder(t);
  for (const name of ['down', 'handover']) rmSync(join(folder, name));
  const facts = await readDataFolderFacts(folder, RUNNING, false, systemClock);
  t.strictSame(said(checkDataFolder({ ...facts, freeBytes: 2 ** 40 })), []);
});
