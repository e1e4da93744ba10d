import t from 'tap';
import { PERMANENT } from '../../lib/location/record.ts';
import { RegistrarWorld } from './support/registrar-world.ts';
import type { SettingsChanges } from './support/registrar-settings.ts';

const PHONE = '<sip:alice@192.0.2.10:5060>';
const PHONE_URI = 'sip:alice@192.0.2.10:5060';

function granted(
  asked: { contact?: string; expires?: string | number },
  settings: SettingsChanges = {},
  random = 0,
): number {
  const world = new RegistrarWorld(settings);
  world.randomWord = random;
  return world.register({ contact: PHONE, ...asked }).expires[PHONE_URI] ?? -1;
}

t.test('the Contact parameter beats the Expires header, which beats default_expires (§10.2.1.1)', async (t) => {
  t.equal(granted({ contact: `${PHONE};expires=120`, expires: 240 }), 120);
  t.equal(granted({ expires: 240 }), 240);
  t.equal(granted({}), 3600);
  t.equal(granted({}, { expiry: { defaultExpiresS: 900 } }), 900);
});

t.test('each Contact of a request has its own interval', async (t) => {
  const world = new RegistrarWorld();
  const contact = `${PHONE};expires=100, <sip:b@192.0.2.11>;expires=200, <sip:c@192.0.2.12>`;
  t.same(world.register({ contact, expires: 300 }).expires, {
    [PHONE_URI]: 100,
    'sip:b@192.0.2.11': 200,
    'sip:c@192.0.2.12': 300,
  });
});

t.test('an interval that is no number of 32 bits counts as the default, not as an error', async (t) => {
  for (const bad of ['abc', '', '-1', '4294967296', '99999999999999999999', '60x', '1e3', '0x10']) {
    t.equal(granted({ contact: `${PHONE};expires="${bad}"`, expires: 240 }), 3600, `Contact ${bad}`);
    if (bad !== '') t.equal(granted({ expires: bad }), 3600, `Expires ${bad}`);
  }
});

t.test('what is too short is raised to min_expires', async (t) => {
  t.equal(granted({ expires: 1 }), 60);
  t.equal(granted({ expires: 59 }, { save: 'e90' }), 90);
  t.equal(granted({ expires: 1 }, { expiry: { minExpiresS: 0 } }), 1);
});

t.test('what is too long is lowered to max_expires', async (t) => {
  t.equal(granted({ expires: 7200 }, { expiry: { maxExpiresS: 1800 } }), 1800);
  t.equal(granted({ expires: 7200 }, { save: 'max-expires=900' }), 900);
  t.equal(granted({}, { expiry: { maxExpiresS: 1800 } }), 1800);
});

t.test('nothing is granted for longer than a day, whatever the settings say', async (t) => {
  t.equal(granted({ expires: 4294967295 }), 86_400);
  t.equal(granted({ expires: 4294967295 }, { save: 'E200000' }), 86_400);
});

t.test('with the reject policy a too short interval is 423 with Min-Expires, and nothing is stored', async (t) => {
  const world = new RegistrarWorld({ expiry: { minExpiresPolicy: 'reject' } });
  const answer = world.register({ contact: `<sip:b@192.0.2.11>, ${PHONE};expires=59`, expires: 60 });
  t.equal(answer.status, 423);
  t.equal(answer.header('Min-Expires'), '60');
  t.ok(answer.header('P-Registrar-Error'));
  t.same(world.table.read('alice@example.com').records, []);
  t.equal(world.register({ contact: PHONE, expires: 60, cseq: 2 }).status, 200);
});

t.test('423 is never for a removal, nor when the registrar wants more than an hour (§10.3 step 7)', async (t) => {
  const world = new RegistrarWorld({ expiry: { minExpiresPolicy: 'reject' } });
  t.equal(world.register({ contact: PHONE, expires: 0 }).status, 200);
  t.equal(granted({ expires: 3600 }, { expiry: { minExpiresPolicy: 'reject', minExpiresS: 7200 } }), 7200);
  t.equal(granted({ expires: 3600 }, { expiry: { minExpiresPolicy: 'reject', minExpiresS: 3600 } }), 3600);
});

t.test('423 is only for an interval that was asked for: the default is raised without a word', async (t) => {
  const settings: SettingsChanges = { expiry: { minExpiresPolicy: 'reject', defaultExpiresS: 30 } };
  t.equal(granted({}, settings), 60);
  t.equal(granted({ expires: 'soon' }, settings), 60);
});

t.test('a retransmission is answered 200 although its interval would be refused now', async (t) => {
  const world = new RegistrarWorld({ expiry: { minExpiresPolicy: 'reject' } });
  world.register({ contact: PHONE, expires: 60 });
  world.advance(1);
  t.equal(world.register({ contact: PHONE, expires: 30 }).status, 200);
});

t.test('expires_max_deviation spreads what is granted, both ways, within min and max', async (t) => {
  const settings: SettingsChanges = { expiry: { expiresMaxDeviationS: 10, minExpiresS: 60, maxExpiresS: 300 } };
  t.equal(granted({ expires: 200 }, settings, 0), 190);
  t.equal(granted({ expires: 200 }, settings, 10), 200);
  t.equal(granted({ expires: 200 }, settings, 20), 210);
  t.equal(granted({ expires: 200 }, settings, 21), 190);
  t.equal(granted({ expires: 65 }, settings, 0), 60);
  t.equal(granted({ expires: 300 }, settings, 20), 300);
});

t.test('a deviation never turns a binding into a removal', async (t) => {
  t.equal(granted({ expires: 5 }, { expiry: { expiresMaxDeviationS: 10, minExpiresS: 0 } }, 0), 1);
});

t.test('a binding is gone after its time', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, expires: 60 });
  world.advance(59.999);
  t.same(world.register({ callId: 'query' }).expires, { [PHONE_URI]: 1 });
  world.advance(0.001);
  t.same(world.shown(), []);
});

t.test('the seconds left are rounded up, so that a retransmission reads like the first reply', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: PHONE, expires: 60 });
  world.advance(0.5);
  t.same(world.register({ contact: PHONE, expires: 60 }).expires, { [PHONE_URI]: 60 });
});

t.test('a binding without an end is listed with the longest interval, not with a negative one', async (t) => {
  // OpenSIPS prints a negative number.
  const world = new RegistrarWorld();
  world.register({ contact: PHONE });
  const [record] = world.table.read('alice@example.com').records;
  if (record?.kind !== 'put') throw new Error('no binding');
  const { key, contactUri, callId, cseq, binding } = record;
  const permanent = { kind: 'put', key, contactUri, callId, cseq, binding, expiresAtMs: PERMANENT } as const;
  world.table.commit({ aor: 'alice@example.com', origin: 'mi', changes: [permanent] }, world.nowMs);
  t.same(world.register({ callId: 'query' }).expires, { [PHONE_URI]: 86_400 });
});
