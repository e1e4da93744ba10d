import t from 'tap';
import { registerText } from './support/register-text.ts';
import { RegistrarWorld } from './support/registrar-world.ts';

const PHONE = '<sip:alice@192.0.2.10:5060>';
const PHONE_URI = 'sip:alice@192.0.2.10:5060';
const OTHER = '<sip:alice@192.0.2.11:5060>';
const OTHER_URI = 'sip:alice@192.0.2.11:5060';

t.test('the reply as it goes out', async (t) => {
  const world = new RegistrarWorld({ save: 'p1', serviceRoutes: ['<sip:out.example.com;lr>'] });
  const headers = ['Path: <sip:edge.example.net;lr>', 'Supported: path', 'Record-Route: <sip:rr.example.net;lr>'];
  t.equal(
    world.replyText({ contact: `${PHONE};q=0.5`, expires: 60, headers }),
    [
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-1;received=192.0.2.10;rport=5060',
      'From: <sip:alice@example.com>;tag=f1',
      'To: <sip:alice@example.com>;tag=to-tag',
      'Call-ID: call-1',
      'CSeq: 1 REGISTER',
      'Contact: <sip:alice@192.0.2.10:5060>;q=0.5;expires=60',
      'Path: <sip:edge.example.net;lr>',
      'Service-Route: <sip:out.example.com;lr>',
      'Date: Fri, 01 Jan 2027 00:00:00 GMT',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n'),
  );
});

t.test('Date goes with the time (§10.3 step 8)', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({}).header('Date'), 'Fri, 01 Jan 2027 00:00:00 GMT');
  world.advance(1.5);
  t.equal(world.register({}).header('Date'), 'Fri, 01 Jan 2027 00:00:01 GMT');
});

t.test('all Service-Routes are in each 200, in order, and in no other reply (RFC 3608 §5)', async (t) => {
  const serviceRoutes = ['<sip:one.example.com;lr>', '<sip:two.example.com;lr>'];
  const world = new RegistrarWorld({ serviceRoutes });
  t.same(world.register({ contact: PHONE, cseq: 1 }).headers('Service-Route'), serviceRoutes);
  t.same(world.register({ contact: PHONE, cseq: 2 }).headers('Service-Route'), serviceRoutes);
  t.same(world.register({ contact: '*' }).headers('Service-Route'), []);
  t.same(new RegistrarWorld().register({ contact: PHONE }).headers('Service-Route'), []);
});

t.test('Record-Route of a REGISTER is ignored, and none is in the reply', async (t) => {
  const headers = ['Record-Route: <sip:rr.example.net;lr>'];
  t.same(new RegistrarWorld().register({ contact: PHONE, headers }).headers('Record-Route'), []);
});

t.test('with the o flag the 200 lists the contacts of the request only, and a query lists all', async (t) => {
  const world = new RegistrarWorld({ save: 'o' });
  world.register({ contact: PHONE, callId: 'a', cseq: 1 });
  t.same(world.register({ contact: OTHER, callId: 'b', cseq: 1 }).contactUris, [OTHER_URI]);
  t.same(world.register({ contact: OTHER, callId: 'b', cseq: 1 }).contactUris, [OTHER_URI], 'also a retransmission');
  t.same(world.register({ contact: `${PHONE};expires=0`, callId: 'c', cseq: 1 }).contactUris, []);
  t.same(world.shown(), [OTHER_URI]);
});

t.test('an unknown option in Require is 420 with Unsupported, and nothing is stored (§8.2.2.3)', async (t) => {
  const world = new RegistrarWorld();
  const answer = world.register({ contact: PHONE, headers: ['Require: foo-bar, gin', 'Require: outbound'] });
  t.equal(answer.status, 420);
  t.equal(answer.reason, 'Bad Extension');
  t.same(answer.headers('Unsupported'), ['foo-bar, gin, outbound']);
  t.same(world.shown(), []);
});

t.test('a Require of other than option tags is 400, and goes into no reply', async (t) => {
  const world = new RegistrarWorld();
  for (const tags of ['foo bar', '<foo>', 'path, "x"']) {
    const answer = world.register({ contact: PHONE, headers: [`Require: ${tags}`] });
    t.equal(answer.status, 400, tags);
    t.same(answer.headers('Unsupported'), []);
  }
});

t.test('Proxy-Require is no concern of a registrar', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({ contact: PHONE, headers: ['Proxy-Require: foo-bar'] }).status, 200);
});

t.test('each refusal says why in P-Registrar-Error, a 200 has none', async (t) => {
  const world = new RegistrarWorld({ save: 'p2', expiry: { minExpiresPolicy: 'reject' } });
  t.same(world.register({ contact: PHONE, cseq: 5 }).headers('P-Registrar-Error'), []);
  const refused = [
    { contact: '*' },
    { contact: PHONE, cseq: 4 },
    { contact: PHONE, cseq: 6, expires: 1 },
    { contact: PHONE, headers: ['Require: foo'] },
    { contact: PHONE, headers: ['Path: <sip:edge.example.net;lr>'] },
    { to: `sip:${'u'.repeat(65)}@example.com`, contact: PHONE },
  ];
  for (const request of refused) {
    const answer = world.register(request);
    t.equal(answer.headers('P-Registrar-Error').length, 1, `${String(answer.status)} ${answer.reason}`);
    t.not(answer.status, 200);
  }
});

t.test('accepted and refused requests are counted, beside the settings that OpenSIPS shows there', async (t) => {
  const world = new RegistrarWorld({ save: 'c3', expiry: { maxExpiresS: 7200 } });
  world.register({ contact: PHONE, cseq: 1 });
  world.register({ contact: PHONE, cseq: 1 });
  world.register({});
  world.register({ contact: '*' });
  t.same(world.registrar.statistics(), {
    accepted_regs: 3,
    rejected_regs: 1,
    contact_collisions: 0,
    max_contacts: 3,
    max_expires: 7200,
    default_expire: 3600,
  });
});

t.test('max_expires is shown as it holds', async (t) => {
  t.equal(new RegistrarWorld({ expiry: { maxExpiresS: 0 } }).registrar.statistics().max_expires, 86_400);
  t.equal(new RegistrarWorld({ save: 'E200000' }).registrar.statistics().max_expires, 86_400);
});

t.test('a 200 waits for the gates, of a binding, a query, a retransmission, a removal and a * alike', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 1 });
  const requests = [
    { contact: OTHER, cseq: 2 },
    { callId: 'query' },
    { contact: OTHER, cseq: 2 },
    { contact: PHONE, expires: 0, cseq: 3 },
    { contact: '*', expires: 0, cseq: 4 },
    { callId: 'query' },
  ];
  for (const request of requests) {
    world.gate.isHolding = true;
    const replies = world.deliver(registerText(request));
    t.equal(replies.length, 0);
    world.gate.release();
    t.equal(replies.length, 1);
    t.equal(replies[0]?.status, 200);
  }
  t.same(new Set(world.gate.settledAors), new Set(['alice@example.com']));
});

t.test('a refusal promises nothing and does not wait', async (t) => {
  const world = new RegistrarWorld();
  world.gate.isHolding = true;
  t.equal(world.register({ contact: '*' }).status, 400);
  t.same(world.gate.settledAors, []);
});

t.test('a 200 that waited shows the AoR as it was right after its own change', async (t) => {
  const world = new RegistrarWorld();
  world.gate.isHolding = true;
  const first = world.deliver(registerText({ contact: PHONE, callId: 'a', expires: 60 }));
  world.advance(5);
  const query = world.deliver(registerText({ callId: 'query' }));
  const second = world.deliver(registerText({ contact: OTHER, callId: 'b', expires: 60 }));
  const removal = world.deliver(registerText({ contact: '*', expires: 0, callId: 'c' }));
  world.advance(5);
  world.gate.release();
  const contact = (replies: typeof first): unknown => replies[0]?.headers.find(([name]) => name === 'Contact')?.[1];
  t.equal(contact(first), `<${PHONE_URI}>;expires=60`);
  t.equal(contact(query), `<${PHONE_URI}>;expires=55`);
  t.equal(contact(second), `<${PHONE_URI}>;expires=55, <${OTHER_URI}>;expires=60`);
  t.equal(contact(removal), undefined);
});

t.test('one request is one change set', async (t) => {
  const world = new RegistrarWorld({ save: 'c2f' });
  world.register({ contact: [PHONE, OTHER], cseq: 1 });
  const heard: number[] = [];
  world.table.addListener({ committed: ({ writes }) => void heard.push(writes.length) });
  world.register({ contact: `<sip:c@192.0.2.3>, <sip:d@192.0.2.4>, ${PHONE};expires=0`, cseq: 2 });
  t.same(heard, [4]);
});
