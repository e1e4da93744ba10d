import t, { type Test } from 'tap';
import type { InboundRequest } from '../../../lib/sip/engine.ts';
import { requestText } from '../embedded/sip-text.ts';
import { Gate } from '../embedded/test-engine.ts';
import { ServerPeer, type PeerOptions } from './server-peer.ts';
import { TestEngine, type TestEngineOptions } from './test-engine.ts';

async function world(t: Test, options: TestEngineOptions = {}, peerOptions: PeerOptions = {}) {
  const peer = await ServerPeer.open(t, peerOptions);
  const served: InboundRequest[] = [];
  const serve = (inbound: InboundRequest) => {
    served.push(inbound);
    inbound.reply({ status: 200, reason: 'OK', headers: [['Contact', '<sip:alice@192.0.2.7>;expires=60']] });
  };
  const test = await TestEngine.start(t, peer, { handlers: new Map([['REGISTER', serve]]), ...options });
  return { peer, test, served };
}

t.test('it authenticates, asks for REGISTER and OPTIONS, and shows the sockets of the server', async (t) => {
  const { peer, test } = await world(
    t,
    {},
    { outside: 'udp/203.0.113.9:5060,tls/[2001:db8::1]:5061', bound: 'udp/10.0.0.150:5060,tls/[2001:db8::1]:5061' },
  );
  t.equal(peer.secret, 'cymru');
  t.same(peer.routes, ['register', 'options']);
  t.same(test.engine.sockets, [
    { transport: 'udp', address: '10.0.0.150', port: 5060, name: 'udp:203.0.113.9:5060' },
    { transport: 'tls', address: '2001:db8::1', port: 5061, name: 'tls:[2001:db8::1]:5061' },
  ]);
  t.match(test.log.lines, [
    { level: 'info', message: 'drachtio-server is connected', fields: { version: 'v0.9.10-1' } },
  ]);
});

t.test(
  'a REGISTER is served with where it came from, and its reply goes to its transaction without what the server adds',
  async (t) => {
    const { peer, served } = await world(t);
    peer.request(requestText({ callId: 'a' }), { transaction: 'T-1', protocol: 'tcp', from: '192.0.2.7|4711' });
    const { words, text } = await peer.next();
    t.match(served, [
      { sourceAddress: '192.0.2.7', sourcePort: 4711, socket: { transport: 'tcp', name: 'tcp:127.0.0.1:5060' } },
    ]);
    t.same(words.slice(1), ['sip', 'T-1', '']);
    t.equal(text, 'SIP/2.0 200 OK\r\nContact: <sip:alice@192.0.2.7>;expires=60\r\nServer: test\r\n\r\n');
  },
);

t.test('WebSocket, which the server calls tcp, is known by its socket, or by its Via', async (t) => {
  const bound = 'tcp/127.0.0.1:5060,ws/127.0.0.1:8080,wss/127.0.0.1:8443,ws/127.0.0.1:5060';
  const { peer, served } = await world(t, {}, { outside: bound });
  const overTcp = requestText().replace('/UDP', '/TCP');
  peer.request(overTcp, { protocol: 'tcp', on: '127.0.0.1|8080' });
  peer.request(overTcp, { protocol: 'tcp', on: '127.0.0.1|8443' });
  peer.request(overTcp, { protocol: 'tcp', on: '127.0.0.1|5060' });
  peer.request(requestText().replace('/UDP', '/WS'), { protocol: 'tcp', on: '127.0.0.1|5060' });
  for (let count = 0; count < 4; count++) await peer.next();
  t.same(
    served.map(({ socket }) => socket.transport),
    ['ws', 'wss', 'tcp', 'ws'],
  );
});

t.test('octets that are no UTF-8 come and go as they are', async (t) => {
  const handlers = new Map([
    [
      'REGISTER',
      (inbound: InboundRequest) =>
        inbound.reply({ status: 200, reason: 'OK', headers: [['Contact', inbound.request.header('contact') ?? '']] }),
    ],
  ]);
  const { peer } = await world(t, { handlers });
  peer.request(requestText({ rows: ['Contact: <sip:j\xf6rg@192.0.2.7>'] }));
  t.match((await peer.next()).text, 'Contact: <sip:j\xf6rg@192.0.2.7>\r\n');
});

t.test('a host called localhost is not left for the server to replace', async (t) => {
  const handlers = new Map([
    [
      'REGISTER',
      (inbound: InboundRequest) =>
        inbound.reply({
          status: 200,
          reason: 'OK',
          headers: [['Contact', '<sip:localhost@localhost>, <sip:a@localhost.example>']],
        }),
    ],
  ]);
  const { peer } = await world(t, { handlers });
  peer.request(requestText());
  t.match((await peer.next()).text, 'Contact: <sip:localhost@LOCALHOST>, <sip:a@LOCALHOST.example>\r\n');
});

t.test('what is no valid SIP, and what nobody serves, is answered as by the other engine', async (t) => {
  const { peer, test, served } = await world(t);
  const cases = [
    [requestText({ rows: ['Content-Length: 999'] }), 400],
    [requestText().replace('sip:', 'tel:'), 416],
    [requestText({ method: 'OPTIONS' }), 200],
    [requestText({ method: 'INVITE' }), 405],
    [requestText({ method: 'NONSENSE' }), 501],
  ] as const;
  for (const [text, status] of cases) {
    peer.request(text);
    t.match((await peer.next()).text, new RegExp(`^SIP/2\\.0 ${String(status)} `), String(status));
  }
  t.same(served, []);
  peer.request('garbage\r\n\r\n');
  peer.request('');
  await test.until(() => test.engine.statistics.drops['malformed'] === 2);
});

t.test('frames may be cut anywhere', async (t) => {
  const { peer, served } = await world(t);
  const text = requestText();
  const payload = `u|sip|network|1|udp|192.0.2.7|4000|t|txn||127.0.0.1|5060|\r\n${text}`;
  const frame = `${String(payload.length)}#${payload}`;
  for (const piece of [frame.slice(0, 2), frame.slice(2, 40), frame.slice(40) + frame.slice(0, 1), frame.slice(1)]) {
    peer.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await peer.next();
  await peer.next();
  t.equal(served.length, 2);
});

t.test(
  'a reply that the server has no room for is cut: the contacts of the request stay, the frame is below the limit',
  async (t) => {
    const contacts = Array.from(
      { length: 60 },
      (_, index) => `<sip:alice@192.0.2.${String(index)}:5060;transport=udp;n=${'x'.repeat(50)}>;expires=3600`,
    );
    const handlers = new Map([
      [
        'REGISTER',
        (inbound: InboundRequest) =>
          inbound.reply({ status: 200, reason: 'OK', headers: [['Contact', contacts.join(', ')]] }),
      ],
    ]);
    const { peer, test } = await world(t, { handlers });
    const own = `sip:alice@192.0.2.59:5060;transport=udp;n=${'x'.repeat(50)}`;
    peer.request(requestText({ rows: [`Contact: <${own}>`] }));
    const { text, bytes } = await peer.next();
    t.ok(bytes <= 3900, `${String(bytes)} octets`);
    t.ok(bytes > 3700, 'as many as fit');
    t.match(text, /^SIP\/2\.0 200 OK\r\nContact: <sip:alice@192\.0\.2\.59:/);
    t.match(text, 'P-Registrar-Error: More contacts than one reply through drachtio-server has room for');
    t.equal(test.engine.status().counts.cutReplies, 1);
    t.match(test.log.lines.at(-1), {
      level: 'warn',
      message: 'a reply has more contacts than drachtio-server takes in one: it was cut',
    });
  },
);

t.test('a reply that is too long without contacts is 500', async (t) => {
  const handlers = new Map([
    [
      'REGISTER',
      (inbound: InboundRequest) =>
        inbound.reply({ status: 200, reason: 'OK', headers: [['Service-Route', `<sip:${'a'.repeat(5000)}>`]] }),
    ],
  ]);
  const { peer } = await world(t, { handlers });
  peer.request(requestText());
  t.match((await peer.next()).text, /^SIP\/2\.0 500 /);
});

t.test('a request that waited when the connection broke is not answered on the next one', async (t) => {
  const gate = new Gate();
  const peer = await ServerPeer.open(t);
  const test = await TestEngine.start(t, peer, { handlers: gate.handlers });
  peer.request(requestText(), { transaction: 'before' });
  await gate.holds(1);
  peer.cut();
  await test.until(() => peer.connectionCount === 2 && test.engine.status().state === 'ready');
  peer.request(requestText(), { transaction: 'after' });
  await gate.holds(2);
  gate.open();
  t.equal((await peer.next()).words[2], 'after');
  t.equal(test.engine.statistics.drops['connection_gone'], 1);
  t.same(peer.unread, []);
});

t.test('a reply that the server does not send is counted', async (t) => {
  const { peer, test } = await world(t);
  peer.request(requestText());
  peer.refuse((await peer.next()).id, 'Unknown server error sending response');
  await test.until(() => test.engine.status().counts.unsentReplies === 1);
  t.equal(test.engine.statistics.drops['send_error'], 1);
});

t.test('while it drains, requests that come all the same get 503, and those taken before are answered', async (t) => {
  const gate = new Gate();
  const peer = await ServerPeer.open(t);
  const test = await TestEngine.start(t, peer, { handlers: gate.handlers });
  peer.request(requestText(), { transaction: 'before' });
  await gate.holds(1);
  test.engine.drain();
  t.same((await peer.next()).words.slice(1), ['remove_route', 'register']);
  peer.request(requestText(), { transaction: 'during' });
  const refused = await peer.next();
  t.equal(refused.words[2], 'during');
  t.match(refused.text, /^SIP\/2\.0 503 [^]*Retry-After: 1\r\n/);
  gate.open();
  t.equal((await peer.next()).words[2], 'before');
});
