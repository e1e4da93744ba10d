import t from 'tap';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, type DaemonOptions, type DumpedContact } from '../support/daemon.ts';
import { ENGINES } from '../support/engines.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ALICE = 'sip:alice@example.com';

const WRITE_THROUGH = 'usrloc:\n  working_mode_preset: single-instance-sql-write-through\n';
const NO_DB = 'usrloc:\n  working_mode_preset: single-instance-no-db\n';

/** Polls, since nothing tells when a flush is done. */
async function untilStored(daemon: Daemon): Promise<void> {
  for (;;) {
    const { storage } = await daemon.status();
    if (storage.mode !== 'none' && storage.pending_changes === 0) return;
  }
}

const again = ({ folder, address, port }: Daemon): DaemonOptions => ({ folder, address, port });

for (const engine of ENGINES) {
  t.test(`a phone registers over UDP and another over TCP, and the operator sees both (${engine.name})`, async (t) => {
    const daemon = await Daemon.start(t, { engine });
    const udp = await daemon.phone(t, 'udp');
    const tcp = await daemon.phone(t, 'tcp');

    const first = await udp.register({ aor: ALICE, expires: 600 });
    t.equal(first.status, 200);
    t.match(first.contacts, [`<${udp.contactUri('alice')}>;expires=600`]);
    const second = await tcp.register({ aor: ALICE, expires: 600 });
    t.equal(second.status, 200);
    t.equal(second.contacts.length, 2, 'each answer shows all bindings of the AoR');
    t.equal((await udp.request({})).status, 200, 'OPTIONS to the server itself');

    const dump = await daemon.twinreg('ul', 'dump', '--json');
    t.equal(dump.code, 0);
    const [{ name, AORs }] = JSON.parse(dump.out).Domains;
    t.equal(name, 'location');
    t.match(AORs, [{ AOR: 'alice@example.com', Contacts: [{ Cseq: 1, Flags: 0 }, { Cseq: 1 }] }]);
    t.same(
      AORs[0].Contacts.map(({ Contact }: DumpedContact) => Contact).sort(),
      [tcp.contactUri('alice'), udp.contactUri('alice')].sort(),
    );
    t.same(AORs[0].Contacts.map(({ Socket }: DumpedContact) => Socket).sort(), [
      `tcp:${daemon.address}:${daemon.port}`,
      `udp:${daemon.address}:${daemon.port}`,
    ]);

    const shown = await daemon.twinreg('ul', 'show', '--json', ALICE);
    t.match(JSON.parse(shown.out), { AOR: 'alice@example.com', Contacts: [{}, {}] });

    const status = JSON.parse((await daemon.twinreg('status', '--json')).out);
    // A drachtio-server has them in any order.
    t.same(status.listen.sort(), [`tcp:${daemon.address}:${daemon.port}`, `udp:${daemon.address}:${daemon.port}`]);
    t.match(status, {
      pid: daemon.pid,
      node_id: 1,
      data_folder: daemon.folder,
      users: 1,
      contacts: 2,
      registrations: { accepted: 2, rejected: 0 },
      storage: { mode: 'write-back', path: join(daemon.folder, 'location.db'), state: 'ok' },
      degraded: [],
    });
    t.match((await daemon.twinreg('status')).out, /bindings +2 contacts of 1 user\n/);

    const gone = await udp.register({ aor: ALICE, expires: 0, cseq: 2 });
    t.equal(gone.contacts.length, 1, 'what is left is the other phone');
  });

  t.test(`a phone that unregisters is gone (${engine.name})`, async (t) => {
    const daemon = await Daemon.start(t, { engine, config: NO_DB });
    const phone = await daemon.phone(t);
    const callId = 'one-phone';
    await phone.register({ aor: ALICE, callId, cseq: 1 });
    const removed = await phone.register({ aor: ALICE, callId, cseq: 2, expires: 0 });
    t.equal(removed.status, 200);
    t.same(removed.contacts, []);
    t.same(await daemon.contactsOf('alice@example.com'), []);
    const shown = await daemon.twinreg('ul', 'show', ALICE);
    t.match(shown, { code: 1, err: 'twinreg: alice@example.com has no contact registered\n' });
  });

  t.test(
    `SIGTERM ends it cleanly with everything on disk, and a second start on the same port and file works at once (${engine.name})`,
    async (t) => {
      const daemon = await Daemon.start(t, { engine });
      const udp = await daemon.phone(t, 'udp');
      const tcp = await daemon.phone(t, 'tcp');
      for (let i = 0; i < 50; i++) {
        t.equal((await (i % 2 === 0 ? udp : tcp).register({ aor: `sip:user${i}@example.com` })).status, 200);
      }
      const { code, signal, err } = await daemon.stop();
      t.equal(code, 0);
      t.equal(signal, null);
      t.equal(err, '');
      t.equal(daemon.log.at(-1)?.msg, 'stopped');
      t.notOk(existsSync(daemon.socketPath), 'the management socket is gone');
      t.notOk(existsSync(join(daemon.folder, 'location.db-wal')), 'the database is one file');

      const next = await Daemon.start(t, { ...again(daemon), engine });
      t.equal((await next.logged('serving'))['loadedBindings'], 50);
      for (let i = 0; i < 50; i++) t.equal((await next.contactsOf(`user${i}@example.com`)).length, 1);
      t.equal((await next.stop()).code, 0);
    },
  );

  t.test(
    `a binding that \`*\` removed before the stop is not among those that a start says it loaded (${engine.name})`,
    async (t) => {
      const daemon = await Daemon.start(t, { engine });
      const phone = await daemon.phone(t);
      const callId = 'one-phone';
      await phone.register({ aor: ALICE, callId, cseq: 1 });
      await phone.register({ aor: 'sip:bob@example.com' });
      t.equal((await phone.register({ aor: ALICE, callId, cseq: 2, contacts: ['*'], expires: 0 })).status, 200);
      await daemon.stop();
      const next = await Daemon.start(t, { ...again(daemon), engine });
      t.equal((await next.logged('serving'))['loadedBindings'], 1);
      t.same(
        (await next.dump()).map(({ AOR }) => AOR),
        ['bob@example.com'],
      );
    },
  );

  t.test(`with write-through every answered registration is back after kill -9 (${engine.name})`, async (t) => {
    const daemon = await Daemon.start(t, { engine, config: WRITE_THROUGH });
    const phone = await daemon.phone(t);
    const answered: string[] = [];
    let stopped = false;
    // Several under way at once, so that the kill meets some in each state: unsent, unanswered, answered.
    const streams = Array.from({ length: 8 }, async (_, stream) => {
      for (let i = 0; !stopped; i++) {
        const aor = `user${stream}-${i}@example.com`;
        const response = await phone.register({ aor: `sip:${aor}` });
        if (response.status === 200) answered.push(aor);
        if (answered.length === 300) {
          stopped = true;
          daemon.signal('SIGKILL');
        }
      }
    });
    const { signal } = await daemon.ended();
    t.equal(signal, 'SIGKILL');
    phone.close();
    await Promise.allSettled(streams);

    const next = await Daemon.start(t, { ...again(daemon), engine, config: WRITE_THROUGH });
    const back = new Set((await next.dump({ brief: 1 })).map(({ AOR }) => AOR));
    t.ok(answered.length >= 300);
    t.same(
      answered.filter((aor) => !back.has(aor)),
      [],
    );
  });

  t.test(`a stop while answers wait for the disk answers them first (${engine.name})`, async (t) => {
    const config = `${WRITE_THROUGH}  flush_interval_ms: 20\n`;
    const daemon = await Daemon.start(t, { engine, config });
    const phone = await daemon.phone(t, 'tcp');
    const answered = new Set<string>();
    const streams = Promise.allSettled(
      Array.from({ length: 8 }, async (_, stream) => {
        for (let i = 0, isServed = true; isServed; i++) {
          const aor = `user${stream}-${i}@example.com`;
          isServed = (await phone.register({ aor: `sip:${aor}` })).status === 200;
          if (isServed && answered.add(aor).size === 200) daemon.signal('SIGTERM');
        }
      }),
    );
    t.equal((await daemon.ended()).code, 0);
    // All answers are read by then: they came before the end of the connection, or before the server's own 503.
    if (daemon.server === undefined) await streams;
    else t.equal((await phone.request({})).status, 503);
    phone.close();
    await streams;

    const next = await Daemon.start(t, { ...again(daemon), engine, config });
    const bound = (await next.dump({ brief: 1 })).map(({ AOR }) => AOR);
    t.ok(bound.length >= 200);
    t.same(
      bound.filter((aor) => !answered.has(aor)),
      [],
    );
  });
}

t.test('a mark is on disk before the first phone is served', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  t.equal((await phone.register({ aor: ALICE })).status, 200);
  t.match(await daemon.status(), { degraded: [], storage: { last_flush_ms_ago: Number } });
});

t.test(
  'a registration that is on disk survives kill -9 with write-back, and the stale socket is no obstacle',
  async (t) => {
    const daemon = await Daemon.start(t);
    const phone = await daemon.phone(t);
    await phone.register({ aor: ALICE });
    await untilStored(daemon);
    await daemon.kill();
    t.ok(existsSync(daemon.socketPath), 'the socket was left behind');
    const next = await Daemon.start(t, again(daemon));
    t.match(await next.contactsOf('alice@example.com'), [{ Contact: phone.contactUri('alice') }]);
  },
);

t.test('files and the socket are for the owner and the group only', async (t) => {
  const folder = join(tempFolder(t), 'data');
  const daemon = await Daemon.start(t, { folder });
  const mode = (path: string) => statSync(path).mode & 0o777;
  t.equal(mode(folder), 0o750);
  t.equal(mode(daemon.socketPath), 0o660);
  t.equal(mode(join(folder, 'location.db')) & 0o007, 0);
});

t.test('the management commands answer as in OpenSIPS', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  await phone.register({ aor: ALICE });
  t.match(await daemon.mi('version'), { Server: /^twinreg \(0\.\d+\.\d+ \(.*\/linux\)\)$/ });
  t.match(await daemon.mi('ps'), { Processes: [{ ID: 0, PID: daemon.pid }] });
  t.match(await daemon.mi('uptime'), { 'Up time': /^\d+ \[sec\]$/ });
  const names = await daemon.mi('which');
  for (const name of ['version', 'get_statistics', 'nh_enable_ping', 'ul_add', 'ul_dump', 'which']) {
    t.ok(Array.isArray(names) && names.includes(name), `${name} is there`);
  }
  await t.rejects(daemon.mi('ul_rm_everything'), { message: 'Method not found' });
  await t.rejects(daemon.mi('ul_show_contact', { table_name: 'location', aor: 'alice' }), {
    code: 400,
    message: 'Domain missing in AOR',
  });
  await t.rejects(daemon.mi('ul_show_contact', { table_name: 'location', aor: 'bob@example.com' }), { code: 404 });
  await t.rejects(daemon.mi('ul_show_contact', { aor: 'alice@example.com' }), {
    message: /Named parameters do not match/,
  });
});

t.test('log_level changes what is logged while it runs', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  t.match(await daemon.mi('log_level'), { Processes: [{ PID: daemon.pid, 'Log level': 3 }] });
  t.match(await daemon.mi('log_level', { level: 4 }), { 'New global log level': 4 });
  t.equal((await phone.register({ aor: 'sip:example.com' })).status, 400);
  t.match(await daemon.logged('REGISTER refused'), { level: 20, subsystem: 'registrar', status: 400 });
});

t.test('a row of quick restarts does not make the node doubt the clock', async (t) => {
  const folder = tempFolder(t);
  for (let restart = 0; restart < 4; restart++) {
    const daemon = await Daemon.start(t, { folder });
    await (await daemon.phone(t)).register({ aor: 'sip:alice@example.com', cseq: restart + 1, callId: 'one' });
    t.same((await daemon.status()).degraded, []);
    t.notOk(daemon.log.some(({ msg }) => msg.startsWith('the wall clock is behind')));
    t.equal((await daemon.stop()).code, 0);
  }
});
