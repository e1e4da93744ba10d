import t from 'tap';
import { RegistrarWorld } from './support/registrar-world.ts';

const PHONE = '<sip:alice@192.0.2.10:5060>';
const OTHER = '<sip:alice@192.0.2.11:5060>';

t.test('Contact * with Expires 0 removes all bindings, and the 200 has no Contact (§10.3 step 6)', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, callId: 'a' });
  world.register({ contact: OTHER, callId: 'b' });
  const answer = world.register({ contact: '*', expires: 0, callId: 'c' });
  t.equal(answer.status, 200);
  t.same(answer.headers('Contact'), []);
  t.same(world.shown(), []);
});

t.test(
  'Contact * for an unknown AoR is answered 200 and leaves its mark, for the twin may know bindings',
  async (t) => {
    const world = new RegistrarWorld();
    t.equal(world.register({ contact: '*', expires: 0, callId: 'c', cseq: 4 }).status, 200);
    t.match(world.table.read('alice@example.com').floor, { callId: 'c', cseq: 4 });
  },
);

t.test('Contact * needs an Expires header of 0 and nothing beside it', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE });
  const wrong = [
    { contact: '*' },
    { contact: '*', expires: 10 },
    { contact: '*', expires: 'soon' },
    { contact: '*', expires: '99999999999' },
    { contact: `*, ${OTHER}`, expires: 0 },
    { contact: [OTHER, '*'], expires: 0 },
    { contact: '*, *', expires: 0 },
  ];
  for (const request of wrong) t.equal(world.register({ ...request, cseq: 2 }).status, 400, JSON.stringify(request));
  t.same(world.shown(), ['sip:alice@192.0.2.10:5060']);
});

t.test('a * that is older than a binding of its Call-ID is refused as a whole', async (t) => {
  // OpenSIPS does not check.
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, callId: 'a', cseq: 7 });
  world.register({ contact: OTHER, callId: 'b', cseq: 1 });
  for (const cseq of [6, 7]) {
    const answer = world.register({ contact: '*', expires: 0, callId: 'a', cseq });
    t.equal(answer.status, 400);
    t.equal(answer.reason, 'Invalid CSeq');
  }
  t.equal(world.shown().length, 2);
  t.equal(world.register({ contact: '*', expires: 0, callId: 'a', cseq: 8 }).status, 200);
  t.same(world.shown(), []);
});

t.test('a * that is older than an unregistration of its Call-ID is refused within 40 s', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: `${PHONE};expires=0`, callId: 'a', cseq: 7 });
  world.register({ contact: OTHER, callId: 'b', cseq: 1 });
  t.equal(world.register({ contact: '*', expires: 0, callId: 'a', cseq: 6 }).status, 400);
  t.same(world.shown(), ['sip:alice@192.0.2.11:5060']);
});

t.test('a retransmitted * writes nothing, so it does not remove what was bound since', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '*', expires: 0, callId: 'a', cseq: 2 });
  world.register({ contact: PHONE, callId: 'b', cseq: 1 });
  const before = world.table.read('alice@example.com');
  world.advance(30);
  const answer = world.register({ contact: '*', expires: 0, callId: 'a', cseq: 2 });
  t.equal(answer.status, 200);
  t.same(answer.contactUris, ['sip:alice@192.0.2.10:5060']);
  t.same(world.table.read('alice@example.com'), before);
});

t.test('a late copy of an older * is refused', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '*', expires: 0, callId: 'a', cseq: 3 });
  world.register({ contact: PHONE, callId: 'b', cseq: 1 });
  t.equal(world.register({ contact: '*', expires: 0, callId: 'a', cseq: 2 }).status, 400);
  t.equal(world.shown().length, 1);
});

t.test('a late copy of a REGISTER does not revive what * removed since', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, callId: 'a', cseq: 1 });
  world.register({ contact: '*', expires: 0, callId: 'a', cseq: 2 });
  world.advance(20);
  t.equal(world.register({ contact: PHONE, callId: 'a', cseq: 1 }).status, 400);
  t.same(world.shown(), []);
});

t.test('a phone registers again after its *', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, callId: 'a', cseq: 1 });
  world.register({ contact: '*', expires: 0, callId: 'a', cseq: 2 });
  t.same(world.register({ contact: PHONE, callId: 'a', cseq: 3 }).contactUris, ['sip:alice@192.0.2.10:5060']);
});

t.test('a binding with the CSeq of its * is no retransmission of it', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '*', expires: 0, callId: 'a', cseq: 2 });
  t.equal(world.register({ contact: PHONE, callId: 'a', cseq: 2 }).status, 400);
});

t.test('after 40 s the mark of a * does not speak of CSeq any more', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '*', expires: 0, callId: 'a', cseq: 20 });
  world.advance(41);
  t.equal(world.register({ contact: PHONE, callId: 'a', cseq: 1 }).status, 200);
});
