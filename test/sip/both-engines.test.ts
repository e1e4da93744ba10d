import t, { type Test } from 'tap';
import type { InboundRequest, ListeningSocket, NextHop, OptionsRequest, RequestHandler } from '../../lib/sip/engine.ts';
import { DRACHTIO } from '../support/engines.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { TestEngine as DrachtioTestEngine } from './drachtio/test-engine.ts';
import { answerText, optionsTo } from './embedded/options-text.ts';
import { headerOf, requestText, statusOf } from './embedded/sip-text.ts';
import { TcpPhone } from './embedded/tcp-phone.ts';
import { Gate, REGISTER_OK, TestEngine as EmbeddedTestEngine } from './embedded/test-engine.ts';
import { UdpPhone } from './embedded/udp-phone.ts';

type Handlers = ReadonlyMap<string, RequestHandler>;

/** What both test engines have. */
interface TestedEngine {
  readonly engine: {
    readonly sockets: readonly ListeningSocket[];
    readonly statistics: { readonly engineErrors: number };
    sendOptions(options: OptionsRequest): string;
  };
  readonly optionsReplies: readonly (readonly [token: string, status: number])[];
  until(holds: () => boolean): Promise<void>;
}

const STARTS: readonly (readonly [name: string, start: (t: Test, handlers: Handlers) => Promise<TestedEngine>])[] = [
  ['embedded engine', (t, handlers) => EmbeddedTestEngine.start(t, { handlers })],
  [
    DRACHTIO.name,
    async (t, handlers) => {
      const address = loopbackAddress();
      const server = await DRACHTIO.serverAt(t, address, await freePort(address));
      return DrachtioTestEngine.start(
        t,
        { host: server?.adminAddress ?? '', port: server?.adminPort ?? 0 },
        { handlers },
      );
    },
  ],
];

for (const [name, start] of STARTS) {
  const world = async (t: Test, handlers: Handlers = REGISTER_OK) => {
    const test = await start(t, handlers);
    const socket = (transport: 'udp' | 'tcp') => {
      const found = test.engine.sockets.find((one) => one.transport === transport);
      if (found === undefined) throw new Error(`no ${transport} socket`);
      return found;
    };
    const phone = await UdpPhone.open(socket('udp'), socket('udp').address);
    t.teardown(() => phone.close());
    return { test, socket, phone };
  };

  t.test(`a request comes with where it is from, and its first reply goes back (${name})`, async (t) => {
    const seen: InboundRequest[] = [];
    const serve = (inbound: InboundRequest) => {
      seen.push(inbound);
      inbound.reply({ status: 200, reason: 'OK', headers: [['X-Test', 'yes']] });
      inbound.reply({ status: 500, reason: 'Second', headers: [] });
    };
    const { phone, socket } = await world(t, new Map([['REGISTER', serve]]));
    const { address, port } = socket('udp');
    const reply = await phone.ask(requestText({ callId: 'first' }));
    t.equal(statusOf(reply), 200);
    t.equal(headerOf(reply, 'X-Test'), 'yes');
    t.equal(headerOf(reply, 'Server'), 'test');
    t.match(seen, [{ sourceAddress: address, sourcePort: phone.port, socket: { transport: 'udp', address, port } }]);
    t.equal(headerOf(await phone.ask(numbered(2)), 'CSeq'), '2 REGISTER', 'and nothing else');
  });

  t.test(`a request over TCP is answered over its connection (${name})`, async (t) => {
    const seen: InboundRequest[] = [];
    const serve = (inbound: InboundRequest) => {
      seen.push(inbound);
      inbound.reply({ status: 200, reason: 'OK', headers: [] });
    };
    const { socket } = await world(t, new Map([['REGISTER', serve]]));
    const phone = await TcpPhone.open(socket('tcp'), socket('tcp').address);
    t.teardown(() => phone.close());
    t.equal(statusOf(await phone.ask(requestText().replace('/UDP', '/TCP'))), 200);
    t.match(seen, [{ sourcePort: phone.socket.localPort, socket: { transport: 'tcp' } }]);
  });

  t.test(`OPTIONS is answered with what can be done, or 420 (${name})`, async (t) => {
    const { phone } = await world(t);
    const reply = await phone.ask(requestText({ method: 'OPTIONS' }));
    t.equal(statusOf(reply), 200);
    t.match([headerOf(reply, 'Allow'), headerOf(reply, 'Supported')], ['OPTIONS, REGISTER', 'path']);
    const rows = ['Require: nothingSupportsThis'];
    const via = 'SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-2;rport';
    const refusal = await phone.ask(requestText({ method: 'OPTIONS', cseq: 2, via, rows }));
    t.equal(statusOf(refusal), 420);
    t.equal(headerOf(refusal, 'Unsupported'), 'nothingSupportsThis');
  });

  t.test(`replies may come late, and many in one turn (${name})`, async (t) => {
    const gate = new Gate();
    const { phone } = await world(t, gate.handlers);
    const count = 100;
    for (let cseq = 1; cseq <= count; cseq += 1) phone.send(numbered(cseq));
    await gate.holds(count);
    gate.open();
    const answered = new Set<string | undefined>();
    for (let index = 0; index < count; index += 1) answered.add(headerOf(await phone.receive(), 'CSeq'));
    t.equal(answered.size, count);
  });

  t.test(`a handler that throws costs its own request only (${name})`, async (t) => {
    const serve = (inbound: InboundRequest) => {
      if (inbound.request.cseq === 1) throw new Error('boom');
      inbound.reply({ status: 200, reason: 'OK', headers: [] });
    };
    const { test, phone } = await world(t, new Map([['REGISTER', serve]]));
    phone.send(numbered(1));
    t.equal(headerOf(await phone.ask(numbered(2)), 'CSeq'), '2 REGISTER');
    t.equal(test.engine.statistics.engineErrors, 1);
  });

  t.test(`what is no SIP gets nothing, and the next request is served (${name})`, async (t) => {
    const { phone } = await world(t);
    for (const text of ['', '\r\n\r\n', '\0\0\0\0', 'hello world', '\0'.repeat(100)]) phone.send(text);
    t.equal(statusOf(await phone.ask(requestText())), 200);
  });

  t.test(`an OPTIONS goes to its next hop with its Route, and the answer is told (${name})`, async (t) => {
    const { test, phone, socket } = await world(t);
    const { address, name: socketName } = socket('udp');
    const hop: NextHop = { transport: 'udp', host: address, port: phone.port };
    const route = '<sip:proxy.example.com;lr>';
    t.equal(test.engine.sendOptions(optionsTo(hop, { token: 'abc1', socketName, route })), 'sent');
    const options = await phone.receive();
    t.equal(options.split('\r\n')[0], 'OPTIONS sip:alice@192.0.2.7:5060 SIP/2.0');
    t.match(options, /\r\nRoute: ?<sip:proxy\.example\.com;lr>\r\n/);
    phone.send(answerText(options, { status: 486 }));
    await test.until(() => test.optionsReplies.length > 0);
    t.same(test.optionsReplies, [['abc1', 486]]);
  });
}

/** A REGISTER whose transaction is its own. */
function numbered(cseq: number): string {
  return requestText({ cseq, via: `SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-n${String(cseq)};rport` });
}
