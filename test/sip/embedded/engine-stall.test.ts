import t, { type Test } from 'tap';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { InboundRequest } from '../../../lib/sip/engine.ts';
import { answerText, optionsTo } from './options-text.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { replyOk, TestEngine, type TestEngineOptions } from './test-engine.ts';

const STALL_MS = 400;
/**
 * An engine that minds stalls, and the Call-IDs of the requests that it served. Once it has noticed one it is told that the event loop
 * turned when the test moves the clock on.
 */
async function world(t: Test, options: TestEngineOptions = {}) {
  const served: string[] = [];
  const serve = (inbound: InboundRequest) => {
    served.push(inbound.request.callId);
    replyOk(inbound);
  };
  const test = await TestEngine.start(t, { stallMs: STALL_MS, handlers: new Map([['REGISTER', serve]]), ...options });
  return { test, served };
}

t.test('datagrams that queued up during a stall are dropped, and the next ones served', async (t) => {
  const { test, served } = await world(t);
  const phones = [await test.udpPhone(), await test.udpPhone()] as const;
  t.equal(statusOf(await phones[0].ask(requestText({ callId: 'before' }))), 200);
  for (const phone of phones) for (let count = 0; count < 50; count++) phone.send(requestText({ callId: 'during' }));
  test.clock.stall(1000);
  await test.dropped('stalled', 100);
  test.clock.advance(0);
  for (const phone of phones) t.equal(headerOf(await phone.ask(requestText({ callId: 'after' })), 'Call-ID'), 'after');
  t.same(served, ['before', 'after', 'after']);
  t.match(test.engine.statistics, { stalls: 1, lastStall: { lengthMs: 1000 }, requests: { REGISTER: 3 } });
});

for (const transport of ['udp', 'tcp'] as const) {
  t.test(
    `what came over ${transport} before a stall, and was not served yet, is as old as what came during it`,
    async (t) => {
      const served: string[] = [];
      const stallOnce = (inbound: InboundRequest) => {
        if (served.push(inbound.request.callId) === 2) test.clock.stall(1000);
        replyOk(inbound);
      };
      const { test } = await world(t, { handlers: new Map([['REGISTER', stallOnce]]) });
      const requests = ['1', '2', '3', '4', '5'].map((callId) => requestText({ callId }));
      const { drops, replies } = test.engine.statistics;
      const [udp, tcp] = [await test.udpPhone(), await test.tcpPhone()];
      if (transport === 'tcp') tcp.send(requests.join(''));
      else for (const request of requests) udp.send(request);
      const refused = () => (drops['stalled'] ?? 0) + (replies['5xx'] ?? 0);
      await test.until(() => served.length + refused() >= requests.length);
      t.same(served, ['1', '2']);
      t.equal(refused(), 3);
    },
  );
}

t.test('the stall is over by itself some turns of the event loop after the last one came', async (t) => {
  const { test, served } = await world(t, { hasRealTurns: true });
  const phone = await test.udpPhone();
  phone.send(requestText({ callId: 'during' }));
  test.clock.stall(1000);
  await test.dropped('stalled', 1);
  await test.turns(10);
  await phone.ask(requestText({ callId: 'after' }));
  t.same(served, ['after']);
});

t.test('answers to our own OPTIONS are taken, however long they waited', async (t) => {
  const { test } = await world(t);
  const [udp, tcp] = [await test.udpPhone(), await test.tcpPhone()];
  test.engine.sendOptions(optionsTo({ transport: 'udp', host: test.address, port: udp.port }, { token: 'u' }));
  const overUdp = answerText(await udp.receive());
  await tcp.ask(requestText());
  const port = tcp.socket.localPort ?? 0;
  test.engine.sendOptions(optionsTo({ transport: 'tcp', host: tcp.socket.localAddress ?? '', port }, { token: 't' }));
  const overTcp = answerText(await tcp.receive());
  udp.send(requestText());
  udp.send(overUdp);
  tcp.send(overTcp);
  test.clock.stall(1000);
  await test.until(() => test.optionsReplies.length === 2);
  t.same(
    new Map(test.optionsReplies),
    new Map([
      ['u', 200],
      ['t', 200],
    ]),
  );
  await test.dropped('stalled', 1);
});

t.test('on a connection they get 503 with Retry-After, and the connection goes on', async (t) => {
  const { test, served } = await world(t);
  const phone = await test.tcpPhone();
  await phone.ask(requestText({ callId: 'before' }));
  phone.send(`${requestText({ callId: 'a' })}\r\n\r\n${requestText({ method: 'OPTIONS', callId: 'b' })}`);
  test.clock.stall(1000);
  for (const callId of ['a', 'b']) {
    const reply = await phone.receive();
    t.equal(statusOf(reply), 503);
    t.equal(headerOf(reply, 'Retry-After'), '1');
    t.equal(headerOf(reply, 'Call-ID'), callId);
  }
  t.equal(test.engine.statistics.pongs, 1, 'a keep-alive is answered as ever');
  test.clock.advance(0);
  t.equal(statusOf(await phone.ask(requestText({ callId: 'after' }))), 200);
  t.same(served, ['before', 'after']);
  t.equal(test.engine.statistics.drops['stalled'], 0, 'none is dropped');
});

t.test('a message of which a part came before or during the stall is as old as that part', async (t) => {
  const { test, served } = await world(t);
  const [before, during] = [await test.tcpPhone(), await test.tcpPhone()];
  const text = requestText({ callId: 'half' });
  // What is behind a request in one segment has been read when that is answered.
  t.equal(statusOf(await before.ask(requestText() + text.slice(0, 50))), 200);
  test.clock.stall(1000);
  t.equal(statusOf(await during.ask(requestText() + text.slice(0, 50))), 503);
  test.clock.advance(0);
  for (const phone of [before, during]) {
    phone.send(text.slice(50) + requestText({ callId: 'next' }));
    t.equal(statusOf(await phone.receive()), 503);
    const next = await phone.receive();
    t.equal(statusOf(next), 200);
    t.equal(headerOf(next, 'Call-ID'), 'next');
  }
  t.same(served, ['call-1', 'next', 'next']);
});

t.test('a connection that waited to be accepted brings what has waited', async (t) => {
  const { test, served } = await world(t);
  test.clock.stall(1000);
  const socket = connect({ host: test.tcp.address, port: test.tcp.port });
  t.teardown(() => socket.destroy());
  socket.write(requestText());
  const [reply] = await once(socket, 'data');
  t.equal(statusOf(String(reply)), 503);
  t.same(served, []);
  test.clock.advance(0);
  const phone = await test.tcpPhone();
  t.equal(statusOf(await phone.ask(requestText())), 200, 'and one that comes later does not');
});

t.test('a node of its own serves what queued up', async (t) => {
  const { test, served } = await world(t, { stallMs: 0 });
  const phone = await test.udpPhone();
  phone.send(requestText({ callId: 'during' }));
  test.clock.stall(60_000);
  t.equal(statusOf(await phone.receive()), 200);
  t.same(served, ['during']);
  t.equal(test.engine.statistics.stalls, 0);
});

t.test('stopped in the middle of a stall it leaves no timer', async (t) => {
  const { test } = await world(t, { hasRealTurns: true });
  (await test.udpPhone()).send(requestText());
  test.clock.stall(1000);
  await test.dropped('stalled', 1);
  await test.engine.stop();
  t.equal(test.clock.timerCount, 0);
});
