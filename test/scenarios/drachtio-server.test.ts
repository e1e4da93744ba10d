import t, { type Test } from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Daemon } from '../support/daemon.ts';
import type { DrachtioServer } from '../support/drachtio/place.ts';
import { DRACHTIO, ENGINES } from '../support/engines.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { cseqsOf, tableOf } from '../support/shown-table.ts';
import { until } from '../support/until.ts';

const LOAD = {
  perSecond: 300,
  /** Many, since those whose requests were with the daemon when the connection broke get no answer for 64 seconds. */
  phones: 4000,
};

async function behindServer(t: Test): Promise<{ readonly daemon: Daemon; readonly server: DrachtioServer }> {
  const daemon = await Daemon.start(t, { engine: DRACHTIO, http: true });
  if (daemon.server === undefined) throw new Error('the daemon opened its sockets itself');
  return { daemon, server: daemon.server };
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

t.test(`killed under load, a ${DRACHTIO.name} comes back and nothing that was answered is lost`, async (t) => {
  const { daemon, server } = await behindServer(t);
  const phones = await RecordingPhones.start(t, daemon, LOAD);
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

t.test(`hung under load, a ${DRACHTIO.name} is given up, and served when it goes on`, async (t) => {
  const { daemon, server } = await behindServer(t);
  const phones = await RecordingPhones.start(t, daemon, LOAD);
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

t.test(`restarted in front of a ${DRACHTIO.name} under load, the daemon serves its phones again`, async (t) => {
  const { daemon, server } = await behindServer(t);
  const phones = await RecordingPhones.start(t, daemon, LOAD);
  await phones.answers(500);
  await daemon.stop();
  const { folder, address, port } = daemon;
  const again = await Daemon.start(t, { engine: DRACHTIO, folder, address, port });
  t.equal(again.server, server, 'the server was there all the time');
  await phones.answers(phones.answeredCount + 1000);
  await phones.stop();
  const told = phones.records();
  t.same(contradicted(told, told, cseqsOf(tableOf(await again.dump()))), []);
  const refusals = new Set(phones.refusals.map((text) => text.split('\r\n')[0]));
  t.strictSame([...refusals], ['SIP/2.0 503 Service Unavailable'], 'meanwhile the server answers by itself');
});

for (const engine of ENGINES) {
  t.test(`a phone that answers pings stays, and one that does not is removed (${engine.name})`, async (t) => {
    const config = 'nathelper: {natping_interval: 2, ping_threshold: 1, max_pings_lost: 2}\n';
    const daemon = await Daemon.start(t, { engine, config });
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
  });
}
