import t from 'tap';
import { OperationalError } from '../../../lib/core/errors.ts';
import { freePort, loopbackAddress } from '../../support/free-port.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { Gate, listener, TestEngine } from './test-engine.ts';
import { TcpPhone } from './tcp-phone.ts';

t.test('the sockets are in the order of the settings, with the bound ports and the advertised names', async (t) => {
  const address = loopbackAddress();
  const port = await freePort(address);
  const test = await TestEngine.start(t, {
    listeners: [
      { transport: 'tcp', address, port, advertised: { host: 'sip.example.com', port: 5080 } },
      { transport: 'udp', address, port, advertised: { host: '2001:db8::1', port: 0 } },
      listener('udp', address),
    ],
  });
  t.match(test.engine.sockets, [
    { transport: 'tcp', address, port, name: 'tcp:sip.example.com:5080' },
    { transport: 'udp', address, port, name: `udp:[2001:db8::1]:${String(port)}` },
    { transport: 'udp', address, name: `udp:${address}:${String(test.engine.sockets[2]?.port)}` },
  ]);
  t.ok(Number(test.engine.sockets[2]?.port) > 0);
  t.match(test.log.lines[0], {
    level: 'info',
    fields: { socket: `tcp:${address}:${String(port)} as sip.example.com:5080` },
    message: 'listening',
  });
  t.match(
    test.log.lines[2],
    { fields: { socket: test.engine.sockets[2]?.name } },
    'no "as" without an advertised address',
  );
});

for (const transport of ['udp', 'tcp'] as const) {
  t.test(`a ${transport} port in use is an error that names it and how to find its holder`, async (t) => {
    const holder = await TestEngine.start(t);
    const { address } = holder;
    const { port } = holder[transport];
    const free = await freePort(loopbackAddress());
    const second = new TestEngine(t, {
      listeners: [listener('udp', address, free), listener(transport, address, port)],
    });
    const error = await second.engine.start().catch((error: unknown) => error);
    t.type(error, OperationalError);
    const show = `ss -l${transport === 'udp' ? 'u' : 't'}np 'sport = :${String(port)}'`;
    t.match(error, {
      message: `listen: cannot bind ${transport}:${address}:${String(port)}: another process holds this port: stop it (${show} shows it), or choose another port with --listen`,
    });
    const third = await TestEngine.start(t, { listeners: [listener('udp', address, free)] });
    t.equal(third.udp.port, free, 'what was bound before the error is free again');
  });

  t.test(`a ${transport} address that this host does not have is an error that says so`, async (t) => {
    const test = new TestEngine(t, { listeners: [listener(transport, '192.0.2.1', 5060)] });
    await t.rejects(test.engine.start(), {
      name: 'OperationalError',
      message: `listen: cannot bind ${transport}:192.0.2.1:5060: no interface of this host has this address: give it to one, or choose another address with --listen`,
    });
  });
}

t.test('stop closes all sockets and connections, and the same ports can be bound at once', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.tcpPhone();
  await phone.ask(requestText());
  const listeners = test.engine.sockets.map(({ transport, port }) =>
    listener(transport as 'udp' | 'tcp', test.address, port),
  );
  await test.engine.stop();
  await phone.ended;
  t.equal(test.clock.timerCount, 0, 'no timer is left');
  await test.engine.stop();
  const next = await TestEngine.start(t, { listeners });
  t.equal(statusOf(await (await next.udpPhone()).ask(requestText())), 200);
  t.equal(statusOf(await (await next.tcpPhone()).ask(requestText())), 200);
});

t.test('an engine that never started can be stopped', async (t) => {
  const test = new TestEngine(t);
  await t.resolves(test.engine.stop());
});

t.test('a reply after stop is dropped and counted', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  (await test.udpPhone()).send(requestText());
  (await test.tcpPhone()).send(requestText());
  await gate.holds(2);
  await test.engine.stop();
  gate.open();
  t.match(test.engine.statistics.drops, { connection_gone: 1, socket_closed: 1 });
});

t.test('a draining engine takes no new datagrams, and its replies still go out', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  const phone = await test.udpPhone();
  phone.send(requestText({ callId: 'before' }));
  await gate.holds(1);
  test.engine.drain();
  phone.send(requestText({ callId: 'after' }));
  await test.dropped('draining', 1);
  gate.open();
  t.equal(headerOf(await phone.receive(), 'Call-ID'), 'before');
  t.equal(test.engine.statistics.requests['REGISTER'], 1);
});

t.test(
  'a draining engine closes connections when they are answered, idle ones at once, and takes no others',
  async (t) => {
    const gate = new Gate();
    const test = await TestEngine.start(t, { handlers: gate.handlers });
    const [idle, waiting] = [await test.tcpPhone(), await test.tcpPhone()];
    await idle.ask(requestText({ method: 'OPTIONS' }));
    waiting.send(requestText({ callId: 'before' }));
    await gate.holds(1);
    test.engine.drain();
    await idle.ended;
    waiting.send(requestText({ callId: 'after' }));
    await t.rejects(TcpPhone.open(test.tcp), { code: 'ECONNREFUSED' });
    gate.open();
    t.equal(headerOf(await waiting.receive(), 'Call-ID'), 'before');
    await waiting.ended;
    t.equal(test.engine.statistics.requests['REGISTER'], 1);
  },
);
