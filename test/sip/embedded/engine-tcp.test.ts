import t from 'tap';
import { once } from 'node:events';
import type { InboundRequest } from '../../../lib/sip/engine.ts';
import { loopbackAddress } from '../../support/free-port.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { Gate, TestEngine } from './test-engine.ts';

const START = 'REGISTER sip:example.com SIP/2.0\r\n';

t.test('several requests in one segment get their replies in order, and in one segment', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.tcpPhone();
  const segments: number[] = [];
  phone.socket.on('data', (chunk) => segments.push(chunk.length));
  phone.send(
    requestText({ callId: 'a' }) + requestText({ callId: 'b', body: 'x\r\n\r\ny' }) + requestText({ callId: 'c' }),
  );
  for (const callId of ['a', 'b', 'c']) t.equal(headerOf(await phone.receive(), 'Call-ID'), callId);
  t.equal(segments.length, 1);
});

t.test('a request that comes octet by octet is one request', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.tcpPhone();
  for (const octet of requestText({ body: 'ab' })) await phone.sendApart(octet);
  t.equal(statusOf(await phone.receive()), 200);
  t.equal(test.engine.statistics.requests['REGISTER'], 1);
});

t.test('the reply goes back on the connection, wherever Via points', async (t) => {
  const test = await TestEngine.start(t, { forceRport: false });
  const phone = await test.tcpPhone(test.address);
  const reply = await phone.ask(requestText({ via: 'SIP/2.0/TCP 192.0.2.99:1;branch=z9hG4bK-1' }));
  t.equal(headerOf(reply, 'Via'), `SIP/2.0/TCP 192.0.2.99:1;branch=z9hG4bK-1;received=${test.address}`);
});

t.test('a handler sees the connection it came by', async (t) => {
  const seen: InboundRequest[] = [];
  const handlers = new Map([['REGISTER', (inbound: InboundRequest) => void seen.push(inbound)]]);
  const test = await TestEngine.start(t, { handlers });
  const phone = await test.tcpPhone(test.address);
  await phone.ask(requestText() + requestText({ method: 'OPTIONS' }));
  t.match(seen, [{ sourceAddress: test.address, sourcePort: phone.socket.localPort, socket: test.tcp }]);
});

t.test('CRLF CRLF is answered with CRLF, and other line ends with nothing', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.tcpPhone();
  phone.send('\r\n\r\n');
  await once(phone.socket, 'data');
  t.equal(phone.received, '\r\n');
  await phone.ask(`\r\n${requestText()}\r\n${requestText()}`);
  await phone.receive();
  t.equal(phone.received.split('SIP/2.0 200').length, 3);
  t.equal(test.engine.statistics.pongs, 1);
});

t.test('a stream whose framing is lost gets a 400 that says why, and is closed', async (t) => {
  const test = await TestEngine.start(t);
  const broken: readonly [string, string][] = [
    [requestText().replace(/Content-Length.*\r\n/, ''), 'Missing Content-Length'],
    [requestText().replace('Content-Length: 0', 'Content-Length: -1'), 'Invalid Content-Length'],
    [requestText().replace('Content-Length: 0', 'Content-Length: zero'), 'Invalid Content-Length'],
    [requestText({ rows: ['Content-Length: 7'] }), 'Invalid Content-Length'],
  ];
  for (const [text, reason] of broken) {
    const phone = await test.tcpPhone();
    const reply = await phone.ask(text + requestText({ callId: 'behind' }));
    t.ok(reply.startsWith(`SIP/2.0 400 ${reason}\r\n`), reason);
    await phone.ended;
    t.notMatch(phone.received, 'behind', 'nothing behind it is read');
    phone.close();
  }
  t.equal(test.engine.statistics.connections['closed_framing'], 4);
});

t.test('a body above the limit gets 413, and the connection is closed', async (t) => {
  const test = await TestEngine.start(t, { tcp: { bodyBytesMax: 10 } });
  const phone = await test.tcpPhone();
  t.equal(statusOf(await phone.ask(requestText({ body: '0123456789' }))), 200);
  t.equal(statusOf(await phone.ask(requestText({ body: '0123456789a' }))), 413);
  await phone.ended;
});

t.test('what cannot be answered is closed without a word', async (t) => {
  const test = await TestEngine.start(t, { tcp: { headBytesMax: 2000 } });
  const silent = [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\x16\x03\x01\x02\x00',
    'x'.repeat(2001),
    `${START}l: x\r\n\r\n`,
  ];
  for (const text of silent) {
    const phone = await test.tcpPhone();
    phone.send(text);
    await phone.ended;
    t.equal(phone.received, '');
    phone.close();
  }
  t.equal(test.engine.statistics.connections['closed_framing'], 4);
  t.match(test.engine.statistics.drops, { framing: 2, malformed: 2 });
});

t.test('a bad request within good framing is refused, and the connection goes on', async (t) => {
  const phone = await (await TestEngine.start(t)).tcpPhone();
  t.equal(statusOf(await phone.ask(requestText({ rows: ['CSeq: 9 REGISTER'] }))), 400);
  t.equal(statusOf(await phone.ask(requestText())), 200);
});

t.test('responses, ACK and unreadable messages on a connection are dropped, and it goes on', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.tcpPhone();
  phone.send(requestText().replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'));
  phone.send(requestText({ method: 'ACK' }));
  phone.send('what is this\r\nContent-Length: 3\r\n\r\nabc');
  t.equal(statusOf(await phone.ask(requestText())), 200);
  t.match(test.engine.statistics.drops, { response: 1, ack: 1, malformed: 1 });
});

t.test('a peer that ended its side still gets the replies that it is owed, and then the end', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  const phone = await test.tcpPhone();
  phone.socket.end(requestText({ callId: 'a' }) + requestText({ callId: 'b' }), 'latin1');
  await gate.holds(2);
  const later = await test.tcpPhone();
  await later.ask(requestText({ method: 'OPTIONS' }));
  t.equal(test.engine.connectionCount, 2, 'the end has been seen, and the connection is still there');
  gate.open();
  t.equal(headerOf(await phone.receive(), 'Call-ID'), 'a');
  t.equal(headerOf(await phone.receive(), 'Call-ID'), 'b');
  await phone.ended;
  t.equal(test.engine.statistics.drops['truncated'], 0);
});

t.test('a stream that ends inside a message is counted and closed', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.tcpPhone();
  phone.socket.end(requestText().slice(0, 50));
  await phone.ended;
  t.equal(test.engine.statistics.drops['truncated'], 1);
});

t.test('a reply to a connection that is gone is dropped and counted', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  const phone = await test.tcpPhone();
  phone.send(requestText());
  await gate.holds(1);
  phone.socket.resetAndDestroy();
  await test.closed(1);
  gate.open();
  t.equal(test.engine.statistics.drops['connection_gone'], 1);
  const other = await test.tcpPhone();
  t.equal(statusOf(await other.ask(requestText({ method: 'OPTIONS' }))), 200);
});

t.test('a message that does not become complete in time closes the connection', async (t) => {
  const test = await TestEngine.start(t, { tcp: { messageTimeoutMs: 4000 } });
  const slow = await test.tcpPhone();
  const busy = await test.tcpPhone();
  await slow.ask(requestText({ method: 'OPTIONS' }) + requestText().slice(0, 40));
  await busy.ask(requestText());
  test.clock.advance(3000);
  slow.send('x');
  await busy.ask(requestText());
  t.equal(test.engine.connectionCount, 2, 'a few more octets do not prolong it, and it has not come yet');
  test.clock.advance(1000);
  await slow.ended;
  t.equal(test.engine.statistics.connections['closed_slow'], 1);
  t.equal(statusOf(await busy.ask(requestText())), 200, 'one that has nothing incomplete stays');
});

t.test('each message has its own time', async (t) => {
  const test = await TestEngine.start(t, { tcp: { messageTimeoutMs: 4000 } });
  const phone = await test.tcpPhone();
  const text = requestText();
  await phone.ask(text + text.slice(0, 40));
  for (let index = 0; index < 5; index += 1) {
    test.clock.advance(3000);
    t.equal(statusOf(await phone.ask(text.slice(40) + text.slice(0, 40))), 200);
  }
  t.equal(test.engine.connectionCount, 1);
});

t.test('a peer that does not close after our end is closed in time', async (t) => {
  const test = await TestEngine.start(t, { tcp: { messageTimeoutMs: 4000 } });
  const phone = await test.tcpPhone();
  await phone.ask(requestText().replace('Content-Length: 0', 'Content-Length: x'));
  await phone.ended;
  t.equal(test.engine.connectionCount, 1, 'it did not end its side');
  test.clock.advance(5000);
  t.equal(test.engine.connectionCount, 0);
});

t.test('a connection on which nothing arrives for long is closed', async (t) => {
  const test = await TestEngine.start(t, { tcp: { idleTimeoutMs: 600_000 } });
  const idle = await test.tcpPhone();
  const alive = await test.tcpPhone();
  await idle.ask(requestText());
  for (let minute = 1; minute <= 10; minute += 1) {
    test.clock.advance(60_000);
    await alive.ask('\r\n\r\n' + requestText());
  }
  await idle.ended;
  t.equal(test.engine.statistics.connections['closed_idle'], 1);
  t.equal(test.engine.connectionCount, 1);
});

t.test('at the limit the longest idle connection makes room, if it is idle for long enough', async (t) => {
  const test = await TestEngine.start(t, { tcp: { connectionsMax: 2, idleReclaimMs: 60_000 } });
  const first = await test.tcpPhone();
  await first.ask(requestText());
  test.clock.advance(30_000);
  const second = await test.tcpPhone();
  await second.ask(requestText());
  test.clock.advance(29_999);
  const refused = await test.tcpPhone();
  await refused.ended;
  t.match(test.engine.statistics.connections, { refused_total: 1, closed_to_make_room: 0 });
  test.clock.advance(1);
  const third = await test.tcpPhone();
  t.equal(statusOf(await third.ask(requestText())), 200);
  await first.ended;
  t.equal(statusOf(await second.ask(requestText())), 200);
  t.match(test.engine.statistics.connections, { refused_total: 1, closed_to_make_room: 1, accepted: 3 });
});

t.test('idle is who was silent for long, not who came first', async (t) => {
  const test = await TestEngine.start(t, { tcp: { connectionsMax: 2, idleReclaimMs: 60_000 } });
  const [busy, idle] = [await test.tcpPhone(), await test.tcpPhone()];
  for (const phone of [busy, idle]) await phone.ask(requestText());
  test.clock.advance(60_000);
  await busy.ask(requestText());
  t.equal(statusOf(await (await test.tcpPhone()).ask(requestText())), 200);
  await idle.ended;
  t.equal(statusOf(await busy.ask(requestText())), 200);
});

t.test('one source cannot take all connections', async (t) => {
  const test = await TestEngine.start(t, { tcp: { connectionsPerSourceMax: 2 } });
  const [greedy, modest] = [loopbackAddress(), loopbackAddress()];
  const phones = [await test.tcpPhone(greedy), await test.tcpPhone(greedy)];
  for (const phone of phones) await phone.ask(requestText());
  await (
    await test.tcpPhone(greedy)
  ).ended;
  t.equal(test.engine.statistics.connections['refused_source'], 1);
  t.equal(statusOf(await (await test.tcpPhone(modest)).ask(requestText())), 200);
  phones[0]?.close();
  await test.closed(1);
  t.equal(statusOf(await (await test.tcpPhone(greedy)).ask(requestText())), 200, 'one that closed counts no more');
});

t.test('a peer that does not read is closed when too much waits for it', async (t) => {
  const test = await TestEngine.start(t, { tcp: { writeQueueBytesMax: 100_000 } });
  const deaf = await test.tcpPhone();
  deaf.socket.pause();
  const requests = requestText({ method: 'OPTIONS' }).repeat(100);
  while (test.engine.connectionCount > 0) {
    deaf.send(requests);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(test.engine.statistics.connections['closed_unread'], 1);
  t.equal(statusOf(await (await test.tcpPhone()).ask(requestText())), 200);
});

t.test('a handler that throws closes its own connection only', async (t) => {
  const handlers = new Map([
    [
      'REGISTER',
      () => {
        throw new Error('boom');
      },
    ],
  ]);
  const test = await TestEngine.start(t, { handlers });
  const [phone, other] = [await test.tcpPhone(), await test.tcpPhone()];
  phone.send(requestText());
  await phone.ended;
  t.equal(test.engine.statistics.engineErrors, 1);
  t.equal(statusOf(await other.ask(requestText({ method: 'OPTIONS' }))), 200);
});

t.test('many replies that a gate releases at once go out in one write for each connection', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  const phones = [await test.tcpPhone(), await test.tcpPhone()];
  const segments: number[] = [];
  for (const phone of phones) {
    phone.socket.on('data', (chunk) => segments.push(chunk.length));
    for (let index = 0; index < 10; index += 1) phone.send(requestText({ callId: `call-${String(index)}` }));
  }
  await gate.holds(20);
  gate.open();
  for (const phone of phones) {
    for (let index = 0; index < 10; index += 1)
      t.equal(headerOf(await phone.receive(), 'Call-ID'), `call-${String(index)}`);
  }
  t.equal(segments.length, 2);
});

t.test('IPv6 works', async (t) => {
  const test = await TestEngine.start(t, {}, '::1');
  const phone = await test.tcpPhone();
  t.match(headerOf(await phone.ask(requestText()), 'Via'), ';received=::1;rport=');
});
