import t from 'tap';
import { loopbackAddress } from '../../support/free-port.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { Gate, listener, TestEngine } from './test-engine.ts';
import { UdpPhone } from './udp-phone.ts';
import type { InboundRequest } from '../../../lib/sip/engine.ts';

t.test('a REGISTER is handed to its handler with where it came from, and its reply comes back', async (t) => {
  const seen: InboundRequest[] = [];
  const handlers = new Map([
    [
      'REGISTER',
      (inbound: InboundRequest) => {
        seen.push(inbound);
        inbound.reply({ status: 200, reason: 'OK', headers: [['X-Test', 'yes']] });
        inbound.reply({ status: 500, reason: 'Second', headers: [] });
      },
    ],
  ]);
  const test = await TestEngine.start(t, { handlers });
  const phone = await test.udpPhone();
  const reply = await phone.ask(requestText({ callId: 'first' }));
  t.equal(statusOf(reply), 200);
  t.equal(headerOf(reply, 'Call-ID'), 'first');
  t.equal(headerOf(reply, 'X-Test'), 'yes');
  t.equal(headerOf(reply, 'Server'), 'test');
  t.match(seen, [{ sourceAddress: test.address, sourcePort: phone.port, socket: test.udp }]);
  t.equal(statusOf(await phone.ask(requestText())), 200, 'only the first reply counts');
  t.match(test.engine.statistics, { requests: { REGISTER: 2 }, replies: { '2xx': 2, '5xx': 0 } });
});

t.test('keep-alive datagrams and STUN are ignored and counted', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  for (const keepAlive of ['', '\r\n', '\r\n\r\n', '\0\0\0\0', '\0']) phone.send(keepAlive);
  const stun = Buffer.alloc(20);
  stun.writeUInt16BE(1, 0);
  stun.writeUInt32BE(0x2112a442, 4);
  phone.send(stun);
  t.equal(statusOf(await phone.ask(requestText())), 200, 'the next thing that comes back is the reply');
  t.match(test.engine.statistics.drops, { keep_alive: 5, stun: 1, malformed: 0 });
});

t.test('octets that are no SIP are dropped and counted', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  for (const text of ['hello world', 'GET / HTTP/1.1\r\n\r\n', '\r\n\r\n\r\n\r\n', '\0'.repeat(100)]) phone.send(text);
  t.equal(statusOf(await phone.ask(requestText())), 200);
  t.equal(test.engine.statistics.drops['malformed'], 4);
});

t.test('a datagram above the limit is dropped and counted', async (t) => {
  const test = await TestEngine.start(t, { udp: { datagramBytesMax: 600 } });
  const phone = await test.udpPhone();
  const text = requestText();
  const fits = requestText({ rows: [`X: ${'x'.repeat(600 - text.length - 'X: \r\n'.length)}`] });
  t.equal(fits.length, 600);
  phone.send(fits.replace('X: ', 'X: x'));
  t.equal(statusOf(await phone.ask(fits)), 200);
  t.match(test.engine.statistics, { requests: { REGISTER: 1 }, drops: { oversized: 1 } });
});

t.test('a message of the greatest length that UDP carries is read', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  const body = 'b'.repeat(65_507 - requestText({ body: 'x'.repeat(10_000) }).length + 10_000);
  t.equal(statusOf(await phone.ask(requestText({ body }))), 200);
});

t.test(
  'with rport the reply goes to the source port, and says received and rport even where they are equal',
  async (t) => {
    const test = await TestEngine.start(t, { forceRport: false });
    const phone = await test.udpPhone();
    const via = `SIP/2.0/UDP ${test.address}:9;rport;branch=z9hG4bK-1`;
    const reply = await phone.ask(requestText({ via }));
    t.equal(
      headerOf(reply, 'Via'),
      `SIP/2.0/UDP ${test.address}:9;branch=z9hG4bK-1;received=${test.address};rport=${String(phone.port)}`,
    );
  },
);

t.test('without rport and force_rport the reply goes to the port in Via at the source address', async (t) => {
  const test = await TestEngine.start(t, { forceRport: false });
  const phone = await test.udpPhone();
  const other = await test.udpPhone();
  phone.send(requestText({ via: `SIP/2.0/UDP phone.invalid:${String(other.port)};branch=z9hG4bK-1` }));
  const reply = await other.receive();
  t.equal(
    headerOf(reply, 'Via'),
    `SIP/2.0/UDP phone.invalid:${String(other.port)};branch=z9hG4bK-1;received=${test.address}`,
    'received where the name is not the source address, and no rport',
  );
  phone.send(requestText({ via: `SIP/2.0/UDP ${test.address}:${String(other.port)};branch=z9hG4bK-1` }));
  t.notMatch(headerOf(await other.receive(), 'Via'), /received/, 'none where it is');
});

t.test('without a port in Via that is 5060', async (t) => {
  const test = await TestEngine.start(t, { forceRport: false });
  const phone = await test.udpPhone();
  const standard = await UdpPhone.open(test.udp, test.address, 5060);
  t.teardown(() => standard.close());
  phone.send(requestText({ via: `SIP/2.0/UDP ${test.address};branch=z9hG4bK-1` }));
  t.equal(statusOf(await standard.receive()), 200);
});

t.test('force_rport does for every Via as if it had asked', async (t) => {
  const test = await TestEngine.start(t, { forceRport: true });
  const phone = await test.udpPhone();
  const reply = await phone.ask(requestText({ via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1' }));
  t.match(headerOf(reply, 'Via'), `;received=${test.address};rport=${String(phone.port)}`);
});

t.test('maddr does not lead the reply to somebody else', async (t) => {
  const test = await TestEngine.start(t, { forceRport: false });
  const phone = await test.udpPhone();
  const via = `SIP/2.0/UDP 192.0.2.1:${String(phone.port)};maddr=${loopbackAddress()};branch=z9hG4bK-1`;
  t.equal(statusOf(await phone.ask(requestText({ via }))), 200);
});

t.test('the reply leaves through the socket that the request came in on', async (t) => {
  const [first, second] = [loopbackAddress(), loopbackAddress()];
  const test = await TestEngine.start(t, { listeners: [listener('udp', first), listener('udp', second)] });
  for (const socket of test.engine.sockets) {
    const phone = await UdpPhone.open(socket, socket.address);
    t.teardown(() => phone.close());
    t.equal(statusOf(await phone.ask(requestText())), 200);
    t.equal(phone.lastSource, `${socket.address}:${String(socket.port)}`);
  }
});

t.test('a reply may come late, and many of them in one turn', async (t) => {
  const gate = new Gate();
  const test = await TestEngine.start(t, { handlers: gate.handlers });
  const phone = await test.udpPhone();
  const count = 100;
  for (let index = 0; index < count; index += 1) phone.send(requestText({ callId: `late-${String(index)}` }));
  await gate.holds(count);
  gate.open();
  const callIds = new Set<string | undefined>();
  for (let index = 0; index < count; index += 1) callIds.add(headerOf(await phone.receive(), 'Call-ID'));
  t.equal(callIds.size, count);
});

t.test('a reply that the kernel refuses is counted, and the socket goes on', async (t) => {
  const huge = 'x'.repeat(70_000);
  const handlers = new Map([
    [
      'REGISTER',
      (inbound: InboundRequest) => {
        const headers: [string, string][] = inbound.request.callId === 'huge' ? [['X-Huge', huge]] : [];
        inbound.reply({ status: 200, reason: 'OK', headers });
      },
    ],
  ]);
  const test = await TestEngine.start(t, { handlers });
  const phone = await test.udpPhone();
  phone.send(requestText({ callId: 'huge' }));
  t.equal(headerOf(await phone.ask(requestText({ callId: 'next' })), 'Call-ID'), 'next');
  t.match(test.engine.statistics, { drops: { send_error: 1 }, unsent: { send_error: 0 } });
});

t.test('replies to a port where nobody listens do no harm', async (t) => {
  const test = await TestEngine.start(t);
  const gone = await UdpPhone.open(test.udp, test.address);
  for (let index = 0; index < 5; index += 1) gone.send(requestText());
  gone.close();
  const phone = await test.udpPhone();
  for (let index = 0; index < 5; index += 1) t.equal(statusOf(await phone.ask(requestText())), 200);
});

t.test('a handler that throws costs its own request only, and is logged once a minute', async (t) => {
  const handlers = new Map([
    [
      'REGISTER',
      (inbound: InboundRequest) => {
        if (inbound.request.callId === 'boom') throw new Error('boom');
        inbound.reply({ status: 200, reason: 'OK', headers: [] });
      },
    ],
  ]);
  const test = await TestEngine.start(t, { handlers });
  const phone = await test.udpPhone();
  for (let index = 0; index < 3; index += 1) phone.send(requestText({ callId: 'boom' }));
  t.equal(statusOf(await phone.ask(requestText())), 200);
  const errors = (): unknown[] => test.log.lines.filter((line) => line.level === 'error');
  t.equal(test.engine.statistics.engineErrors, 3);
  t.match(errors(), [{ fields: { err: { message: 'boom', stack: /at / }, heldBack: 0 } }]);
  t.equal(errors().length, 1);
  test.clock.advance(60_000);
  phone.send(requestText({ callId: 'boom' }));
  t.equal(statusOf(await phone.ask(requestText())), 200);
  t.match(errors()[1], { fields: { heldBack: 2 } });
});

t.test('IPv6 works, with brackets where SIP wants them', async (t) => {
  const test = await TestEngine.start(t, { forceRport: false }, '::1');
  const phone = await test.udpPhone();
  t.equal(test.udp.name, `udp:[::1]:${String(test.udp.port)}`);
  const reply = await phone.ask(requestText({ via: 'SIP/2.0/UDP [2001:db8::9]:5060;rport;branch=z9hG4bK-1' }));
  t.match(headerOf(reply, 'Via'), `;received=::1;rport=${String(phone.port)}`);
  const same = await phone.ask(requestText({ via: `SIP/2.0/UDP [::1]:${String(phone.port)};branch=z9hG4bK-1` }));
  t.notMatch(headerOf(same, 'Via'), /received/);
});

t.test('a listener on all of IPv6 leaves IPv4 to others', async (t) => {
  const test = await TestEngine.start(t, { listeners: [listener('udp', '::'), listener('tcp', '::')] });
  const address = loopbackAddress();
  const other = await TestEngine.start(t, {
    listeners: [listener('udp', address, test.udp.port), listener('tcp', address, test.tcp.port)],
  });
  t.match(other.engine.sockets, [{ port: test.udp.port }, { port: test.tcp.port }]);
});

t.test('a receive buffer that the kernel cuts is reported once', async (t) => {
  const big = await TestEngine.start(t, { udp: { receiveBufferBytes: 0x3fff_ffff } });
  t.match(
    big.log.lines.filter((line) => line.level === 'warn'),
    [{ fields: { receiveBufferBytes: 0x3fff_ffff, socket: big.udp.name }, message: /net\.core\.rmem_max/ }],
  );
  const small = await TestEngine.start(t, { udp: { receiveBufferBytes: 65_536 } });
  t.same(
    small.log.lines.filter((line) => line.level === 'warn'),
    [],
  );
});
