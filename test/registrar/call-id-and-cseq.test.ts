import t from 'tap';
import { RegistrarWorld } from './support/registrar-world.ts';

const PHONE = '<sip:alice@192.0.2.10:5060>';
const PHONE_URI = 'sip:alice@192.0.2.10:5060';
const OTHER = '<sip:alice@192.0.2.11:5060>';
const OTHER_URI = 'sip:alice@192.0.2.11:5060';
const AOR = 'alice@example.com';

t.test('a higher CSeq of the same Call-ID renews the binding', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 1, expires: 600 });
  world.advance(300);
  t.same(world.register({ contact: PHONE, cseq: 2, expires: 600 }).expires, { [PHONE_URI]: 600 });
});

t.test('a lower CSeq of the same Call-ID is 400 Invalid CSeq, and the binding stays as it is', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 5 });
  const before = world.table.read(AOR);
  world.advance(100);
  const answer = world.register({ contact: `${PHONE};expires=0`, cseq: 4 });
  t.equal(answer.status, 400);
  t.equal(answer.reason, 'Invalid CSeq');
  t.equal(answer.header('P-Registrar-Error'), 'Invalid CSeq');
  t.same(world.table.read(AOR), before);
});

t.test('a lower CSeq on one of several Contacts fails the whole request', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: OTHER, cseq: 5 });
  for (const contact of [`${PHONE}, ${OTHER}`, `${OTHER}, ${PHONE}`]) {
    t.equal(world.register({ contact, cseq: 4 }).status, 400);
    t.same(world.shown(), [OTHER_URI]);
  }
});

t.test('another Call-ID renews the binding whatever its CSeq', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, callId: 'a', cseq: 500 });
  t.equal(world.register({ contact: PHONE, callId: 'b', cseq: 1 }).status, 200);
  t.match(world.table.read(AOR).records, [{ callId: 'b', cseq: 1 }]);
  t.same(world.register({ contact: `${PHONE};expires=0`, callId: 'c', cseq: 1 }).contactUris, []);
});

t.test('an equal CSeq within cseq_delay is a retransmission: 200, and nothing is written', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 1, expires: 600 });
  const before = world.table.read(AOR);
  world.advance(32);
  const answer = world.register({ contact: PHONE, cseq: 1, expires: 600 });
  t.equal(answer.status, 200);
  t.same(answer.expires, { [PHONE_URI]: 568 });
  t.same(world.table.read(AOR), before);
});

t.test('an equal CSeq after cseq_delay is invalid', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 1 });
  world.advance(40);
  t.equal(world.register({ contact: PHONE, cseq: 1 }).status, 400);
});

t.test('cseq_delay can be set', async (t) => {
  const world = new RegistrarWorld({ contacts: { cseqDelayMs: 5000 } });
  world.register({ contact: PHONE, cseq: 1 });
  world.advance(4.9);
  t.equal(world.register({ contact: PHONE, cseq: 1 }).status, 200);
  world.advance(0.1);
  t.equal(world.register({ contact: PHONE, cseq: 1 }).status, 400);
});

t.test('with allow_dup_cseq an equal CSeq after cseq_delay renews the binding', async (t) => {
  const world = new RegistrarWorld({ contacts: { allowDupCseq: true } });
  world.register({ contact: PHONE, cseq: 1, expires: 600 });
  world.advance(50);
  t.same(world.register({ contact: PHONE, cseq: 1, expires: 600 }).expires, { [PHONE_URI]: 600 });
  t.equal(world.register({ contact: PHONE, cseq: 0, expires: 600 }).status, 400);
});

t.test('a retransmission is answered from the table as it is, also when the binding is gone since', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, callId: 'a', cseq: 1 });
  world.register({ contact: `${PHONE};expires=0, ${OTHER}`, callId: 'b', cseq: 1 });
  const answer = world.register({ contact: OTHER, callId: 'b', cseq: 1 });
  t.equal(answer.status, 200);
  t.same(answer.contactUris, [OTHER_URI]);
});

t.test('a retransmitted un-REGISTER is answered 200 and writes nothing', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 1 });
  world.register({ contact: `${PHONE};expires=0`, cseq: 2 });
  const before = world.table.read(AOR);
  world.advance(10);
  const answer = world.register({ contact: `${PHONE};expires=0`, cseq: 2 });
  t.equal(answer.status, 200);
  t.same(answer.headers('Contact'), []);
  t.same(world.table.read(AOR), before);
});

t.test('a late copy of a REGISTER does not revive what was unregistered since', async (t) => {
  // OpenSIPS forgets the Call-ID with the contact.
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, cseq: 1 });
  world.advance(1);
  world.register({ contact: `${PHONE};expires=0`, cseq: 2 });
  world.advance(31);
  t.equal(world.register({ contact: PHONE, cseq: 1 }).status, 400);
  t.same(world.shown(), []);
});

t.test('a late copy under another spelling of the contact does not revive it either', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '<sip:alice@192.0.2.10;line=1>', cseq: 1 });
  world.register({ contact: '<sip:alice@192.0.2.10>;expires=0', cseq: 2 });
  t.equal(world.register({ contact: '<sip:alice@192.0.2.10;line=1>', cseq: 1 }).status, 400);
  t.same(world.shown(), []);
});

t.test('a retransmission of several Contacts writes none of them, though another phone took one since', async (t) => {
  for (const contact of [
    [PHONE, OTHER],
    [OTHER, PHONE],
  ]) {
    const world = new RegistrarWorld();
    world.register({ contact, callId: 'a', cseq: 1 });
    world.register({ contact: `${PHONE};expires=0`, callId: 'b', cseq: 1 });
    const answer = world.register({ contact, callId: 'a', cseq: 1 });
    t.equal(answer.status, 200);
    t.same(answer.contactUris, [OTHER_URI]);
  }
});

t.test('a late copy of several Contacts fails when one of them was renewed since', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: [PHONE, OTHER], cseq: 1 });
  world.register({ contact: `${PHONE};expires=0`, cseq: 2 });
  t.equal(world.register({ contact: [PHONE, OTHER], cseq: 1 }).status, 400);
  t.same(world.shown(), [OTHER_URI]);
});

t.test(
  'a binding that expired speaks of CSeq for 40 s after it was written, then its phone may begin anew',
  async (t) => {
    const world = new RegistrarWorld({ expiry: { minExpiresS: 5 } });
    world.register({ contact: PHONE, cseq: 9, expires: 5 });
    world.advance(40);
    t.equal(world.register({ contact: PHONE, cseq: 8 }).status, 400);
    world.advance(0.001);
    t.equal(world.register({ contact: PHONE, cseq: 1 }).status, 200);
  },
);

t.test(
  'a phone that rebooted into its Call-ID with a low CSeq is let in by lenient matching, but not a late copy',
  async (t) => {
    const strict = new RegistrarWorld();
    const lenient = new RegistrarWorld({ contacts: { lenientCseq: true } });
    for (const world of [strict, lenient]) world.register({ contact: PHONE, cseq: 900 });
    t.equal(lenient.register({ contact: PHONE, cseq: 1 }).status, 400);
    for (const world of [strict, lenient]) world.advance(41);
    t.equal(strict.register({ contact: PHONE, cseq: 1 }).status, 400);
    t.equal(lenient.register({ contact: PHONE, cseq: 1 }).status, 200);
  },
);

t.test('a retransmission after its binding was evicted does not bind it again', async (t) => {
  const world = new RegistrarWorld({ save: 'c1f' });
  world.register({ contact: PHONE, callId: 'a', cseq: 1 });
  world.advance(1);
  world.register({ contact: OTHER, callId: 'b', cseq: 1 });
  const answer = world.register({ contact: PHONE, callId: 'a', cseq: 1 });
  t.equal(answer.status, 200);
  t.same(answer.contactUris, [OTHER_URI]);
});

t.test('with matching_mode 1 each Call-ID has its own binding of a contact', async (t) => {
  const world = new RegistrarWorld({ contacts: { matchingMode: 1 } });
  world.register({ contact: PHONE, callId: 'a', cseq: 5 });
  t.same(world.register({ contact: PHONE, callId: 'b', cseq: 1 }).contactUris, [PHONE_URI, PHONE_URI]);
  t.equal(world.register({ contact: PHONE, callId: 'a', cseq: 4 }).status, 400);
  t.same(world.register({ contact: `${PHONE};expires=0`, callId: 'a', cseq: 6 }).contactUris, [PHONE_URI]);
  t.match(
    world.table.read(AOR).records.filter(({ kind }) => kind === 'put'),
    [{ callId: 'b' }],
  );
});

t.test('with matching_mode 1 a spelling of the contact is replaced within its Call-ID only', async (t) => {
  const world = new RegistrarWorld({ save: 'matching-mode=1' });
  world.register({ contact: '<sip:alice@192.0.2.10;line=1>', callId: 'a', cseq: 1 });
  world.register({ contact: '<sip:alice@192.0.2.10;line=1>', callId: 'b', cseq: 1 });
  const answer = world.register({ contact: '<sip:alice@192.0.2.10>', callId: 'a', cseq: 2 });
  t.same(answer.contactUris, ['sip:alice@192.0.2.10;line=1', 'sip:alice@192.0.2.10']);
});

t.test('in matching_mode 1 no contact and Call-ID make the key of another pair', async (t) => {
  const pairs: [string, string][][] = [
    [
      ['sip:a@192.0.2.10', ':5060x'],
      ['sip:a@192.0.2.10:5060', 'x'],
    ],
    [
      ['sip:a@192.0.2.10', 'y;x'],
      ['sip:a@192.0.2.10;y', 'x'],
    ],
  ];
  for (const pair of pairs) {
    const world = new RegistrarWorld({ contacts: { matchingMode: 1 } });
    for (const [uri, callId] of pair) world.register({ contact: `<${uri}>`, callId });
    t.equal(world.table.read(AOR).records.length, 2);
  }
});
