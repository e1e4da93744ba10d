import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Handover, type HandoverOutcome } from '../../lib/role/handover.ts';
import { HandoverFile, handoverPath } from '../../lib/role/handover-file.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/** A node whose keepalived and twin are the test. */
async function node(t: Test) {
  const folder = tempFolder(t);
  const path = handoverPath(folder);
  const clock = new ManualClock();
  const warnings: string[] = [];
  const told: string[] = [];
  const view = {
    isAddressHere: true,
    isTwinActive: false,
    twinName: 'node 2',
    trouble: undefined as string | undefined,
    obstacle: () => view.trouble,
  };
  const ignored = () => undefined;
  const warn = (_fields: object, message: string) => void warnings.push(message);
  const log = { debug: ignored, info: ignored, error: ignored, warn };
  const tell = (text: string) => void told.push(text);
  const handover = new Handover({ file: new HandoverFile(path), view, clock, log, tell });
  const said = () => readFileSync(path, 'utf8');
  /** Keepalived can read it, and the node has begun to look. */
  const asked = () => until(() => existsSync(path) && said() === '1\n' && clock.timerCount > 0);
  /** Time goes on, in steps in which what waits can have its turn. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 10) {
      clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  /** Time goes on until it has ended. */
  const ended = async (outcome: Promise<HandoverOutcome>) => {
    let found: HandoverOutcome | undefined;
    void outcome.then((value) => (found = value));
    return until(async () => {
      await pass(100);
      return found;
    });
  };
  return { folder, path, clock, warnings, told, view, handover, said, asked, pass, ended };
}

t.test('a start says 0, whatever an earlier life has left', async (t) => {
  for (const left of [undefined, '1\n', '', '1 and much more\n']) {
    const { handover, path, said } = await node(t);
    if (left !== undefined) writeFileSync(path, left);
    await handover.start();
    t.equal(said(), '0\n');
    if (left === undefined) t.equal(statSync(path).mode & 0o037, 0);
  }
});

t.test('keepalived is asked, and free again when the twin has taken over', async (t) => {
  const { handover, view, told, said, asked, pass, ended } = await node(t);
  await handover.start();
  const outcome = handover.run(10_000);
  await asked();
  await pass(100);
  view.isAddressHere = false;
  await pass(200);
  t.equal(said(), '1\n', 'an address that has only left is not handed over');
  view.isTwinActive = true;
  t.match(await ended(outcome), { kind: 'done' });
  t.equal(said(), '0\n');
  t.match(told, ['node 2 is to take over', /^done: the address left after \d+ ms, node 2 was active after \d+ ms$/]);
});

t.test('times are counted from the moment when keepalived was asked', async (t) => {
  const { handover, view, asked, pass, ended } = await node(t);
  const outcome = handover.run(10_000);
  await asked();
  await pass(500);
  view.isAddressHere = false;
  await pass(300);
  view.isTwinActive = true;
  const { addressLeftMs = 0, twinActiveMs = 0 } = (await ended(outcome)) as Partial<{
    addressLeftMs: number;
    twinActiveMs: number;
  }>;
  t.ok(addressLeftMs >= 480 && addressLeftMs < 700, String(addressLeftMs));
  t.ok(twinActiveMs >= addressLeftMs + 280 && twinActiveMs < addressLeftMs + 500, String(twinActiveMs));
});

t.test('nothing is tried while there is a reason against it', async (t) => {
  const { handover, view, path, told } = await node(t);
  view.trouble = 'node 2 is not in sync';
  t.equal(handover.obstacle(), 'node 2 is not in sync');
  t.same(await handover.run(10_000), { kind: 'refused', reason: 'node 2 is not in sync' });
  t.notOk(existsSync(path));
  t.same(told, []);
});

t.test('there is one at a time', async (t) => {
  const { handover, view, asked, ended } = await node(t);
  const first = handover.run(10_000);
  await asked();
  t.match(await handover.run(10_000), { kind: 'refused', reason: /^a handover is under way already, for \d s$/ });
  view.isAddressHere = false;
  view.isTwinActive = true;
  t.match(await ended(first), { kind: 'done' });
  t.equal(handover.obstacle(), undefined);
});

t.test('an address that stays is given up on, and what to look at is said', async (t) => {
  const { handover, said, asked, ended, path, told } = await node(t);
  const outcome = handover.run(2000);
  await asked();
  t.match(await ended(outcome), {
    kind: 'failed',
    reason: `the address was still here after 2.0 s: does keepalived run here, and does its configuration track the file ${path}?`,
  });
  t.equal(said(), '0\n');
  t.match(told.at(-1), /^given up: the address was still here/);
});

t.test('an address that nobody takes is taken back before the time is over', async (t) => {
  const { handover, view, clock, said, asked, ended } = await node(t);
  const outcome = handover.run(60_000);
  await asked();
  view.isAddressHere = false;
  const beganMs = clock.monotonicMs();
  t.match(await ended(outcome), {
    kind: 'failed',
    reason: /^the address left this host, but node 2 did not say within 3\.0 s /,
  });
  t.equal(said(), '0\n');
  t.ok(clock.monotonicMs() - beganMs < 10_000);
});

t.test('an address that comes back before the twin has it has not left', async (t) => {
  const { handover, view, asked, pass, ended } = await node(t);
  const outcome = handover.run(10_000);
  await asked();
  view.isAddressHere = false;
  await pass(100);
  view.isAddressHere = true;
  view.isTwinActive = true;
  await pass(100);
  view.isAddressHere = false;
  const { addressLeftMs = 0 } = (await ended(outcome)) as Partial<{ addressLeftMs: number }>;
  t.ok(addressLeftMs >= 150, String(addressLeftMs));
});

t.test('a node that stops leaves no 1 behind', async (t) => {
  const { handover, said, asked, view } = await node(t);
  const outcome = handover.run(10_000);
  await asked();
  await handover.stop();
  t.equal(said(), '0\n');
  t.same(await outcome, { kind: 'failed', reason: 'this node is stopping' });
  view.trouble = undefined;
  t.equal(handover.obstacle(), 'this node is stopping');
});

t.test('a node that stops at the very moment leaves no 1 behind either', async (t) => {
  const { handover, said } = await node(t);
  await handover.start();
  const outcome = handover.run(10_000);
  await handover.stop();
  t.equal(said(), '0\n');
  t.match(await outcome, { kind: 'failed' });
});

t.test('a file that cannot be written is a reason, and is tried again until it says 0', async (t) => {
  const { handover, path, clock, warnings, said } = await node(t);
  mkdirSync(path);
  t.match(await handover.run(10_000), {
    kind: 'failed',
    reason: /^keepalived could not be asked: .*handover cannot be written: EISDIR/,
  });
  t.match(warnings, [/given up/, /^the handover file cannot be written: while it says 1, /]);
  rmSync(path, { recursive: true });
  clock.advance(1000);
  await until(() => existsSync(path) && said() === '0\n');
  t.equal(clock.timerCount, 0);
});

t.test('what one could not write does not end the next one', async (t) => {
  const { handover, view, path, said, asked, pass, ended } = await node(t);
  mkdirSync(path);
  t.match(await handover.run(10_000), { kind: 'failed' });
  rmSync(path, { recursive: true });
  const outcome = handover.run(10_000);
  await asked();
  await pass(2000);
  t.equal(said(), '1\n');
  view.isAddressHere = false;
  view.isTwinActive = true;
  t.match(await ended(outcome), { kind: 'done' });
});

t.test('a disk that became full meanwhile keeps no 1', { skip: tmpfsSkip() }, async (t) => {
  const { folder, handover, said, asked, view, ended } = await node(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  t.teardown(() => execFileSync('umount', [folder]));
  await handover.start();
  t.throws(() => writeFileSync(join(folder, 'full'), Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' });
  const outcome = handover.run(10_000);
  await asked();
  view.isAddressHere = false;
  view.isTwinActive = true;
  t.match(await ended(outcome), { kind: 'done' });
  t.equal(said(), '0\n');
});

/** Why no file system can be mounted here, or false. */
function tmpfsSkip(): string | false {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs root, to mount a small disk';
  }
}
