import t, { type Test } from 'tap';
import type { NextHop } from '../../../lib/sip/engine.ts';
import { freePort, loopbackAddress } from '../../support/free-port.ts';
import { answerText, optionsTo } from './options-text.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { Gate, listener, TestEngine, type TestEngineOptions } from './test-engine.ts';
import { TcpPhone } from './tcp-phone.ts';

interface World {
  readonly test: TestEngine;
  readonly phone: TcpPhone;
  readonly hop: NextHop;
}

/** A phone that has registered, so that its connection is known. */
async function world(t: Test, options: TestEngineOptions = {}): Promise<World> {
  const test = await TestEngine.start(t, options);
  const phone = await test.tcpPhone();
  await phone.ask(requestText());
  return { test, phone, hop: hopTo(phone) };
}

function hopTo(phone: TcpPhone): NextHop {
  const { localAddress = '', localPort = 0 } = phone.socket;
  return { transport: 'tcp', host: localAddress, port: localPort };
}

t.test('an OPTIONS goes by the connection that the phone holds, and its 200 is heard', async (t) => {
  const { test, phone, hop } = await world(t);
  t.equal(test.engine.sendOptions(optionsTo(hop, { token: 'abc', socketName: test.tcp.name })), 'sent');
  const options = await phone.receive();
  const sentBy = test.tcp.name.slice('tcp:'.length);
  t.equal(headerOf(options, 'Via'), `SIP/2.0/TCP ${sentBy};rport;branch=z9hG4bK-tr-abc`);
  t.equal(headerOf(options, 'Contact'), `<sip:${sentBy};transport=tcp>`);
  phone.send(answerText(options));
  await test.until(() => test.optionsReplies.length > 0);
  t.same(test.optionsReplies, [['abc', 200]]);
  t.equal(test.engine.connectionCount, 1);
});

t.test('a keep-alive on a connection is CRLF CRLF, and the pong to it breaks nothing', async (t) => {
  const { test, phone, hop } = await world(t);
  phone.received = '';
  t.equal(test.engine.sendKeepAlive(hop, test.tcp.name), 'sent');
  t.equal(await phone.receive(), 'keep-alive');
  t.equal(phone.received, '\r\n\r\n');
  phone.send('\r\n');
  t.equal(statusOf(await phone.ask(requestText())), 200);
});

t.test('nobody is connected to: without a connection from exactly there, nothing is sent', async (t) => {
  const { test, phone, hop } = await world(t);
  t.equal(test.engine.sendOptions(optionsTo({ ...hop, port: hop.port ^ 1 })), 'no-connection');
  t.equal(test.engine.sendOptions(optionsTo({ ...hop, host: '192.0.2.1' })), 'no-connection');
  for (const transport of ['tls', 'ws', 'wss'] as const) {
    t.equal(test.engine.sendOptions(optionsTo({ ...hop, transport })), 'no-connection');
  }
  phone.close();
  await test.closed(1);
  t.equal(test.engine.sendKeepAlive(hop, test.tcp.name), 'no-connection');
  t.match(test.engine.statistics, { sent: { options: 0, keep_alive: 0 }, unsent: { no_connection: 6 } });
});

t.test('a connection whose peer ended its side gets the replies that it waits for, and nothing else', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  const phone = await test.tcpPhone();
  phone.send(requestText());
  await gate.holds(1);
  phone.socket.end();
  await test.until(() => test.engine.sendKeepAlive(hopTo(phone), test.tcp.name) === 'no-connection');
  phone.received = '';
  t.equal(test.engine.sendOptions(optionsTo(hopTo(phone))), 'no-connection');
  gate.open();
  await phone.ended;
  t.match(phone.received, /^SIP\/2\.0 200 /);
});

t.test('the socket tells two connections from one address and port apart, and another name finds any', async (t) => {
  const listeners = [listener('tcp', loopbackAddress()), listener('tcp', loopbackAddress())];
  const test = await TestEngine.start(t, { listeners });
  const [local, port] = [loopbackAddress(), await freePort(loopbackAddress())];
  const phones = await Promise.all(test.engine.sockets.map((socket) => TcpPhone.open(socket, local, port)));
  for (const phone of phones) {
    t.teardown(() => phone.close());
    await phone.ask(requestText());
  }
  const hop = { transport: 'tcp', host: local, port } as const;
  for (const [index, socket] of test.engine.sockets.entries()) {
    t.equal(test.engine.sendOptions(optionsTo(hop, { socketName: socket.name })), 'sent');
    t.match(headerOf((await phones[index]?.receive()) ?? '', 'Via'), socket.name.slice('tcp:'.length));
  }
  phones[0]?.close();
  await test.closed(1);
  const [first] = test.engine.sockets;
  for (const socketName of [first?.name ?? '', 'tcp:192.0.2.1:5060']) {
    t.equal(test.engine.sendOptions(optionsTo(hop, { socketName })), 'sent');
    t.match(await phones[1]?.receive(), /^OPTIONS /);
  }
});

t.test('IPv6 in any spelling finds its connection', async (t) => {
  const { test, phone, hop } = await world(t, { listeners: [listener('tcp', '::1')] });
  t.equal(hop.host, '::1');
  for (const host of ['::1', '0:0:0:0:0:0:0:1', '::0001']) {
    t.equal(test.engine.sendOptions(optionsTo({ ...hop, host })), 'sent');
    t.match(headerOf(await phone.receive(), 'Via'), `SIP/2.0/TCP [::1]:${String(test.tcp.port)};`);
  }
});

t.test('a name finds the connection from one of its addresses', async (t) => {
  const { test, phone, hop } = await world(t, { lookup: () => Promise.resolve(['192.0.2.1', hop.host]) });
  const named = { ...hop, host: 'phone.example.com' };
  t.equal(test.engine.sendOptions(optionsTo(named)), 'unresolved');
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(test.engine.sendOptions(optionsTo(named)), 'sent');
  t.match(await phone.receive(), /^OPTIONS /);
});

t.test('a peer that does not read is closed, as with replies', async (t) => {
  const { test, phone, hop } = await world(t, { tcp: { writeQueueBytesMax: 1000 } });
  const outcomes = [1, 2, 3, 4].map(() => test.engine.sendOptions(optionsTo(hop)));
  t.same(outcomes, ['sent', 'sent', 'refused', 'no-connection']);
  await phone.ended;
  t.equal(test.engine.statistics.connections['closed_unread'], 1);
});

t.test('asking does not keep a connection, answering does', async (t) => {
  const { test, phone, hop } = await world(t, { tcp: { idleTimeoutMs: 100_000 } });
  test.clock.advance(90_000);
  test.engine.sendOptions(optionsTo(hop));
  phone.send(answerText(await phone.receive()));
  await test.until(() => test.optionsReplies.length > 0);
  test.clock.advance(90_000);
  t.equal(test.engine.sendOptions(optionsTo(hop)), 'sent');
  await phone.receive();
  test.clock.advance(20_000);
  await phone.ended;
  t.equal(test.engine.statistics.connections['closed_idle'], 1);
  t.equal(test.engine.sendOptions(optionsTo(hop)), 'no-connection');
});

t.test('a draining engine sends nothing on its connections', async (t) => {
  const { test, hop } = await world(t);
  test.engine.drain();
  t.equal(test.engine.sendKeepAlive(hop, test.tcp.name), 'refused');
});
