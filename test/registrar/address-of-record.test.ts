import t from 'tap';
import { RegistrarWorld } from './support/registrar-world.ts';

const PHONE = '<sip:alice@192.0.2.10>';
const SHOWN = ['sip:alice@192.0.2.10'];

function aors(world: RegistrarWorld): readonly string[] {
  return Array.from(world.table.aors(), ({ aor }) => aor);
}

t.test(
  'the AoR is the To URI without parameters, port and password, unescaped, the domain in lower case (§10.3 step 5)',
  async (t) => {
    const world = new RegistrarWorld();
    world.register({ to: 'sip:al%69ce:secret@EXAMPLE.com:5070;x=y;transport=tcp', contact: PHONE });
    t.same(aors(world), ['alice@example.com']);
    t.same(world.shown('sip:alice@example.com'), SHOWN);
  },
);

t.test('the AoR is To, whoever From is', async (t) => {
  const world = new RegistrarWorld();
  world.register({ to: 'sip:alice@example.com', from: 'sip:bob@example.com', contact: PHONE });
  t.same(aors(world), ['alice@example.com']);
});

t.test('the user part is case-sensitive, unless case_sensitive is off', async (t) => {
  const sensitive = new RegistrarWorld();
  sensitive.register({ to: 'sip:Alice@example.com', contact: PHONE });
  t.same(sensitive.shown('sip:alice@example.com'), []);
  const folding = new RegistrarWorld({ addressOfRecord: { caseSensitive: false } });
  folding.register({ to: 'sip:ALICE@example.com', contact: PHONE });
  t.same(folding.shown('sip:alice@example.com'), SHOWN);
});

t.test('case folding leaves octets of UTF-8 alone', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { caseSensitive: false } });
  world.register({ to: 'sip:J%C3%84RG@example.com', contact: PHONE });
  t.same(aors(world), ['j\xc3\x84rg@example.com']);
});

t.test('without use_domain the AoR is the user alone', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { useDomain: false } });
  world.register({ to: 'sip:alice@one.example', contact: PHONE });
  t.same(aors(world), ['alice']);
  t.same(world.shown('sip:alice@two.example'), SHOWN);
});

t.test('realm_prefix is cut off the domain', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { realmPrefix: 'sip.' } });
  world.register({ to: 'sip:alice@SIP.example.com', contact: PHONE });
  t.same(aors(world), ['alice@example.com']);
});

t.test('an IPv6 domain is one domain in whatever spelling', async (t) => {
  const world = new RegistrarWorld();
  world.register({ to: 'sip:alice@[2001:DB8:0::1]', contact: PHONE });
  t.same(world.shown('sip:alice@[2001:db8::1]'), SHOWN);
});

t.test('a To without user part is 400', async (t) => {
  const answer = new RegistrarWorld().register({ to: 'sip:example.com', contact: PHONE });
  t.equal(answer.status, 400);
  t.equal(answer.header('P-Registrar-Error'), 'No User Part In To');
});

t.test('a To that is no SIP URI is 400', async (t) => {
  for (const to of ['isbn:2983792873', 'tel:+1972', 'http://example.com']) {
    const world = new RegistrarWorld();
    t.equal(world.register({ to, uri: 'sip:example.com', from: 'sip:x@example.com', contact: PHONE }).status, 400, to);
    t.same(aors(world), []);
  }
});

t.test('max_username_len, max_domain_len and max_aor_len are bounds, and beyond them it is 500', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { maxAorLen: 100 } });
  const send = (user: number, domain: number): number =>
    world.register({ to: `sip:${'u'.repeat(user)}@${'d'.repeat(domain)}`, contact: PHONE }).status;
  t.equal(send(64, 35), 200);
  t.equal(send(65, 10), 500);
  t.equal(send(10, 64), 200);
  t.equal(send(10, 65), 500);
  t.equal(send(64, 36), 500);
  t.equal(aors(world).length, 2);
});

t.test('a 500 has Retry-After if retry_after says so', async (t) => {
  const to = `sip:${'u'.repeat(65)}@example.com`;
  t.same(new RegistrarWorld().register({ to }).headers('Retry-After'), []);
  t.same(new RegistrarWorld({ retryAfterS: 30 }).register({ to }).headers('Retry-After'), ['30']);
});

t.test('any domain is served by default', async (t) => {
  const world = new RegistrarWorld();
  t.equal(world.register({ uri: 'sip:a.example', to: 'sip:alice@b.example', contact: PHONE }).status, 200);
});

t.test(
  'of listed domains only are bindings kept: an AoR elsewhere is 404, a Request-URI elsewhere 403 (§10.3 steps 1, 5)',
  async (t) => {
    const world = new RegistrarWorld({ addressOfRecord: { domains: ['example.com', '[2001:db8:0::1]'] } });
    t.equal(world.register({ uri: 'sip:EXAMPLE.com', to: 'sip:alice@Example.Com', contact: PHONE }).status, 200);
    t.equal(world.register({ uri: 'sip:[2001:DB8::1]', to: 'sip:bob@[2001:db8:0::1]', contact: PHONE }).status, 200);
    t.equal(world.register({ uri: 'sip:example.com', to: 'sip:alice@other.example', contact: PHONE }).status, 404);
    t.equal(world.register({ uri: 'sip:other.example', to: 'sip:alice@example.com', contact: PHONE }).status, 403);
    t.equal(world.register({ uri: 'sip:other.example', to: 'sip:alice@other.example', contact: PHONE }).status, 403);
    t.same(aors(world), ['alice@example.com', 'bob@[2001:db8::1]']);
  },
);

t.test('phones may write the registrar\u2019s address into the Request-URI', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { domains: ['example.com'] } });
  t.equal(world.register({ uri: 'sip:192.0.2.1', to: 'sip:alice@example.com', contact: PHONE }).status, 200);
  t.equal(world.register({ uri: 'sip:192.0.2.2', to: 'sip:alice@example.com', contact: PHONE }).status, 403);
});

t.test('the address in the Request-URI may be the advertised one, in whatever spelling', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { domains: ['example.com'] } });
  const request = { to: 'sip:alice@example.com', contact: PHONE };
  const status = (uri: string, advertised: string): number =>
    world.register({ ...request, uri }, { advertised }).status;
  t.equal(status('sip:sip.example.net', 'sip.example.net'), 200);
  t.equal(status('sip:[2001:db8::1]', '[2001:db8:0:0::1]'), 200);
  t.equal(status('sip:other.example.net', 'sip.example.net'), 403);
});

t.test('a wildcard listener takes any address in the Request-URI for its own, and no name', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { domains: ['example.com'] } });
  const request = { to: 'sip:alice@example.com', contact: PHONE };
  const status = (host: string, boundTo: string): number =>
    world.register({ ...request, uri: `sip:${host}` }, { boundTo }).status;
  t.equal(status('198.51.100.7:5070', '0.0.0.0'), 200);
  t.equal(status('[2001:db8::7]', '::'), 200);
  t.equal(status('other.example', '0.0.0.0'), 403);
  t.equal(status('other.host1', '0.0.0.0'), 403);
});

t.test('a domain that is nothing but the realm prefix stays', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { realmPrefix: 'sip.' } });
  world.register({ to: 'sip:alice@sip.', contact: PHONE });
  t.same(aors(world), ['alice@sip.']);
});

t.test('domains are compared after the realm prefix is cut off', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { domains: ['example.com'], realmPrefix: 'sip.' } });
  t.equal(world.register({ uri: 'sip:sip.example.com', to: 'sip:a@sip.example.com', contact: PHONE }).status, 200);
});
