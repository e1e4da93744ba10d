import t, { type Test } from 'tap';
import { createSocket } from 'node:dgram';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { AdminClient } from './drachtio/admin-client.ts';
import { DOUBLE_COMMAND, DrachtioProcess, realDrachtio } from './drachtio/drachtio-process.ts';
import type { DrachtioServer } from './drachtio/place.ts';
import { DrachtioDouble } from './drachtio-double.ts';
import { SipClient } from './sip-client.ts';
import { until } from './until.ts';

/** An app that gets REGISTERs. */
async function registrar(t: Test, server: DrachtioServer): Promise<AdminClient> {
  const app = await AdminClient.connect(server);
  t.teardown(() => app.close());
  app.send('1|route|register');
  await app.next();
  return app;
}

async function phoneOf(t: Test, server: DrachtioServer): Promise<SipClient> {
  const phone = await SipClient.udp({ address: server.address, port: server.sipPort }, server.address);
  t.teardown(() => phone.close());
  return phone;
}

/** Answers all requests with 200, for as long as the connection lasts. */
async function serve(app: AdminClient): Promise<void> {
  for (let frame = await app.next(); frame !== undefined; frame = await app.next()) {
    if (frame.tokens[1] === 'sip') app.send(`${randomUUID()}|sip|${frame.tokens[8] ?? ''}|`, 'SIP/2.0 200 OK\r\n\r\n');
  }
}

const program = realDrachtio();
const servers: readonly (readonly [name: string, skip: string | false, start: (t: Test) => Promise<DrachtioServer>])[] =
  [
    ['the double', false, (t) => DrachtioDouble.start(t)],
    ['the double in a process of its own', false, (t) => DrachtioProcess.start(t, DOUBLE_COMMAND)],
    [
      'a real drachtio-server',
      program.skip,
      (t) => {
        if (program.skip !== false) throw new Error(program.skip);
        return DrachtioProcess.start(t, program.command);
      },
    ],
  ];

for (const [name, skip, start] of servers) {
  t.test(name, { skip }, async (t) => {
    await t.test(
      'that is killed closes the connections of its apps, and serves again when it was started again',
      async (t) => {
        const server = await start(t);
        const app = await registrar(t, server);
        const phone = await phoneOf(t, server);
        phone.sendRaw(phone.text({ method: 'REGISTER', aor: 'sip:alice@example.com' }));
        t.equal((await app.next())?.tokens[1], 'sip');
        await server.kill();
        t.equal(await app.next(), undefined);
        await server.ended();
        await t.rejects(AdminClient.connect(server));

        await server.start();
        void serve(await registrar(t, server));
        t.equal((await phone.register({ aor: 'sip:bob@example.com' })).status, 200);
      },
    );

    await t.test('that hangs keeps all connections, and goes on with what came meanwhile', async (t) => {
      const server = await start(t);
      const app = await registrar(t, server);
      const phone = await phoneOf(t, server);
      server.hang();
      app.send('3|ping');
      const sent = phone.register({ aor: 'sip:alice@example.com' });
      const late = await AdminClient.connect(server);
      t.teardown(() => late.close());
      late.send('4|ping');
      let isSilent = true;
      for (const each of [app, late]) void each.arrived().then(() => (isSilent = false));
      // What another one does by the way, this one would have done too.
      const other = await registrar(t, await start(t));
      for (let turn = 0; turn < 5; turn += 1) {
        other.send('5|ping');
        await other.next();
      }
      t.ok(isSilent);
      server.resume();
      t.equal((await late.next())?.tokens[2], '4');
      const first = await app.next();
      // It came over another socket than the request: either may be first.
      const isPong = first?.tokens[2] === '3';
      t.ok(isPong || first?.tokens[1] === 'sip');
      if (!isPong) app.send(`6|sip|${first?.tokens[8] ?? ''}|`, 'SIP/2.0 200 OK\r\n\r\n');
      void serve(app);
      t.equal((await sent).status, 200);
    });

    await t.test('that is restarted asks nobody for what it knew', async (t) => {
      const server = await start(t);
      const app = await registrar(t, server);
      await server.restart();
      t.equal(await app.next(), undefined);
      const phone = await phoneOf(t, server);
      t.equal((await phone.register({ aor: 'sip:alice@example.com' })).status, 503);
    });
  });
}

t.test('the double drops the connections of its apps, and lets them come again', async (t) => {
  const double = await DrachtioDouble.start(t);
  const app = await registrar(t, double);
  t.equal(double.apps, 1);
  double.dropApps();
  t.equal(await app.next(), undefined);
  const phone = await phoneOf(t, double);
  void serve(await registrar(t, double));
  t.equal((await phone.register({ aor: 'sip:alice@example.com' })).status, 200);
});

t.test('a request that nobody answers is sent again, and is under way until it has its 408', async (t) => {
  const double = await DrachtioDouble.start(t, { timers: { t1x64Ms: 1500 } });
  const silent = createSocket('udp4');
  t.teardown(() => silent.close());
  silent.bind(0, double.address);
  await once(silent, 'listening');
  let received = 0;
  silent.on('message', () => (received += 1));
  const app = await AdminClient.connect(double);
  t.teardown(() => app.close());
  const hop = `sip:${double.address}:${String(silent.address().port)};transport=udp`;
  app.send(`1|sip|||${hop}`, 'OPTIONS sip:alice@192.0.2.7 SIP/2.0\r\n\r\n');
  await app.next();
  t.equal(double.requestsUnderWay, 1);
  t.match((await app.next())?.sip, /^SIP\/2\.0 408 /);
  t.equal(double.requestsUnderWay, 0);
  t.ok(await until(() => received >= 2));
});
