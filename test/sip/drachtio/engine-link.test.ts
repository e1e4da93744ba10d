import t, { type Test } from 'tap';
import { requestText } from '../embedded/sip-text.ts';
import { ServerPeer, type PeerOptions } from './server-peer.ts';
import { TestEngine, type TestEngineOptions } from './test-engine.ts';

const HOP = { transport: 'udp', host: '192.0.2.7', port: 4000 } as const;
const PING = {
  requestUri: 'sip:alice@10.0.0.5',
  fromUri: 'sip:pinger@localhost',
  route: '',
  nextHop: HOP,
  socketName: '',
};

async function world(t: Test, options: TestEngineOptions = {}, peerOptions: PeerOptions = {}) {
  const peer = await ServerPeer.open(t, peerOptions);
  const test = await TestEngine.start(t, peer, options);
  const state = () => test.engine.status().state;
  return { peer, test, state };
}

t.test('without a server it starts after a while, says so, and serves as soon as there is one', async (t) => {
  const peer = new ServerPeer(t);
  await peer.listen();
  await peer.close();
  const test = new TestEngine(t, peer);
  const started = test.engine.start();
  await test.until(() => test.engine.status().trouble.includes('ECONNREFUSED'));
  test.clock.advance(2000);
  await started;
  t.match(test.log.lines, [
    {
      level: 'warn',
      message: 'drachtio-server does not answer: SIP is served as soon as it does',
      fields: { server: `127.0.0.1:${String(peer.port)}`, reason: /ECONNREFUSED/ },
    },
  ]);
  t.same(test.engine.sockets, []);
  t.equal(test.engine.sendOptions({ token: 'a', ...PING }), 'no-socket');
  await peer.listen();
  await test.until(() => test.engine.status().state === 'ready');
  const server = `127.0.0.1:${String(peer.port)}`;
  t.match(test.serverChanges, [
    { kind: 'lost', server, reason: /ECONNREFUSED/ },
    { kind: 'back', server, awayMs: 2000 },
  ]);
  peer.request(requestText());
  t.match((await peer.next()).text, /^SIP\/2\.0 200 /);
});

t.test('a server that is killed and comes back is connected again, and asked for the same requests', async (t) => {
  const { peer, test, state } = await world(t);
  await peer.close();
  await test.until(() => state() !== 'ready');
  t.same(test.engine.sockets, []);
  t.match(test.log.lines.at(-1), {
    level: 'warn',
    message: 'drachtio-server is lost: no SIP until it is back',
    fields: { reason: 'closed' },
  });
  test.clock.advance(700);
  await peer.listen();
  await test.until(() => state() === 'ready');
  const server = `127.0.0.1:${String(peer.port)}`;
  t.same(test.serverChanges, [
    { kind: 'lost', server, reason: 'closed' },
    { kind: 'back', server, awayMs: 700 },
  ]);
  t.same(peer.routes, ['register', 'options', 'register', 'options']);
  t.match(test.engine.status().counts, { connects: 2, losses: { closed: 1 } });
  t.equal(test.engine.sockets.length, 2);
});

t.test('a server that takes everything and says nothing is given up after two seconds', async (t) => {
  const { peer, test, state } = await world(t);
  await test.pass(20);
  t.equal(state(), 'ready', 'it answers probes');
  peer.hang();
  await test.pass(9);
  t.equal(state(), 'ready');
  await test.pass(3);
  t.not(state(), 'ready');
  t.match(test.engine.status().counts.losses, { silent: 1 });
  await test.until(() => peer.leftUnread !== '');
  t.match(peer.leftUnread, /\|remove_route\|register$/, 'the last that it has to read');
  await test.until(() => peer.connectionCount === 2);
  peer.wake();
  await test.until(() => state() === 'ready');
});

t.test('a server that answers probes and acknowledges nothing is given up as well', async (t) => {
  const { peer, test, state } = await world(t);
  peer.request(requestText());
  await peer.next();
  await test.pass(49);
  t.equal(state(), 'ready');
  await test.pass(4);
  t.not(state(), 'ready');
  t.match(test.engine.status().counts.losses, { unacknowledged: 1 });
});

t.test('a wrong secret is told in a warning, and tried again later', async (t) => {
  const peer = await ServerPeer.open(t, { refusal: 'incorrect secret' });
  const test = new TestEngine(t, peer);
  const started = test.engine.start();
  await test.until(() => peer.connectionCount === 2 && test.engine.status().state === 'down');
  t.match(test.engine.status(), { trouble: 'refused: incorrect secret' });
  test.clock.advance(2000);
  await started;
  t.match(test.log.lines, [{ level: 'warn', fields: { reason: 'refused: incorrect secret' } }]);
  peer.options = {};
  await test.until(() => test.engine.status().state === 'ready');
});

t.test('a loss is told once for each kind of reason, however often it is tried', async (t) => {
  const { peer, test, state } = await world(t);
  peer.options = { refusal: 'incorrect secret' };
  peer.cut();
  await test.until(() => peer.connectionCount === 3 && state() === 'down');
  peer.options = { refusal: 'not you' };
  await test.until(() => peer.connectionCount === 4 && state() === 'down');
  peer.options = {};
  await test.until(() => state() === 'ready');
  const server = `127.0.0.1:${String(peer.port)}`;
  t.same(test.serverChanges, [
    { kind: 'lost', server, reason: 'closed' },
    { kind: 'lost', server, reason: 'refused: incorrect secret' },
    { kind: 'back', server, awayMs: 0 },
  ]);
  peer.options = { refusal: 'incorrect secret' };
  peer.cut();
  await test.until(() => test.serverChanges.length === 5);
  t.match(test.serverChanges.at(-1), { reason: 'refused: incorrect secret' }, 'of the next loss too');
});

t.test('a server is deaf that has none of the sockets of the configuration', async (t) => {
  const listener = (transport: 'udp' | 'tcp', address: string) => {
    return { transport, address, port: 5060, advertised: undefined } as const;
  };
  const listeners = [listener('udp', '2001:DB8::1'), listener('tcp', '2001:DB8::1')];
  for (const [outside, missing, isDeaf] of [
    ['udp/[2001:db8:0::1]:5060,tcp/[2001:db8:0::1]:5060', [], false],
    ['udp/[2001:db8:0::1]:5060', ['tcp:[2001:DB8::1]:5060'], false],
    ['udp/[2001:db8:0::1]:5061', ['udp:[2001:DB8::1]:5060', 'tcp:[2001:DB8::1]:5060'], true],
    ['wss/[2001:db8:0::1]:443', [], false],
  ] as const) {
    const { test } = await world(t, { listeners }, { outside });
    t.match(test.engine.status(), { missing, isDeaf }, outside);
    t.equal(test.engine.status().missing.length, missing.length);
    const told = missing.length > 0 ? [{ kind: 'missing', missing, isDeaf }] : [];
    t.match(test.serverChanges, told);
    t.equal(test.serverChanges.length, told.length);
    await test.engine.stop();
  }
});

t.test('what is no frame closes the connection, and nothing else', async (t) => {
  for (const octets of ['GET / HTTP/1.1\r\n\r\n', '999999999#', '#', '-1#x']) {
    const { peer, test, state } = await world(t);
    peer.write(octets);
    await test.until(() => state() !== 'ready');
    t.match(test.engine.status().counts.losses, { protocol: 1 }, octets);
    await test.until(() => state() === 'ready');
    await test.engine.stop();
  }
});

t.test('frames that nobody knows are passed over', async (t) => {
  const { peer, test } = await world(t);
  for (const payload of [
    '',
    '|',
    'u|cdr:attempt|network|t\r\nINVITE',
    'u|sip',
    'u|sip|application|1\r\nBYE',
    'u|response',
  ]) {
    if (payload !== '') peer.send(payload);
  }
  peer.request(requestText());
  t.match((await peer.next()).text, /^SIP\/2\.0 200 /);
  t.equal(test.engine.statistics.engineErrors, 0);
});

t.test('what the server hands over after it stood still is refused for a while, where there is a twin', async (t) => {
  for (const [stallMs, during] of [
    [400, 503],
    [0, 200],
  ] as const) {
    const { peer, test } = await world(t, { stallMs });
    await test.pass(2);
    peer.hang();
    await test.pass(5);
    peer.wake();
    peer.request(requestText());
    const first = await peer.next();
    t.match(first.text, new RegExp(`^SIP/2\\.0 ${String(during)} `));
    if (during === 503) {
      t.match(first.text, 'Retry-After: 1\r\n');
      t.equal(test.engine.status().counts.staleRequests, 1);
      t.ok(test.messages.includes('drachtio-server stood still: requests that queued up meanwhile are not served'));
    }
    await test.pass(6);
    peer.request(requestText());
    t.match((await peer.next()).text, /^SIP\/2\.0 200 /, 'and then served again');
    await test.engine.stop();
  }
});

t.test('what waited through two standstills is refused for as long as both', async (t) => {
  const { peer, test } = await world(t, { stallMs: 400 });
  for (let times = 0; times < 2; times++) {
    await test.pass(2);
    peer.hang();
    await test.pass(5);
    peer.wake();
    peer.request(requestText());
    t.match((await peer.next()).text, /^SIP\/2\.0 503 /);
  }
  await test.pass(6);
  peer.request(requestText());
  t.match((await peer.next()).text, /^SIP\/2\.0 503 /);
  await test.pass(6);
  peer.request(requestText());
  t.match((await peer.next()).text, /^SIP\/2\.0 200 /);
});

t.test('a hung server that is given up and goes on then is not believed at once either', async (t) => {
  const { peer, test, state } = await world(t, { stallMs: 400 });
  peer.hang();
  await test.pass(12);
  t.not(state(), 'ready');
  await test.until(() => peer.connectionCount === 2);
  peer.wake();
  await test.until(() => state() === 'ready');
  peer.request(requestText());
  t.match((await peer.next()).text, /^SIP\/2\.0 503 /);
});

t.test('after a standstill of this process, what waited gets 503', async (t) => {
  const { peer, test } = await world(t, { stallMs: 400 });
  peer.request(requestText({ callId: 'before' }));
  t.match((await peer.next()).text, /^SIP\/2\.0 200 /);
  test.clock.stall(3000);
  peer.request(requestText({ callId: 'during' }));
  t.match((await peer.next()).text, /^SIP\/2\.0 503 /);
  t.equal(test.engine.statistics.stalls, 1);
  t.equal(test.stalls.length, 1, 'and it is told');
  await test.pass(13);
  peer.request(requestText({ callId: 'later' }));
  t.match((await peer.next()).text, /^SIP\/2\.0 503 /, 'the server may have stood still with it, and longer');
  await test.pass(3);
  peer.request(requestText({ callId: 'after' }));
  t.match((await peer.next()).text, /^SIP\/2\.0 200 /);
  t.equal(test.engine.status().state, 'ready', "the standstill is not the server's");
});

t.test('it stops while the server is gone, hung or there, and does not come back', async (t) => {
  const { peer, test, state } = await world(t);
  await test.engine.stop();
  t.equal(state(), 'down');
  t.notOk(test.messages.includes('drachtio-server is lost: no SIP until it is back'));
  t.same(test.serverChanges, []);
  const gone = await world(t);
  await gone.peer.close();
  await gone.test.until(() => gone.state() !== 'ready');
  await gone.test.engine.stop();
  await gone.peer.listen();
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.equal(gone.peer.connectionCount, 1);
  t.equal(peer.connectionCount, 1);
});
