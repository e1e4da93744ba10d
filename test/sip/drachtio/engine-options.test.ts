import t, { type Test } from 'tap';
import { DRACHTIO_LIMITS } from '../../../lib/sip/drachtio/drachtio-settings.ts';
import type { NextHop, OptionsRequest } from '../../../lib/sip/engine.ts';
import { requestText } from '../embedded/sip-text.ts';
import { ServerPeer } from './server-peer.ts';
import { TestEngine, type TestEngineOptions } from './test-engine.ts';

const UDP: NextHop = { transport: 'udp', host: '192.0.2.7', port: 4000 };

function optionsTo(changes: Partial<OptionsRequest> = {}): OptionsRequest {
  return {
    token: 'tok1',
    requestUri: 'sip:alice@10.0.0.5:5060',
    fromUri: 'sip:pinger@localhost',
    route: '',
    nextHop: UDP,
    socketName: 'udp:127.0.0.1:5060',
    ...changes,
  };
}

function response(status: number): string {
  return (
    `SIP/2.0 ${String(status)} Whatever\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-s\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n` +
    'Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'
  );
}

const SOCKETS = 'udp/127.0.0.1:5060,tcp/127.0.0.1:5060,udp/[::1]:5060';

async function world(t: Test, options: TestEngineOptions = {}, outside = SOCKETS) {
  const peer = await ServerPeer.open(t, { outside });
  const test = await TestEngine.start(t, peer, options);
  /** Sends one, which the server confirms. */
  const ping = async (changes: Partial<OptionsRequest> = {}, transaction = 'T') => {
    t.equal(test.engine.sendOptions(optionsTo(changes)), 'sent');
    const frame = await peer.next();
    peer.sent(frame.id, transaction);
    return frame;
  };
  return { peer, test, ping };
}

t.test('a ping goes to the next hop, whatever the contact says, and its answer is told once', async (t) => {
  const { peer, test, ping } = await world(t);
  const { words, text } = await ping();
  t.same(words.slice(1), ['sip', '', '', 'sip:192.0.2.7:4000;transport=udp']);
  t.match(
    text,
    /^OPTIONS sip:alice@10\.0\.0\.5:5060 SIP\/2\.0\r\nFrom: <sip:pinger@LOCALHOST>\r\nTo: <sip:alice@10\.0\.0\.5:5060>\r\n/,
  );
  t.match(text, /\r\nCall-ID: \S+\r\nCSeq: \d+ OPTIONS\r\nMax-Forwards: 70\r\nContact: <sip:127\.0\.0\.1:5060>\r\n/);
  peer.response('T', response(100));
  peer.response('T', response(486));
  peer.response('T', response(200));
  await test.until(() => test.engine.statistics.drops['response'] === 1);
  t.same(test.optionsReplies, [['tok1', 486]]);
  t.equal(test.engine.status().pingsInFlight, 0);
});

t.test('each has a Call-ID and a CSeq of its own', async (t) => {
  const { ping } = await world(t);
  const texts = [(await ping()).text, (await ping({}, 'U')).text];
  const [first, second] = texts.map((text) => [/Call-ID: (.*)\r/.exec(text)?.[1], /CSeq: (\d+)/.exec(text)?.[1]]);
  t.not(first?.[0], second?.[0]);
  t.not(first?.[1], second?.[1]);
});

t.test('Path is carried in the Request-URI, escaped, and To has none of it', async (t) => {
  const { ping } = await world(t);
  const { text } = await ping({ route: '<sip:p1;lr>, <sip:10.0.0.9:5070;lr;x="a,b">' });
  t.equal(
    text.split('\r\n', 1)[0],
    'OPTIONS sip:alice@10.0.0.5:5060?Route=%3Csip:p1%3Blr%3E%2C%20%3Csip:10.0.0.9:5070%3Blr%3Bx%3D%22a%2Cb%22%3E SIP/2.0',
  );
  t.match(text, 'To: <sip:alice@10.0.0.5:5060>\r\n');
});

t.test('a contact sets no header, and one that would hurt the server is not sent', async (t) => {
  const { test, peer, ping } = await world(t);
  const { text } = await ping({ requestUri: 'sip:alice@10.0.0.5?Via=x&Route=%3Csip:evil%3E' });
  t.match(text, /^OPTIONS sip:alice@10\.0\.0\.5 SIP\/2\.0\r\n/);
  const refused = [
    'tel:+15551234',
    'mailto:a@b',
    'alice',
    'sip:a?Route=x@10.0.0.5',
    `sip:${'a'.repeat(250)}@10.0.0.5`,
    'sip:a@10.0.0.5\r\nX: y',
    'sip:a>b@10.0.0.5',
  ];
  for (const requestUri of refused) t.equal(test.engine.sendOptions(optionsTo({ requestUri })), 'refused', requestUri);
  const path = { route: Array.from({ length: 12 }, () => '<sip:proxy.example.com;lr>').join(',') };
  t.equal(test.engine.sendOptions(optionsTo(path)), 'refused', 'a Path that does not fit');
  t.equal(test.engine.sendOptions(optionsTo({ route: '<sip:p1>\r\nX: y' })), 'refused');
  t.equal(test.engine.statistics.unsent['refused'], 9);
  t.same(peer.unread, []);
});

t.test('what the server made up itself is no answer, and a request that did not get out is told', async (t) => {
  const { peer, test, ping } = await world(t, {}, 'udp/10.0.0.150:5060');
  await ping({ token: 'timeout' }, 'A');
  await ping({ token: 'unreachable' }, 'B');
  await ping({ token: 'closed' }, 'C');
  await ping({ token: 'its own 503' }, 'D');
  peer.response('A', response(408), 'udp||0');
  peer.response('B', response(503), 'unknown||0');
  peer.response('C', response(410), 'unknown||0');
  peer.response('D', response(503));
  t.equal(test.engine.sendOptions(optionsTo({ token: 'myself' })), 'sent');
  peer.refuse((await peer.next()).id, 'can not send request to myself');
  await test.until(() => test.optionsUnsent.length === 3);
  t.same(test.optionsUnsent, ['unreachable', 'closed', 'myself']);
  t.same(test.optionsReplies, [['its own 503', 503]]);
  t.equal(test.engine.statistics.unsent['send_error'], 3);
  t.equal(test.engine.status().pingsInFlight, 0);
});

t.test(
  'with the address here, a 503 of the server is an ICMP message: no answer, and a loss in its time',
  async (t) => {
    for (const [outside, hostAddresses] of [
      [SOCKETS, []],
      ['udp/10.0.0.150:5060', ['10.0.0.1', '10.0.0.150']],
    ] as const) {
      const { peer, test, ping } = await world(t, { hostAddresses }, outside);
      await ping();
      peer.response('T', response(503), 'unknown||0');
      await test.until(() => test.engine.status().pingsInFlight === 0);
      t.same(test.optionsUnsent, []);
      t.same(test.optionsReplies, []);
    }
  },
);

t.test('when the connection is lost, nobody is left waiting: all that was under way counts as not sent', async (t) => {
  const { peer, test, ping } = await world(t);
  await ping({ token: 'confirmed' });
  test.engine.sendOptions(optionsTo({ token: 'ordered' }));
  await peer.next();
  peer.cut();
  await test.until(() => test.optionsUnsent.length === 2);
  t.same(new Set(test.optionsUnsent), new Set(['confirmed', 'ordered']));
  t.equal(test.engine.status().pingsInFlight, 0);
});

t.test("an answer that never comes is forgotten after the server's own time", async (t) => {
  const { test, ping } = await world(t);
  await ping();
  await test.pass(199);
  t.equal(test.engine.status().pingsInFlight, 1);
  await test.pass(2);
  t.equal(test.engine.status().pingsInFlight, 0);
  t.same(test.optionsUnsent, [], 'whether it is a loss the pinger says');
});

t.test('a server that does not confirm what it was told to send is told no more for now', async (t) => {
  const { peer, test } = await world(t);
  const send = (token: string) => test.engine.sendOptions(optionsTo({ token }));
  const outcomes = Array.from({ length: DRACHTIO_LIMITS.pingsUnconfirmedMax + 1 }, (_, index) => send(String(index)));
  t.same(outcomes.slice(-2), ['sent', 'refused']);
  t.match(test.log.lines.at(-1), {
    level: 'warn',
    message: 'pings are left out: drachtio-server does not keep up with them',
    fields: { unconfirmed: DRACHTIO_LIMITS.pingsUnconfirmedMax },
  });
  peer.sent((await peer.next()).id, 'T');
  await test.until(() => test.engine.status().pingsUnconfirmed < DRACHTIO_LIMITS.pingsUnconfirmedMax);
  t.equal(send('later'), 'sent');
});

t.test('only so many are in flight; what is due beyond is refused, with a warning', async (t) => {
  const { peer, test } = await world(t);
  const max = DRACHTIO_LIMITS.pingsInFlightMax;
  for (let count = 0; count < max; count++) {
    test.engine.sendOptions(optionsTo({ token: String(count) }));
    peer.sent((await peer.next()).id, String(count));
    if (count % 100 === 99) await test.until(() => test.engine.status().pingsUnconfirmed === 0);
  }
  t.equal(test.engine.sendOptions(optionsTo({ token: 'beyond' })), 'refused');
  t.equal(test.engine.statistics.unsent['refused'], 1);
  t.match(test.log.lines.at(-1), {
    level: 'warn',
    message: 'pings are left out: as many are in flight as drachtio-server sustains, to phones that do not answer',
    fields: { inFlight: max },
  });
  peer.response('0', response(200));
  await test.until(() => test.engine.status().pingsInFlight < max);
  t.equal(test.engine.sendOptions(optionsTo({ token: 'later' })), 'sent');
});

t.test(
  'over a connection only those are pinged who came over it, until the server says that it is closed',
  async (t) => {
    const { peer, test, ping } = await world(t);
    const nextHop: NextHop = { transport: 'tcp', host: '192.0.2.7', port: 4711 };
    t.equal(test.engine.sendOptions(optionsTo({ nextHop })), 'no-connection');
    peer.request(requestText(), { protocol: 'tcp', from: '192.0.2.7|4711' });
    await peer.next();
    const { words, text } = await ping({ nextHop });
    t.equal(words[4], 'sip:192.0.2.7:4711;transport=tcp');
    t.match(text, 'Contact: <sip:127.0.0.1:5060;transport=tcp>\r\n');
    peer.response('T', response(410), 'unknown||0');
    await test.until(() => test.optionsUnsent.length === 1);
    t.equal(test.engine.sendOptions(optionsTo({ nextHop })), 'no-connection');
  },
);

t.test('a transport or family that the server has no socket of is none, and a name is looked up', async (t) => {
  const { test, ping } = await world(t, { lookup: () => Promise.resolve(['192.0.2.33']) });
  const [tls, ws] = (['tls', 'ws'] as const).map((transport) => ({ ...UDP, transport }));
  t.equal(test.engine.sendOptions(optionsTo({ nextHop: tls! })), 'no-socket');
  t.equal(test.engine.sendOptions(optionsTo({ nextHop: ws! })), 'no-socket');
  t.equal((await ping({ nextHop: { ...UDP, host: '2001:db8::7' } })).words[4], 'sip:[2001:db8::7]:4000;transport=udp');
  const named = { nextHop: { ...UDP, host: 'proxy.example' } };
  t.equal(test.engine.sendOptions(optionsTo(named)), 'unresolved');
  await test.pass(1);
  t.equal((await ping(named, 'N')).words[4], 'sip:192.0.2.33:4000;transport=udp');
});

t.test('a keep-alive is an OPTIONS whose answer says nothing', async (t) => {
  const { peer, test } = await world(t);
  t.equal(test.engine.sendKeepAlive(UDP), 'sent');
  const { id, words, text } = await peer.next();
  t.equal(words[4], 'sip:192.0.2.7:4000;transport=udp');
  t.match(text, /^OPTIONS sip:192\.0\.2\.7:4000 SIP\/2\.0\r\n/);
  peer.sent(id, 'K');
  peer.response('K', response(200));
  await test.until(() => test.engine.status().pingsInFlight === 0);
  t.same(test.optionsReplies, []);
  t.equal(test.engine.statistics.sent['keep_alive'], 1);
});

t.test('a daemon that stops pings nobody', async (t) => {
  const { test } = await world(t);
  test.engine.drain();
  t.equal(test.engine.sendOptions(optionsTo()), 'refused');
});
