import t from 'tap';
import { RegistrarWorld } from './support/registrar-world.ts';

const PHONE = '<sip:alice@192.0.2.10:5060>';
const PHONE_URI = 'sip:alice@192.0.2.10:5060';
const OTHER = '<sip:alice@192.0.2.11:5060>';
const OTHER_URI = 'sip:alice@192.0.2.11:5060';

t.test('a REGISTER binds its Contact and is answered with the binding and its interval', async (t) => {
  const world = new RegistrarWorld();
  const answer = world.register({ contact: PHONE });
  t.equal(answer.status, 200);
  t.equal(answer.reason, 'OK');
  t.same(answer.contacts, [`<${PHONE_URI}>;expires=3600`]);
});

t.test('a REGISTER without Contact is a query: it lists the bindings and changes nothing (§10.3 step 6)', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, expires: 600 });
  const before = world.table.read('alice@example.com');
  world.advance(10);
  const first = world.register({ callId: 'query', cseq: 1 });
  const second = world.register({ callId: 'query', cseq: 1 });
  t.same(first.contacts, [`<${PHONE_URI}>;expires=590`]);
  t.same(second.contacts, first.contacts);
  t.same(world.table.read('alice@example.com'), before);
});

t.test('a query for an AoR without bindings is answered 200 without a Contact header', async (t) => {
  const answer = new RegistrarWorld().register({});
  t.equal(answer.status, 200);
  t.same(answer.headers('Contact'), []);
});

t.test(
  'the 200 lists the bindings of all phones in one Contact header, higher q first, then the older one',
  async (t) => {
    const world = new RegistrarWorld();
    world.register({ contact: '<sip:a@192.0.2.1>;q=0.2', callId: 'a' });
    world.advance(1);
    world.register({ contact: '<sip:b@192.0.2.2>;q=0.7', callId: 'b' });
    world.advance(1);
    world.register({ contact: '<sip:c@192.0.2.3>;q=0.7', callId: 'c' });
    world.advance(1);
    const answer = world.register({ contact: '<sip:d@192.0.2.4>', callId: 'd' });
    t.equal(answer.headers('Contact').length, 1);
    t.same(answer.contacts, [
      '<sip:b@192.0.2.2>;q=0.7;expires=3598',
      '<sip:c@192.0.2.3>;q=0.7;expires=3599',
      '<sip:a@192.0.2.1>;q=0.2;expires=3597',
      '<sip:d@192.0.2.4>;expires=3600',
    ]);
  },
);

t.test('a refresh with another q moves the binding where an insert would have put it', async (t) => {
  // OpenSIPS inserts by falling q but repositions by rising q.
  const world = new RegistrarWorld();
  world.register({ contact: '<sip:a@192.0.2.1>;q=0.5', callId: 'a' });
  world.register({ contact: '<sip:b@192.0.2.2>;q=0.4', callId: 'b' });
  world.register({ contact: '<sip:c@192.0.2.3>;q=0.3', callId: 'c', cseq: 1 });
  const answer = world.register({ contact: '<sip:c@192.0.2.3>;q=0.9', callId: 'c', cseq: 2 });
  t.same(answer.contactUris, ['sip:c@192.0.2.3', 'sip:a@192.0.2.1', 'sip:b@192.0.2.2']);
});

t.test('default_q stands for a q that the Contact does not give', async (t) => {
  const world = new RegistrarWorld({ contacts: { defaultQ: 500 } });
  t.same(world.register({ contact: PHONE }).contacts, [`<${PHONE_URI}>;q=0.5;expires=3600`]);
});

t.test('a malformed q is refused', async (t) => {
  const world = new RegistrarWorld();
  const answer = world.register({ contact: `${PHONE};q=high` });
  t.equal(answer.status, 400);
  t.same(world.shown(), []);
});

t.test('Contacts in several rows and in one row read the same (§7.3.1)', async (t) => {
  const rows = new RegistrarWorld().register({ contact: [PHONE, OTHER] });
  const joined = new RegistrarWorld().register({ contact: `${PHONE} , ${OTHER}` });
  t.same(rows.contactUris, [PHONE_URI, OTHER_URI]);
  t.same(joined.contacts, rows.contacts);
});

t.test('compact forms and folded rows read like the long ones (§7.3.3, §7.3.1)', async (t) => {
  const world = new RegistrarWorld();
  const text = [
    'REGISTER sip:example.com SIP/2.0',
    'v: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-1',
    'f: <sip:alice@example.com>;tag=f1',
    't: Alice',
    '  <sip:alice@example.com>',
    'i: call-1',
    'CSEQ : 1 REGISTER',
    'm: <sip:alice@192.0.2.10:5060>',
    '  ;expires=60',
    'k: path',
    'l: 0',
  ];
  const answer = world.send(text.join('\r\n') + '\r\n\r\n');
  t.same(answer.contacts, [`<${PHONE_URI}>;expires=60`]);
});

t.test('contacts are compared by RFC 3261 §19.1.4, not by their text', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '<sip:alice@HOST.example.org:5060;a=1;b=2>', cseq: 1 });
  const spelled = '<sip:%61lice@host.example.org:5060;b=2;a=1>';
  t.same(world.register({ contact: spelled, cseq: 2 }).contactUris, ['sip:%61lice@host.example.org:5060;b=2;a=1']);
  t.same(world.register({ contact: '<SIP:alice@host.example.org:5060;A=1;B=2>', cseq: 3 }).contactUris.length, 1);
  t.same(world.register({ contact: '<sip:alice@host.example.org;a=1;b=2>', cseq: 4 }).contactUris.length, 2);
});

t.test(
  'a contact that is the same under another key replaces the binding, which is retired by judgement',
  async (t) => {
    const world = new RegistrarWorld();
    world.register({ contact: '<sip:alice@192.0.2.10;line=1>', cseq: 1 });
    const answer = world.register({ contact: '<sip:alice@192.0.2.10>', cseq: 2 });
    t.same(answer.contactUris, ['sip:alice@192.0.2.10']);
    const kinds = world.table.read('alice@example.com').records.map(({ contactUri, kind }) => [contactUri, kind]);
    t.same(
      new Map(kinds as [string, string][]),
      new Map([
        ['sip:alice@192.0.2.10;line=1', 'judged'],
        ['sip:alice@192.0.2.10', 'put'],
      ]),
    );
  },
);

t.test('a spelling of the contact that is dead already is left as it is', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '<sip:alice@192.0.2.10;line=1>', cseq: 1, expires: 60 });
  world.advance(60);
  world.register({ contact: '<sip:alice@192.0.2.10>', cseq: 2 });
  const kinds = world.table.read('alice@example.com').records.map(({ kind }) => kind);
  t.same(kinds, ['put', 'put']);
});

t.test('the reply shows the Contact as the phone wrote it', async (t) => {
  const world = new RegistrarWorld();
  const uri = 'sip:Alice%20B@Phone.Example.Org:5062;Transport=UDP;x-y=Z?Subject=Hi';
  t.same(world.register({ contact: `"Alice, at home" <${uri}>` }).contactUris, [uri]);
});

t.test('header parameters and URI parameters of a Contact are kept apart', async (t) => {
  const world = new RegistrarWorld();
  const outside = world.register({ contact: 'sip:+1972@gw1.example.net;unknownparam', callId: 'a' });
  t.same(outside.contactUris, ['sip:+1972@gw1.example.net']);
  const inside = world.register({ contact: '<sip:+1973@gw1.example.net;unknownparam>', callId: 'b' });
  t.ok(inside.contactUris.includes('sip:+1973@gw1.example.net;unknownparam'));
});

t.test('escaped NULs in a user part are neither cut off nor mixed up', async (t) => {
  const world = new RegistrarWorld();
  const contact = '<sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>';
  const to = 'sip:null-%00-null@example.com';
  t.same(world.register({ to, contact }).contactUris, ['sip:%00@host5.example.com', 'sip:%00%00@host5.example.com']);
  t.equal(world.table.read('null-\0-null@example.com').records.length, 2);
});

t.test('IPv6 contacts are bound, and their spelling does not matter', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '<sip:caller@[2001:db8::1]>', cseq: 1 });
  const answer = world.register({ contact: '<sip:caller@[2001:0DB8:0:0::1]>', cseq: 2 });
  t.same(answer.contactUris, ['sip:caller@[2001:0DB8:0:0::1]']);
});

t.test('expires=0 on one Contact removes that one only', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: [PHONE, OTHER], cseq: 1 });
  t.same(world.register({ contact: `${PHONE};expires=0`, cseq: 2 }).contactUris, [OTHER_URI]);
});

t.test('an Expires header of 0 removes the Contacts that are named', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: [PHONE, OTHER], cseq: 1 });
  const answer = world.register({ contact: [PHONE, OTHER], expires: 0, cseq: 2 });
  t.equal(answer.status, 200);
  t.same(answer.headers('Contact'), []);
});

t.test('an order to remove is written even if nothing is known under its key, for the twin may know it', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({ contact: `${PHONE};expires=0` }).status, 200);
  const [record] = world.table.read('alice@example.com').records;
  t.match(record, { kind: 'removed', contactUri: PHONE_URI, callId: 'call-1', cseq: 1 });
});

t.test('a removal under another spelling of the contact removes the binding', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: '<sip:alice@192.0.2.10;line=1>', cseq: 1 });
  t.same(world.register({ contact: '<sip:alice@192.0.2.10>;expires=0', cseq: 2 }).contactUris, []);
  world.advance(120);
  t.same(world.shown(), []);
});

t.test('of one Contact that is named twice the first counts, but a binding beats a removal before it', async (t) => {
  const twice = new RegistrarWorld().register({ contact: `${PHONE};q=0.1, ${PHONE};q=0.9` });
  t.same(twice.contacts, [`<${PHONE_URI}>;q=0.1;expires=3600`]);
  const kept = new RegistrarWorld().register({ contact: `${PHONE}, ${PHONE};expires=0` });
  t.same(kept.contactUris, [PHONE_URI]);
  const renewed = new RegistrarWorld().register({ contact: '<sip:a@192.0.2.9>;expires=0, <sip:a@192.0.2.9;ob>' });
  t.same(renewed.contactUris, ['sip:a@192.0.2.9;ob']);
});

t.test('of two spellings of one Contact in a request the first counts', async (t) => {
  const world = new RegistrarWorld();
  t.same(world.register({ contact: '<sip:a@192.0.2.9;ob>, <sip:a@192.0.2.9>' }).contactUris, ['sip:a@192.0.2.9;ob']);
  world.register({ contact: '<sip:b@192.0.2.9;ob>;expires=0, <sip:b@192.0.2.9>;expires=0', callId: 'b' });
  const uris = world.table.read('alice@example.com').records.map(({ contactUri }) => contactUri);
  t.same(uris, ['sip:a@192.0.2.9;ob', 'sip:b@192.0.2.9;ob']);
});

t.test('a request with one bad Contact changes nothing at all, whatever the order (§10.3 step 7)', async (t) => {
  for (const bad of ['<tel:+1972>', '<sip:>', `${OTHER};q=x`, `<sip:alice@${'h'.repeat(250)}>`]) {
    const world = new RegistrarWorld();
    world.register({ contact: PHONE, cseq: 1 });
    const before = world.table.read('alice@example.com');
    for (const contact of [`<sip:new@192.0.2.12>, ${PHONE};expires=0, ${bad}`, `${bad}, <sip:new@192.0.2.12>`]) {
      t.equal(world.register({ contact, cseq: 2 }).status, 400, contact);
      t.same(world.table.read('alice@example.com'), before);
    }
  }
});

t.test('a Contact that is no SIP URI is refused', async (t) => {
  const world = new RegistrarWorld();
  const answer = world.register({ contact: '<mailto:alice@example.com>' });
  t.equal(answer.status, 400);
  t.equal(answer.header('P-Registrar-Error'), 'Contact Is Not A SIP URI');
});

t.test('max_contact_len holds from the first Contact on', async (t) => {
  // OpenSIPS measures from the second on.
  const world = new RegistrarWorld({ contacts: { maxContactLen: 40 } });
  const fits = `sip:${'a'.repeat(40 - 'sip:@192.0.2.10'.length)}@192.0.2.10`;
  t.equal(world.register({ contact: `<${fits}>` }).status, 200);
  const answer = world.register({ contact: `<${fits.replace('a', 'aa')}>`, cseq: 2 });
  t.equal(answer.status, 400);
  t.equal(answer.reason, 'Contact Too Long');
  t.same(world.shown(), [fits]);
});

t.test('a sips AoR is bound to sips Contacts only, and is the same AoR', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({ to: 'sips:alice@example.com', contact: PHONE }).status, 400);
  t.equal(world.register({ to: 'sips:alice@example.com', contact: '<sips:alice@192.0.2.10>' }).status, 200);
  t.same(world.shown(), ['sips:alice@192.0.2.10']);
});

t.test('what a phone says of itself is kept with the binding', async (t) => {
  const world = new RegistrarWorld();
  const contact = `${PHONE};+sip.instance="<urn:uuid:1-2>";methods="INVITE,ACK";q=0.3`;
  world.register({ contact, headers: ['User-Agent: Fone/1.0', 'Allow: INVITE, BYE'] });
  const [record] = world.table.read('alice@example.com').records;
  t.match(record, {
    kind: 'put',
    callId: 'call-1',
    cseq: 1,
    binding: {
      q: 300,
      received: '',
      path: '',
      instance: '<urn:uuid:1-2>',
      userAgent: 'Fone/1.0',
      socket: 'udp:192.0.2.1:5060',
      methods: 5,
      flags: 0,
      cflags: '',
      attr: '',
    },
  });
});

t.test('methods come from Allow when the Contact gives none, and are unknown without either', async (t) => {
  const world = new RegistrarWorld();
  const methods = (): unknown => {
    const [record] = world.table.read('alice@example.com').records;
    return record?.kind === 'put' ? record.binding.methods : undefined;
  };
  world.register({ contact: PHONE, cseq: 1, headers: ['Allow: INVITE', 'Allow: ACK, BYE'] });
  t.equal(methods(), 1 + 4 + 8);
  world.register({ contact: PHONE, cseq: 2 });
  t.equal(methods(), 0xffffffff);
});

t.test('+sip.instance is echoed in the listing, also on refresh', async (t) => {
  const world = new RegistrarWorld();
  const contact = `${PHONE};+sip.instance="<urn:uuid:1-2>"`;
  const listed = [`<${PHONE_URI}>;expires=3600;+sip.instance="<urn:uuid:1-2>"`];
  t.same(world.register({ contact, cseq: 1 }).contacts, listed);
  t.same(world.register({ contact, cseq: 2 }).contacts, listed);
  t.same(world.register({ callId: 'query' }).contacts, listed);
});

t.test('what was quoted in the request is quoted in the reply', async (t) => {
  const world = new RegistrarWorld();
  const answer = world.register({ contact: `${PHONE};+sip.instance="a\\"b\\\\c"` });
  t.same(answer.contacts, [`<${PHONE_URI}>;expires=3600;+sip.instance="a\\"b\\\\c"`]);
});

t.test('an instance with control octets is refused, for other phones of the user would read it', async (t) => {
  const world = new RegistrarWorld();
  for (const octet of ['\0', '\x01', '\x1f', '\x7f']) {
    const answer = world.register({ contact: `${PHONE};+sip.instance="a\\${octet}b"` });
    t.equal(answer.status, 400);
    t.equal(answer.reason, 'Bad Character In Instance');
  }
  t.same(world.shown(), []);
});

t.test('no octet of a stored value begins a row of its own in a reply', async (t) => {
  const uri = `sip:\xffalice;a'b%0D%0A@192.0.2.10;x=%0D%0AX-Evil:1?H=%0D%0A`;
  const world = new RegistrarWorld();
  const contact = `"\\" <x>" <${uri}>;+sip.instance="<a\\"b>";received="sip:h;x=%0D%0A"`;
  t.same(world.register({ contact }).contacts, [
    `<${uri}>;expires=3600;received="sip:h;x=%0D%0A";+sip.instance="<a\\"b>"`,
  ]);
  for (const bad of ['\x01', '"', '>', ' ']) {
    t.equal(world.register({ contact: `<sip:a${bad}b@192.0.2.10>`, cseq: 2 }).status, 400, JSON.stringify(bad));
    const received = `${PHONE};received="sip:a\\${bad}b@h"`;
    t.equal(world.register({ contact: received, cseq: 2 }).status, 400, JSON.stringify(bad));
  }
});

t.test('a User-Agent that is missing or too long is stored as n/a', async (t) => {
  const world = new RegistrarWorld();
  const agent = (): unknown => {
    const [record] = world.table.read('alice@example.com').records;
    return record?.kind === 'put' ? record.binding.userAgent : undefined;
  };
  world.register({ contact: PHONE, cseq: 1 });
  t.equal(agent(), 'n/a');
  world.register({ contact: PHONE, cseq: 2, headers: [`User-Agent: ${'x'.repeat(255)}`] });
  t.equal(agent(), 'x'.repeat(255));
  world.register({ contact: PHONE, cseq: 3, headers: [`User-Agent: ${'x'.repeat(256)}`] });
  t.equal(agent(), 'n/a');
});

t.test('a Call-ID or an instance that is too long is refused', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({ contact: PHONE, callId: 'x'.repeat(255) }).status, 200);
  t.equal(world.register({ contact: PHONE, callId: 'x'.repeat(256) }).status, 400);
  t.equal(world.register({ contact: `${PHONE};+sip.instance="${'x'.repeat(256)}"`, cseq: 9 }).status, 400);
});

t.test('the memory-only flag marks the bindings', async (t) => {
  const world = new RegistrarWorld({ save: 'm' });
  world.register({ contact: PHONE });
  t.match(world.table.read('alice@example.com').records[0], { binding: { flags: 1 } });
});

t.test('unknown headers and a body are ignored', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({ contact: PHONE, headers: ['X-Whatever: yes', 'Content-Type: text/plain'] }).status, 200);
});
