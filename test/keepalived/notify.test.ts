import t from 'tap';
import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { notify, startNotify, startScript, type ScriptPlace } from '../support/appliance-script.ts';
import { Daemon } from '../support/daemon.ts';
import { FakeManagement } from '../support/fake-management.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const skips = [requireTool('curl').skip, requireTool('flock', 'util-linux').skip];
const skip = skips.find((reason) => reason !== false) ?? false;

const OK = '{"jsonrpc":"2.0","result":"OK","id":1}';

t.test('it tells a daemon each state of keepalived', { skip }, async (t) => {
  const daemon = await Daemon.start(t, { http: true });
  const place = placeOf(daemon);
  for (const [state, status, role] of [
    ['BACKUP', 0, 'passive'],
    ['MASTER', 1, 'active'],
    ['MASTER', 1, 'active'],
    ['FAULT', 0, 'passive'],
    ['FAULT', 0, 'passive'],
    ['MASTER', 1, 'active'],
    ['STOP', 0, 'passive'],
  ] as const) {
    const { code, err } = await notify(t, place, state);
    t.equal(code, 0, err);
    t.match(err, `${state}: nh_enable_ping ${status}`);
    t.same(await daemon.mi('nh_enable_ping'), { Status: status }, state);
    t.equal(roleIn(daemon.folder), role);
    t.equal(stateIn(daemon.folder), state);
  }
});

t.test('a daemon with natping_interval 0 is told its role all the same', { skip }, async (t) => {
  const daemon = await Daemon.start(t, { http: true, config: 'nathelper: {natping_interval: 0}' });
  const { code, err } = await notify(t, placeOf(daemon), 'BACKUP');
  t.equal(code, 0, err);
  t.match(await daemon.status(), { pings: { enabled: false, interval_s: 0 } });
});

t.test('where management asks for a token and has another path, both scripts find their way', { skip }, async (t) => {
  const token = `\\"${'x'.repeat(20)}"\\`;
  const tokenFile = join(tempFolder(t), 'token');
  writeFileSync(tokenFile, `\n ${token} \n`);
  const address = loopbackAddress();
  const http = `${address}:${String(await freePort(address))}`;
  const config = `mi: {http: "${http}", http_root: rpc, http_token_file: ${tokenFile}, fifo_name: off}`;
  const daemon = await Daemon.start(t, { address, config });
  const place = { folder: daemon.folder, mi: `http://${http}/rpc` };
  t.match(await startScript(t, 'check.sh', place).ended, { code: 0 });
  const { code, err } = await notify(t, { ...place, tokenFile }, 'BACKUP');
  t.equal(code, 0, err);
  t.same(await daemon.mi('nh_enable_ping'), { Status: 0 });
});

t.test('while no daemon runs the role file is written, and a daemon that starts late is told', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  await management.stop();
  const script = startNotify(t, place, 'BACKUP');
  await until(() => roleIn(place.folder) === 'passive');
  const daemon = await Daemon.start(t, { folder: place.folder });
  t.equal((await daemon.status()).pings.enabled, false, 'a daemon that starts finds its role');
  await management.start();
  const { code, err } = await script.ended;
  t.equal(code, 0, err);
  t.same(management.told, [0]);
  t.match(err, /BACKUP: the daemon could not be told yet .*\n.*BACKUP: nh_enable_ping 0/);
});

t.test('calls that run at one time end with the last one, whatever the daemon was doing', { skip }, async (t) => {
  const daemon = await Daemon.start(t, { http: true });
  for (const states of [
    ['MASTER', 'BACKUP'],
    ['BACKUP', 'MASTER'],
    ['MASTER', 'BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER', 'BACKUP', 'MASTER', 'FAULT'],
    ['BACKUP', 'MASTER', 'BACKUP', 'MASTER', 'BACKUP', 'MASTER', 'BACKUP', 'BACKUP', 'MASTER'],
  ]) {
    const ends = await Promise.all(states.map((state) => notify(t, placeOf(daemon), state)));
    t.same(
      ends.map(({ code }) => code),
      states.map(() => 0),
    );
    const isActive = states.at(-1) === 'MASTER';
    t.same(await daemon.mi('nh_enable_ping'), { Status: Number(isActive) }, states.join(' '));
    t.equal(stateIn(daemon.folder), states.at(-1), states.join(' '));
    t.equal(roleIn(daemon.folder), isActive ? 'active' : 'passive');
  }
});

t.test('a 1 that waits in a daemon that hangs does not overtake the 0 that came after it', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  const thawed = Promise.withResolvers<undefined>();
  // As the daemon does: it stores the role before it answers, over what a script has written.
  management.answerWith(async (order) => {
    await thawed.promise;
    writeFileSync(join(place.folder, 'role'), order === 1 ? 'active 1732650000000\n' : 'passive\n');
    return OK;
  });
  const master = startNotify(t, place, 'MASTER');
  await until(() => management.asked.length > 0);
  const backup = startNotify(t, place, 'BACKUP');
  await until(() => management.asked.includes(0));
  t.equal(roleIn(place.folder), 'passive');
  thawed.resolve(undefined);
  t.same([(await master.ended).code, (await backup.ended).code], [0, 0]);
  t.equal(management.told.at(-1), 0);
  t.equal(roleIn(place.folder), 'passive');
});

t.test('while one order is being answered no other one is sent', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  // Shorter than a script waits for an answer.
  const answered = (order: number) => new Promise<string>((resolve) => setTimeout(() => resolve(OK), order * 1000));
  management.answerWith(answered);
  const master = startNotify(t, place, 'MASTER');
  await until(() => management.asked.length > 0);
  t.same([(await notify(t, place, 'BACKUP')).code, (await master.ended).code], [0, 0]);
  t.same(management.told, [1, 0], 'the younger one comes to the daemon last');
});

t.test('a script that starts late sends the order of a younger one', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const lock = join(place.folder, 'role.lock');
  writeFileSync(lock, `${boot} 999999999999 1 0\n`);
  writeFileSync(join(place.folder, 'keepalived'), 'FAULT\n');
  t.equal((await notify(t, place, 'MASTER')).code, 0);
  t.same(management.told, [0]);
  t.equal(roleIn(place.folder), 'passive');
  t.equal(stateIn(place.folder), 'FAULT');

  for (const [name, content] of [
    ['an older script', `${boot} 1 1 0\n`],
    ['one from before the machine was started', 'de305d54-75b4-431b-adb2-eb6b9e546014 999999999999 1 0\n'],
    ['nothing usable', `${boot} \n`],
    ['nothing', ''],
  ] as const) {
    writeFileSync(lock, content);
    t.equal((await notify(t, place, 'MASTER')).code, 0, name);
    t.equal(management.told.at(-1), 1, name);
    t.equal(roleIn(place.folder), 'active', name);
    t.equal(stateIn(place.folder), 'MASTER', name);
  }
});

t.test('the state is there before the daemon is told, and as old as it is', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  const [seen, writtenAt] = [[] as (string | undefined)[], [] as number[]];
  management.answerWith(() => {
    seen.push(stateIn(place.folder));
    writtenAt.push(statSync(join(place.folder, 'keepalived')).mtimeMs);
    return OK;
  });
  for (const state of ['BACKUP', 'FAULT', 'FAULT']) t.equal((await notify(t, place, state)).code, 0);
  t.same(seen, ['BACKUP', 'FAULT', 'FAULT']);
  t.equal(writtenAt[1], writtenAt[2], 'what is said again is no newer');
});

const isRoot = process.getuid?.() === 0;
t.test('what root writes is the daemon’s', { skip: isRoot ? skip : 'for root only' }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  chownSync(place.folder, 12345, 12346);
  t.equal((await notify(t, place, 'FAULT')).code, 0);
  for (const name of ['role', 'role.lock', 'keepalived']) {
    const { uid, gid, mode } = statSync(join(place.folder, name));
    t.same({ uid, gid, mode: mode & 0o777 }, { uid: 12345, gid: 12346, mode: 0o640 }, name);
  }
});

t.test('what the daemon refuses is tried again', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  management.answerWith(() => {
    if (management.told.length > 1) return OK;
    return '{"jsonrpc":"2.0","error":{"code":500,"message":"the role file cannot be written"},"id":1}';
  });
  const { code, err } = await notify(t, place, 'MASTER');
  t.equal(code, 0, err);
  t.same(management.told, [1, 1, 1]);
  t.match(err, /could not be told yet .*the role file cannot be written/);
});

t.test('keepalived ends and takes its scripts along: STOP goes on, others end', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  await management.stop();
  const master = startNotify(t, place, 'MASTER');
  await until(() => roleIn(place.folder) === 'active');
  master.signal('SIGTERM');
  t.equal((await master.ended).signal, 'SIGTERM');

  const stop = startNotify(t, place, 'STOP');
  await until(() => roleIn(place.folder) === 'passive');
  stop.signal('SIGTERM');
  await management.start();
  t.equal((await stop.ended).code, 0);
  t.same(management.told, [0]);
});

t.test('a daemon that does not run is given up with a sentence, and will find the role', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  await management.stop();
  const { code, err } = await notify(t, place, 'STOP');
  t.equal(code, 1);
  t.match(err, `STOP: the daemon was not told within 5 s (nh_enable_ping 0 at ${place.mi})`);
  t.equal(roleIn(place.folder), 'passive');
});

t.test('a folder that cannot be written is said, and the daemon is told all the same', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const folder = join(tempFolder(t), 'nowhere');
  const { code, err } = await notify(t, { folder, mi: management.mi }, 'MASTER');
  t.equal(code, 1);
  t.match(err, `${folder}/role.lock cannot be written`);
  t.same(management.told, [1]);
});

t.test('wrong arguments are an error of their own, and change nothing', { skip }, async (t) => {
  const management = await FakeManagement.start(t);
  const place = { folder: tempFolder(t), mi: management.mi };
  for (const words of [[], ['MASTER'], ['INSTANCE', 'twinreg', 'master'], ['INSTANCE', 'twinreg']]) {
    const { code, err } = await startScript(t, 'notify.sh', place, ...words).ended;
    t.equal(code, 2, words.join(' '));
    t.match(err, `wrong arguments: '${words.join(' ')}'`);
  }
  t.same(management.told, []);
  t.equal(roleIn(place.folder), undefined);
});

function placeOf({ folder, address, httpPort }: Daemon): ScriptPlace {
  return { folder, mi: `http://${address}:${String(httpPort)}/mi` };
}

const roleIn = (folder: string) => wordIn(folder, 'role');
const stateIn = (folder: string) => wordIn(folder, 'keepalived');

/** The first word of a file. */
function wordIn(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8').split(/\s/)[0];
  } catch {
    return undefined;
  }
}
