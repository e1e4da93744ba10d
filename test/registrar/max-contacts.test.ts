import t from 'tap';
import { RegistrarWorld } from './support/registrar-world.ts';

const A = '<sip:a@192.0.2.1>';
const B = '<sip:b@192.0.2.2>';
const C = '<sip:c@192.0.2.3>';
const A_URI = 'sip:a@192.0.2.1';
const B_URI = 'sip:b@192.0.2.2';
const C_URI = 'sip:c@192.0.2.3';

/** `a` was bound first, `b` a second later. */
function fullWorld(save: string): RegistrarWorld {
  const world = new RegistrarWorld({ save });
  world.register({ contact: A, callId: 'a', cseq: 1 });
  world.advance(1);
  world.register({ contact: B, callId: 'b', cseq: 1 });
  world.advance(1);
  return world;
}

t.test(
  'over max_contacts a new contact gets 503 with Retry-After and P-Registrar-Error, and nothing is stored',
  async (t) => {
    const world = fullWorld('c2');
    const before = world.table.read('alice@example.com');
    const answer = world.register({ contact: C, callId: 'c' });
    t.equal(answer.status, 503);
    t.equal(answer.reason, 'Service Unavailable');
    t.equal(answer.header('Retry-After'), '60');
    t.equal(answer.header('P-Registrar-Error'), 'Too many registered contacts');
    t.same(world.table.read('alice@example.com'), before);
  },
);

t.test('max_contacts holds without flags too, and 0 is no limit', async (t) => {
  const limited = new RegistrarWorld({ contacts: { maxContacts: 1 } });
  t.equal(limited.register({ contact: A, callId: 'a' }).status, 200);
  t.equal(limited.register({ contact: B, callId: 'b' }).status, 503);
  const unlimited = new RegistrarWorld({ contacts: { maxContacts: 1 }, save: 'c0' });
  t.equal(unlimited.register({ contact: [A, B, C] }).status, 200);
});

t.test('a refresh needs no room, and neither do removals', async (t) => {
  const world = fullWorld('c2');
  t.equal(world.register({ contact: A, callId: 'a', cseq: 2 }).status, 200);
  t.equal(world.register({ contact: `${C};expires=0`, callId: 'c' }).status, 200);
  t.same(world.shown(), [B_URI, A_URI]);
});

t.test('a contact that takes the place of one that the request removes fits, in either order', async (t) => {
  t.same(fullWorld('c2').register({ contact: `${A};expires=0, ${C}`, callId: 'x' }).contactUris, [B_URI, C_URI]);
  t.same(fullWorld('c2').register({ contact: `${C}, ${A};expires=0`, callId: 'x' }).contactUris, [B_URI, C_URI]);
});

t.test('expired bindings do not count', async (t) => {
  const world = new RegistrarWorld({ save: 'c1' });
  world.register({ contact: A, callId: 'a', expires: 60 });
  world.advance(60);
  t.same(world.register({ contact: B, callId: 'b' }).contactUris, [B_URI]);
  t.equal(world.register({ contact: A, callId: 'a', cseq: 2 }).status, 503, 'an expired one counts as new');
});

t.test('with the f flag the least recently refreshed binding goes, not the one that was added last', async (t) => {
  // OpenSIPS takes an end of its list: with the default order the newest of equal q.
  const world = fullWorld('c2f');
  world.register({ contact: A, callId: 'a', cseq: 2 });
  world.advance(1);
  t.same(world.register({ contact: C, callId: 'c' }).contactUris, [A_URI, C_URI]);
  const kinds = world.table.read('alice@example.com').records.map(({ contactUri, kind }) => `${contactUri} ${kind}`);
  t.same(kinds.toSorted(), [`${A_URI} put`, `${B_URI} judged`, `${C_URI} put`]);
});

t.test('with the f flag the binding with the lowest q stays if it is the most recently refreshed', async (t) => {
  const world = new RegistrarWorld({ save: 'c2f' });
  world.register({ contact: `${A};q=0.9`, callId: 'a' });
  world.advance(1);
  world.register({ contact: `${B};q=0.1`, callId: 'b' });
  world.advance(1);
  t.same(world.register({ contact: `${C};q=0.5`, callId: 'c' }).contactUris, [C_URI, B_URI]);
});

t.test('with the f flag a request never evicts what it writes itself', async (t) => {
  const world = fullWorld('c2f');
  t.same(world.register({ contact: `${A}, ${C}`, callId: 'a', cseq: 2 }).contactUris, [A_URI, C_URI]);
});

t.test('a request with more contacts than max_contacts is refused as a whole, with the f flag too', async (t) => {
  for (const save of ['c2', 'c2f']) {
    const world = new RegistrarWorld({ save });
    t.equal(world.register({ contact: [A, B, C] }).status, 503);
    t.same(world.table.read('alice@example.com').records, []);
  }
});

t.test('an evicted phone comes back with its next REGISTER', async (t) => {
  const world = fullWorld('c2f');
  world.register({ contact: C, callId: 'c' });
  world.advance(50);
  t.same(world.register({ contact: A, callId: 'a', cseq: 2 }).contactUris, [C_URI, A_URI]);
});

t.test('another spelling of a contact takes no further room', async (t) => {
  const world = new RegistrarWorld({ save: 'c1' });
  world.register({ contact: '<sip:a@192.0.2.1;line=1>', callId: 'a', cseq: 1 });
  t.equal(world.register({ contact: A, callId: 'a', cseq: 2 }).status, 200);
});

t.test('retry_after is said instead of the default', async (t) => {
  const world = new RegistrarWorld({ save: 'c1', retryAfterS: 17 });
  t.same(world.register({ contact: [A, B] }).headers('Retry-After'), ['17']);
});

t.test('the bound of records per AoR is told with 503, and drops no record', async (t) => {
  const world = new RegistrarWorld({}, { recordsPerAorMax: 2 });
  world.register({ contact: `${A};expires=0`, cseq: 1 });
  world.register({ contact: B, cseq: 2 });
  const before = world.table.read('alice@example.com');
  const answer = world.register({ contact: C, cseq: 3 });
  t.equal(answer.status, 503);
  t.ok(answer.header('Retry-After'));
  t.equal(answer.header('P-Registrar-Error'), 'Too many contacts lately');
  t.same(world.table.read('alice@example.com'), before);
});

t.test('the bound of AoRs is told with 503', async (t) => {
  const world = new RegistrarWorld({}, { aorsMax: 1 });
  t.equal(world.register({ contact: A }).status, 200);
  const answer = world.register({ to: 'sip:bob@example.com', contact: B });
  t.equal(answer.status, 503);
  t.ok(answer.header('Retry-After'));
  t.equal(answer.header('P-Registrar-Error'), 'Too many addresses of record');
});
