import t, { type Test } from 'tap';
import type { NextHop } from '../../../lib/sip/engine.ts';
import { loopbackAddress } from '../../support/free-port.ts';
import { answerText, branchOf, optionsTo } from './options-text.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { listener, TestEngine, type TestEngineOptions } from './test-engine.ts';
import { UdpPhone } from './udp-phone.ts';

interface World {
  readonly test: TestEngine;
  readonly phone: UdpPhone;
  readonly hop: NextHop;
}

async function world(t: Test, options: TestEngineOptions = {}): Promise<World> {
  const test = await TestEngine.start(t, options);
  const phone = await test.udpPhone();
  return { test, phone, hop: { transport: 'udp', host: test.address, port: phone.port } };
}

t.test('an OPTIONS leaves by the socket that the phone is registered over, and its 200 is heard', async (t) => {
  const address = loopbackAddress();
  const { test, phone, hop } = await world(t, {
    listeners: [listener('udp', loopbackAddress()), listener('udp', address)],
  });
  const [, second] = test.engine.sockets;
  t.equal(test.engine.sendOptions(optionsTo(hop, { token: 'abc1', socketName: second?.name ?? '' })), 'sent');
  const options = await phone.receive();
  t.equal(phone.lastSource, `${address}:${String(second?.port)}`);
  t.equal(options.split('\r\n')[0], 'OPTIONS sip:alice@192.0.2.7:5060 SIP/2.0');
  t.equal(headerOf(options, 'Via'), `SIP/2.0/UDP ${phone.lastSource};rport;branch=z9hG4bK-tr-abc1`);
  t.equal(headerOf(options, 'Contact'), `<sip:${phone.lastSource}>`);
  t.equal(headerOf(options, 'User-Agent'), 'test');
  const back = await UdpPhone.open({ address, port: Number(second?.port) }, test.address);
  t.teardown(() => back.close());
  back.send(answerText(options, { status: 486 }));
  await test.until(() => test.optionsReplies.length > 0);
  t.same(test.optionsReplies, [['abc1', 486]], 'whoever sends it');
  t.match(test.engine.statistics, { sent: { options: 1 }, repliesReceived: { '4xx': 1 }, drops: { response: 0 } });
});

t.test('each OPTIONS has a branch, tag, Call-ID and CSeq of its own', async (t) => {
  const { test, phone, hop } = await world(t);
  const seen: string[] = [];
  for (let number = 0; number < 3; number += 1) {
    test.engine.sendOptions(optionsTo(hop));
    seen.push(await phone.receive());
  }
  for (const name of ['Via', 'From', 'Call-ID'])
    t.equal(new Set(seen.map((text) => headerOf(text, name))).size, 3, name);
  const cseqs = seen.map((text) => Number.parseInt(headerOf(text, 'CSeq') ?? '', 10));
  t.same(cseqs, [cseqs[0], Number(cseqs[0]) + 1, Number(cseqs[0]) + 2]);
});

t.test('a keep-alive is four zero octets', async (t) => {
  const { test, phone, hop } = await world(t);
  t.equal(test.engine.sendKeepAlive(hop, test.udp.name), 'sent');
  t.equal(await phone.receive(), '\0\0\0\0');
  t.equal(phone.lastSource, test.udp.name.slice('udp:'.length));
  t.match(test.engine.statistics.sent, { options: 0, keep_alive: 1 });
});

t.test('a socket that is not here gives way to the first of the same family', async (t) => {
  const { test, phone, hop } = await world(t, {
    listeners: [listener('udp', '::1'), listener('udp', loopbackAddress()), listener('udp', loopbackAddress())],
  });
  const [six, four] = test.engine.sockets;
  t.equal(test.engine.sendOptions(optionsTo(hop, { socketName: 'udp:192.0.2.1:5060' })), 'sent');
  await phone.receive();
  t.equal(`udp:${phone.lastSource}`, four?.name);
  t.equal(test.engine.sendOptions(optionsTo(hop, { socketName: six?.name ?? '' })), 'sent');
  await phone.receive();
  t.equal(`udp:${phone.lastSource}`, four?.name, 'a socket of the other family too');
});

t.test(
  'IPv6 stands in brackets, an IPv4-mapped address is IPv4, and what no socket can reach is not sent',
  async (t) => {
    const { test, hop } = await world(t, { listeners: [listener('udp', '::1'), listener('tcp', '::1')] });
    const phone = await test.udpPhone('::1');
    t.equal(test.engine.sendOptions(optionsTo({ transport: 'udp', host: '0:0::1', port: phone.port })), 'sent');
    const options = await phone.receive();
    t.match(headerOf(options, 'Via'), `SIP/2.0/UDP [::1]:${String(test.udp.port)};rport`);
    t.equal(headerOf(options, 'Contact'), `<sip:[::1]:${String(test.udp.port)}>`);
    for (const host of [hop.host, `::ffff:${hop.host}`]) {
      t.equal(test.engine.sendOptions(optionsTo({ ...hop, host })), 'no-socket');
      t.equal(test.engine.sendKeepAlive({ ...hop, host }, test.udp.name), 'no-socket');
    }
    t.match(test.engine.statistics, { sent: { options: 1, keep_alive: 0 }, unsent: { no_socket: 4 } });
  },
);

t.test(
  'an advertised address stands in Via and Contact; a wildcard socket goes by an address of this host',
  async (t) => {
    const advertised = { host: '2001:db8::1', port: 5099 };
    const { test, phone, hop } = await world(t, {
      listeners: [
        { ...listener('udp', loopbackAddress()), advertised },
        listener('udp', '0.0.0.0'),
        { ...listener('udp', '0.0.0.0'), advertised: { host: 'sip.example.com', port: 0 } },
      ],
    });
    const [, wildcard, named] = test.engine.sockets;
    const sentBy = async (socketName: string): Promise<string | undefined> => {
      test.engine.sendOptions(optionsTo(hop, { socketName }));
      const options = await phone.receive();
      const [, uri] = /^<sip:(.*)>$/.exec(headerOf(options, 'Contact') ?? '') ?? [];
      t.match(headerOf(options, 'Via'), `SIP/2.0/UDP ${uri ?? '?'};`);
      return uri;
    };
    t.equal(await sentBy('udp:[2001:db8::1]:5099'), '[2001:db8::1]:5099');
    const own = await sentBy(wildcard?.name ?? '');
    t.match(own, new RegExp(`^[0-9.]+:${String(wildcard?.port)}$`));
    t.not(own, `0.0.0.0:${String(wildcard?.port)}`);
    test.clock.advance(60_000);
    t.equal(await sentBy(wildcard?.name ?? ''), own);
    t.equal(await sentBy(named?.name ?? ''), `sip.example.com:${String(named?.port)}`);
  },
);

t.test('provisional replies are counted only, and what answers none of ours is a stray', async (t) => {
  const { test, phone, hop } = await world(t);
  test.engine.sendOptions(optionsTo(hop, { token: 'mine' }));
  const options = await phone.receive();
  const via = headerOf(options, 'Via') ?? '';
  phone.send(answerText(options, { status: 180 }));
  phone.send(answerText(options, { cseq: '1 INVITE' }));
  phone.send(answerText(options, { via: via.replace('-tr-', '-tx-') }));
  phone.send(answerText(options, { via: via.replace('-tr-mine', '-tr-') }));
  phone.send(answerText(options, { via: via.replace('mine', 'x'.repeat(65)) }));
  phone.send(answerText(options, { via: via.replace(/;branch=.*/, '') }));
  phone.send(answerText(options, { via: `${via}, SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK-2` }));
  phone.send(answerText(options, { via: `${via}\r\nVia: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK-2` }));
  phone.send(answerText(options, { via: `SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK-2, ${via}` }));
  phone.send(answerText(options).replace(/CSeq.*\r\n/, ''));
  phone.send(
    answerText(options, { status: 603, via: `${via.replace(';rport', ';rport=9;received=192.0.2.1')};x="y"` }),
  );
  t.equal(statusOf(await phone.ask(requestText())), 200);
  t.same(test.optionsReplies, [['mine', 603]]);
  t.match(test.engine.statistics, {
    repliesReceived: { '1xx': 1, '2xx': 8, '6xx': 1 },
    drops: { response: 8, malformed: 1 },
  });
});

t.test('2000 in one turn of the event loop all arrive, and their replies are all heard', async (t) => {
  const { test } = await world(t);
  // A socket's receive buffer holds some hundred of them, and nobody reads while they are sent.
  const phones = await Promise.all(Array.from({ length: 20 }, () => test.udpPhone()));
  for (const { port } of phones) {
    for (let number = 0; number < 100; number += 1) {
      t.equal(test.engine.sendOptions(optionsTo({ transport: 'udp', host: test.address, port })), 'sent');
    }
  }
  const branches = new Set<string | undefined>();
  for (const phone of phones) {
    for (let number = 1; number <= 100; number += 1) {
      const options = await phone.receive();
      branches.add(branchOf(options));
      phone.send(answerText(options));
    }
    await test.until(() => test.optionsReplies.length >= branches.size);
  }
  t.equal(branches.size, 2000);
  t.equal(new Set(test.optionsReplies.map(([token]) => token)).size, 2000);
});

t.test('a full send queue, a text that fits no datagram, and one that would smuggle a row are refused', async (t) => {
  const { test, phone, hop } = await world(t, { udp: { sendQueueBytesMax: 1000 } });
  const outcomes = [1, 2, 3, 4].map(() => test.engine.sendOptions(optionsTo(hop)));
  t.same(outcomes, ['sent', 'sent', 'sent', 'refused']);
  t.equal(test.engine.sendKeepAlive(hop, ''), 'refused');
  await phone.receive();
  t.equal(test.engine.sendOptions(optionsTo(hop, { route: `<sip:${'p'.repeat(65_500)}>` })), 'refused');
  t.equal(test.engine.sendOptions(optionsTo(hop, { requestUri: 'sip:a@h\r\nEvil: 1' })), 'refused');
  t.match(test.engine.statistics, { sent: { options: 3 }, unsent: { refused: 4 } });
});

t.test('an OPTIONS that the kernel does not send is told by its token, counted, and hurts nothing', async (t) => {
  const { test, phone, hop } = await world(t);
  const nowhere: NextHop = { ...hop, host: '255.255.255.255' };
  t.equal(test.engine.sendOptions(optionsTo(nowhere, { token: 'first' })), 'sent');
  t.equal(test.engine.sendKeepAlive(nowhere, ''), 'sent');
  test.engine.sendOptions(optionsTo({ ...hop, port: 9 }));
  test.engine.sendOptions(optionsTo(nowhere, { token: 'last' }));
  t.same(test.optionsUnsent, [], 'not before sendOptions returns');
  test.engine.sendOptions(optionsTo(hop));
  t.match(await phone.receive(), /^OPTIONS /);
  t.same(test.optionsUnsent, ['first', 'last'], 'a port where nobody listens is no error of the kernel');
  t.match(test.engine.statistics, {
    sent: { options: 4, keep_alive: 1 },
    unsent: { send_error: 3, refused: 0 },
    drops: { send_error: 0 },
  });
});

t.test('a name is unresolved at first and then sent to, at an address that a socket can reach', async (t) => {
  const address = loopbackAddress();
  const answers: Readonly<Record<string, readonly string[]>> = { both: ['::1', address], six: ['::1'] };
  const lookup = (name: string): Promise<readonly string[]> => Promise.resolve(answers[name] ?? []);
  const { test } = await world(t, { lookup });
  const phone = await test.udpPhone(address);
  const to = (host: string): string => test.engine.sendOptions(optionsTo({ transport: 'udp', host, port: phone.port }));
  t.same(['both', 'six', 'none'].map(to), ['unresolved', 'unresolved', 'unresolved']);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(['both', 'six', 'none'].map(to), ['sent', 'no-socket', 'unresolved']);
  t.match(await phone.receive(), /^OPTIONS /);
  t.match(test.engine.statistics, { sent: { options: 1 }, unsent: { unresolved: 4, no_socket: 1 } });
});

t.test('localhost is resolved by the system', async (t) => {
  const { test } = await world(t, { listeners: [listener('udp', '127.0.0.1'), listener('udp', '::1')] });
  const hop = { transport: 'udp', host: 'localhost', port: test.udp.port } as const;
  t.equal(test.engine.sendKeepAlive(hop, ''), 'unresolved');
  await test.until(() => test.engine.sendKeepAlive(hop, '') !== 'unresolved');
  t.equal(test.engine.sendKeepAlive(hop, ''), 'sent');
});

t.test('a draining and a stopped engine refuse everything', async (t) => {
  const { test, hop } = await world(t);
  test.engine.drain();
  t.equal(test.engine.sendOptions(optionsTo(hop)), 'refused');
  await test.engine.stop();
  t.equal(test.engine.sendKeepAlive(hop, ''), 'refused');
});

t.test('an engine that has not started sends nothing', async (t) => {
  const test = new TestEngine(t);
  t.equal(test.engine.sendOptions(optionsTo({ transport: 'udp', host: test.address, port: 9 })), 'no-socket');
  t.match(test.engine.statistics.unsent, { no_socket: 1 });
  await test.engine.stop();
});
