import t, { type Test } from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Daemon } from '../support/daemon.ts';
import { DOUBLE_COMMAND, DrachtioProcess, realDrachtio } from '../support/drachtio/drachtio-process.ts';
import type { DrachtioServer } from '../support/drachtio/place.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { cseqsOf, tableOf } from '../support/shown-table.ts';
import { until } from '../support/until.ts';

/** A server answers what is sent again as it did before, its own 503 too, for so long. */
const TIMERS = { t1x64Ms: 4000 };

const real = realDrachtio();

const SERVERS = [
  {
    name: 'a double',
    skip: false,
    open: (t: Test): Promise<DrachtioServer> => DrachtioProcess.start(t, DOUBLE_COMMAND, { timers: TIMERS }),
  },
  {
    name: 'a real drachtio-server',
    skip: real.skip,
    open: (t: Test): Promise<DrachtioServer> => {
      if (real.skip !== false) throw new Error(real.skip);
      return DrachtioProcess.start(t, real.command, { timers: TIMERS });
    },
  },
] as const;

const PER_SECOND = 300;
/** Enough that some are left when those are stuck whose requests the server lost: it answers nothing that is sent again for 64 seconds. */
const PHONES = 4000;

function daemonBehind(t: Test, server: DrachtioServer, rest = ''): Promise<Daemon> {
  const { address, sipPort, adminAddress, adminPort, secret } = server;
  const sip = `sip: {engine: drachtio, drachtio_host: ${adminAddress}, drachtio_port: ${String(adminPort)}, drachtio_secret: ${secret}}\n`;
  return Daemon.start(t, { address, port: sipPort, http: true, config: sip + rest });
}

async function readiness(daemon: Daemon): Promise<number> {
  return (await fetch(`http://${daemon.address}:${String(daemon.httpPort)}/ready`)).status;
}

/** A phone that registers and answers pings, or does not. */
async function pingedPhone(t: Test, daemon: Daemon, user: string, answers: boolean) {
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  let pings = 0;
  socket.on('message', (message, from) => {
    const text = message.toString('latin1');
    if (!text.startsWith('OPTIONS ')) return;
    pings++;
    const rows = text.split('\r\n').filter((row) => /^(Via|From|To|Call-ID|CSeq):/.test(row));
    const reply = [
      'SIP/2.0 200 OK',
      ...rows.map((row) => (row.startsWith('To:') ? `${row};tag=p` : row)),
      'Content-Length: 0',
    ];
    if (answers) socket.send(`${reply.join('\r\n')}\r\n\r\n`, from.port, from.address);
  });
  socket.bind(0, daemon.address);
  await once(socket, 'listening');
  const place = `${daemon.address}:${String(socket.address().port)}`;
  socket.send(
    `REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP ${place};branch=z9hG4bK${user};rport\r\nMax-Forwards: 70\r\n` +
      `From: <sip:${user}@example.com>;tag=${user}\r\nTo: <sip:${user}@example.com>\r\nCall-ID: ${user}\r\nCSeq: 1 REGISTER\r\n` +
      `Contact: <sip:${user}@${place}>\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n`,
    daemon.port,
    daemon.address,
  );
  await until(async () => (await daemon.contactsOf(`${user}@example.com`)).length === 1);
  return { pings: () => pings };
}

for (const { name, skip, open } of SERVERS) {
  t.test(`killed under load, ${name} comes back and nothing that was answered is lost`, { skip }, async (t) => {
    const server = await open(t);
    const daemon = await daemonBehind(t, server);
    const phones = await RecordingPhones.start(t, sipOf(server), { perSecond: PER_SECOND, phones: PHONES });
    await phones.answers(500);
    await server.kill();
    await until(async () => (await readiness(daemon)) === 503);
    await server.start();
    await until(async () => (await readiness(daemon)) === 200);
    await phones.answers(phones.answeredCount + 1000);
    await phones.stop();
    const told = phones.records();
    t.same(contradicted(told, told, cseqsOf(tableOf(await daemon.dump()))), []);
    t.match((await daemon.status()).drachtio, { connected: true, connects: 2, losses: 1 });
  });

  t.test(`hung under load, ${name} is given up, and served when it goes on`, { skip }, async (t) => {
    const server = await open(t);
    const daemon = await daemonBehind(t, server);
    const phones = await RecordingPhones.start(t, sipOf(server), { perSecond: PER_SECOND, phones: PHONES });
    await phones.answers(500);
    server.hang();
    await until(async () => (await readiness(daemon)) === 503);
    server.resume();
    await until(async () => (await readiness(daemon)) === 200);
    await phones.answers(phones.answeredCount + 1000);
    await phones.stop();
    const told = phones.records();
    t.same(contradicted(told, told, cseqsOf(tableOf(await daemon.dump()))), []);
    const metrics = await (await fetch(`http://${daemon.address}:${String(daemon.httpPort)}/metrics`)).text();
    t.match(metrics, /^twinreg_drachtio_losses_total\{reason="silent"\} [1-9]/m);
  });

  t.test(
    `pinged through ${name}, a phone that answers stays, and one that does not is removed`,
    { skip },
    async (t) => {
      const server = await open(t);
      const daemon = await daemonBehind(
        t,
        server,
        'nathelper: {natping_interval: 2, ping_threshold: 1, max_pings_lost: 2}\n',
      );
      const answering = await pingedPhone(t, daemon, 'here', true);
      const silent = await pingedPhone(t, daemon, 'gone', false);
      await daemon.logged('contact removed: it does not answer pings');
      t.same(await daemon.contactsOf('gone@example.com'), []);
      t.equal((await daemon.contactsOf('here@example.com')).length, 1);
      const { answered, lost } = (await daemon.status()).pings;
      t.ok(answered >= 1);
      t.equal(lost, 2);
      t.ok(answering.pings() >= answered);
      t.ok(silent.pings() >= 2);
    },
  );
}

function sipOf({ address, sipPort }: DrachtioServer) {
  return { address, port: sipPort };
}
