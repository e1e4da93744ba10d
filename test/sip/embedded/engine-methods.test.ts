import t from 'tap';
import { replyOk, REGISTER_OK, TestEngine } from './test-engine.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';

const ALLOW = 'OPTIONS, REGISTER';

t.test('OPTIONS is answered with what the server can do', async (t) => {
  const phone = await (await TestEngine.start(t)).udpPhone();
  for (const uri of ['sip:example.com', 'sip:alice@example.com', 'sips:[::1]:5061']) {
    const reply = await phone.ask(requestText({ method: 'OPTIONS', uri }));
    t.equal(statusOf(reply), 200, uri);
    t.equal(headerOf(reply, 'Allow'), ALLOW);
    t.equal(headerOf(reply, 'Accept'), '*/*');
    t.equal(headerOf(reply, 'Supported'), 'path');
  }
});

t.test('without supported extensions there is no Supported header', async (t) => {
  const phone = await (await TestEngine.start(t, { supported: [] })).udpPhone();
  t.equal(headerOf(await phone.ask(requestText({ method: 'OPTIONS' })), 'Supported'), undefined);
});

t.test('a handler for OPTIONS is asked instead of the engine', async (t) => {
  const phone = await (await TestEngine.start(t, { handlers: new Map([['OPTIONS', replyOk]]) })).udpPhone();
  t.match(headerOf(await phone.ask(requestText({ method: 'OPTIONS' })), 'Contact'), 'alice');
  const reply = await phone.ask(requestText());
  t.equal(statusOf(reply), 405);
  t.equal(headerOf(reply, 'Allow'), 'OPTIONS', 'Allow is made from the handlers');
});

t.test('a method that is known but not served gets 405 with Allow', async (t) => {
  const phone = await (await TestEngine.start(t)).udpPhone();
  for (const method of [
    'INVITE',
    'BYE',
    'MESSAGE',
    'SUBSCRIBE',
    'PUBLISH',
    'UPDATE',
    'PRACK',
    'NOTIFY',
    'REFER',
    'INFO',
  ]) {
    const reply = await phone.ask(requestText({ method }));
    t.equal(statusOf(reply), 405, method);
    t.equal(headerOf(reply, 'Allow'), ALLOW);
  }
});

t.test('a method that nobody knows gets 501 with Allow; methods have case', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  for (const method of ['NEWMETHOD', 'register', "!interesting-Method0123456789_*+`.%indeed'~"]) {
    const reply = await phone.ask(requestText({ method }));
    t.equal(statusOf(reply), 501, method);
    t.equal(headerOf(reply, 'Allow'), ALLOW);
  }
  t.match(test.engine.statistics.requests, { unknown: 3, REGISTER: 0 });
  t.notOk(Object.keys(test.engine.statistics.requests).includes('NEWMETHOD'), 'nobody outside adds a key');
});

t.test('CANCEL gets 481, even when it requires something', async (t) => {
  const phone = await (await TestEngine.start(t)).udpPhone();
  t.equal(statusOf(await phone.ask(requestText({ method: 'CANCEL' }))), 481);
  t.equal(statusOf(await phone.ask(requestText({ method: 'CANCEL', rows: ['Require: foo'] }))), 481);
});

t.test('ACK is never answered, be it well formed or not', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  phone.send(requestText({ method: 'ACK' }));
  phone.send(requestText({ method: 'ACK', rows: ['CSeq: 1 INVITE'] }));
  phone.send(requestText({ method: 'ACK', uri: 'isbn:2983792873' }));
  t.equal(headerOf(await phone.ask(requestText()), 'CSeq'), '1 REGISTER');
  t.match(test.engine.statistics.drops, { ack: 1, malformed: 2 });
});

t.test('responses are dropped and counted', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  phone.send(
    requestText()
      .replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n')
      .replace('REGISTER', 'OPTIONS'),
  );
  t.equal(headerOf(await phone.ask(requestText()), 'CSeq'), '1 REGISTER');
  t.equal(test.engine.statistics.drops['response'], 1);
});

t.test('an unknown extension that is required gets 420 with Unsupported, before the method is looked at', async (t) => {
  const phone = await (await TestEngine.start(t)).udpPhone();
  for (const method of ['OPTIONS', 'INVITE', 'NEWMETHOD']) {
    const rows = ['Require: nothingSupportsThis, nothingSupportsThisEither', 'Proxy-Require: noProxiesSupportThis'];
    const reply = await phone.ask(requestText({ method, rows }));
    t.equal(statusOf(reply), 420, method);
    t.equal(headerOf(reply, 'Unsupported'), 'nothingSupportsThis, nothingSupportsThisEither, noProxiesSupportThis');
  }
});

t.test('what a handler requires is its own to check', async (t) => {
  const phone = await (await TestEngine.start(t, { handlers: REGISTER_OK })).udpPhone();
  t.equal(statusOf(await phone.ask(requestText({ rows: ['Require: outbound'] }))), 200);
});

t.test('an invalid request is refused before its method is looked at, with a reason', async (t) => {
  const phone = await (await TestEngine.start(t)).udpPhone();
  const invalid: readonly [string, number, RegExp][] = [
    [requestText({ rows: ['CSeq: 2 REGISTER'] }), 400, /CSeq/],
    [requestText().replace('SIP/2.0\r\n', 'SIP/7.0\r\n'), 505, /Version/],
    [requestText({ uri: 'tel:+431234' }), 416, /Scheme/],
    [requestText({ method: 'NEWMETHOD', uri: '<sip:example.com>' }), 400, /Request-URI/],
    [requestText().replace(/Call-ID:.*\r\n/, ''), 400, /Call-ID/],
    [requestText({ method: 'INVITE' }).replace('Content-Length: 0', 'Content-Length: 9999'), 400, /Content-Length/],
  ];
  for (const [text, status, reason] of invalid) {
    const reply = await phone.ask(text);
    t.equal(statusOf(reply), status);
    t.match(/^SIP\/2\.0 \d+ (.*)\r\n/.exec(reply)?.[1], reason);
  }
});

t.test('a retransmission gets the same To tag, and another request another', async (t) => {
  const phone = await (await TestEngine.start(t)).udpPhone();
  const tagOf = async (text: string): Promise<string> =>
    /tag=(\S+)/.exec(headerOf(await phone.ask(text), 'To') ?? '')?.[1] ?? '';
  const first = await tagOf(requestText());
  t.match(first, /^[0-9a-z-]{8,}$/);
  t.equal(await tagOf(requestText()), first);
  t.equal(
    await tagOf(requestText({ via: 'SIP/2.0/UDP other.invalid;branch=z9hG4bK-2' })),
    first,
    'by another path too',
  );
  t.not(await tagOf(requestText({ cseq: 2 })), first);
  t.not(await tagOf(requestText({ callId: 'call-2' })), first);
  t.equal(
    await tagOf(requestText({ method: 'BYE' }).replace('To: <sip:alice@example.com>', '$&;tag=theirs')),
    'theirs',
  );
});

t.test('all replies carry the Server header of the configuration, and none when it is empty', async (t) => {
  const named = await (await TestEngine.start(t, { serverHeader: 'twinreg (test)' })).udpPhone();
  const nameless = await (await TestEngine.start(t, { serverHeader: '' })).udpPhone();
  for (const text of [requestText(), requestText({ method: 'OPTIONS' }), requestText({ method: 'NEWMETHOD' })]) {
    t.equal(headerOf(await named.ask(text), 'Server'), 'twinreg (test)');
    t.equal(headerOf(await nameless.ask(text), 'Server'), undefined);
  }
});
