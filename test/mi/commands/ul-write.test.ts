import t, { type Test } from 'tap';
import { TableBindings } from '../../../lib/app/bindings.ts';
import { TableOrders } from '../../../lib/app/orders.ts';
import { HORIZON_S } from '../../../lib/location/horizon.ts';
import { METHODS_UNKNOWN } from '../../../lib/location/record.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { ulCommands } from '../../../lib/mi/commands/ul-commands.ts';
import { memoryOnlyStore } from '../../../lib/storage/memory-only-store.ts';
import { RegistrarWorld } from '../../registrar/support/registrar-world.ts';
import type { SettingsChanges } from '../../registrar/support/registrar-settings.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { miCaller } from '../../support/mi-caller.ts';

const MI_CALL_ID = 'dfjrewr12386fd6-343@opensips.mi';
const ALICE = 'alice@example.com';
const CONTACT = 'sip:alice@192.0.2.10:5060';

interface Options extends SettingsChanges {
  readonly useDomain?: boolean;
  readonly matchingMode?: 0 | 1;
  readonly limits?: { readonly recordsPerAorMax?: number; readonly aorsMax?: number };
}

/** A registrar and the commands of usrloc, on one table. */
function start(options: Options = {}) {
  const { useDomain = true, matchingMode = 0, limits, ...changes } = options;
  const world = new RegistrarWorld({ ...changes, addressOfRecord: { useDomain }, contacts: { matchingMode } }, limits);
  const clusterClock = { nowMs: () => world.nowMs };
  const call = miCaller(
    new CommandTable(
      ulCommands({
        bindings: new TableBindings(world.table, clusterClock, undefined, (recordId) => 100 + recordId),
        orders: new TableOrders(world.table, world.gate, clusterClock),
        store: memoryOnlyStore,
        settings: { useDomain, caseSensitive: true, realmPrefix: '', matchingMode, maxContactLen: 255, maxAorLen: 256 },
        clock: new ManualClock(),
      }),
    ),
  );
  const contacts = async (aor = ALICE) => (await call('ul_show_contact', ['location', aor])).Contacts ?? [];
  return { world, call, contacts, uris: async (aor = ALICE) => (await contacts(aor)).map(uriOf) };
}

const uriOf = (contact: { readonly Contact: string }) => contact.Contact;

interface Added {
  readonly table_name?: unknown;
  readonly aor?: unknown;
  readonly contact?: unknown;
  readonly expires?: unknown;
  readonly q?: unknown;
  readonly flags?: unknown;
  readonly cflags?: unknown;
  readonly methods?: unknown;
}

const addition = (fields: Added = {}) => ({
  table_name: 'location',
  aor: ALICE,
  contact: CONTACT,
  expires: 3600,
  q: '0.5',
  flags: 0,
  cflags: '0',
  methods: 32,
  ...fields,
});

const NO_TABLE = { code: 404, message: 'Table not found' };
const NO_AOR = { code: 404, message: 'AOR not found' };
const NO_DOMAIN = { code: 400, message: 'Domain missing in AOR' };

t.test('ul_rm removes the AoR with all its contacts', async (t) => {
  const { world, call, uris } = start();
  world.register({ contact: [`<${CONTACT}>`, '<sip:alice@192.0.2.11>'] });
  world.register({ to: 'sip:bob@example.com', contact: '<sip:bob@192.0.2.12>', callId: 'b' });
  t.equal(await call('ul_rm', ['location', 'alice@EXAMPLE.com']), 'OK');
  t.same(await uris(), []);
  t.same(await uris('bob@example.com'), ['sip:bob@192.0.2.12']);
  t.same(await call('ul_rm', ['location', ALICE]), NO_AOR, 'nothing is left to remove');
  t.equal(world.register({ contact: `<${CONTACT}>`, cseq: 2 }).status, 200, 'the phone may come back');
  t.same(await uris(), [CONTACT]);
});

t.test('what ul_rm removed stays dead when an older copy of it comes from elsewhere', async (t) => {
  const { world, call, uris } = start();
  world.register({ contact: `<${CONTACT}>` });
  const older = world.table.read(ALICE);
  const unseen = older.records.map((record) => ({ ...record, key: 'sip:other', contactUri: 'sip:other' }));
  world.advance(1);
  await call('ul_rm', ['location', ALICE]);
  world.table.merge({ ...older, records: [...older.records, ...unseen] }, 'peer', world.nowMs);
  t.same(await uris(), [], 'also what was not known here when it was removed');
});

t.test('a late copy of the REGISTER before it does not undo ul_rm or ul_rm_contact', async (t) => {
  for (const params of [
    ['location', ALICE],
    ['location', ALICE, CONTACT],
  ]) {
    const { world, call } = start();
    world.register({ contact: `<${CONTACT}>`, cseq: 5 });
    world.advance(1);
    t.equal(await call(params.length === 2 ? 'ul_rm' : 'ul_rm_contact', params), 'OK');
    world.register({ contact: `<${CONTACT}>`, cseq: 5 });
    t.same(world.shown(), []);
  }
});

t.test('an AoR that shows nothing is not found, and nothing is written for it', async (t) => {
  const { world, call } = start();
  t.same(await call('ul_rm', ['location', 'nobody@example.com']), NO_AOR);
  t.equal(world.table.read('nobody@example.com').floor, undefined);
  world.register({ contact: `<${CONTACT}>`, expires: 60 });
  world.advance(61);
  t.same(await call('ul_rm', ['location', ALICE]), NO_AOR, 'nor is one whose contacts have expired');
  t.same(await call('ul_rm_contact', ['location', ALICE, CONTACT]), NO_AOR);
});

t.test('ul_rm_contact removes the contact that equals the URI (RFC 3261 §19.1.4), and no other', async (t) => {
  const { world, call, uris } = start();
  world.register({ contact: ['<sip:alice@Phone.example.com;ob>', '<sip:alice@192.0.2.11>'] });
  const missing = { code: 404, message: 'Contact not found' };
  for (const other of ['sip:Alice@phone.example.com', 'sip:alice@phone.example.com:5060', 'what?', '']) {
    t.same(await call('ul_rm_contact', ['location', ALICE, other]), missing, other);
  }
  t.equal((await uris()).length, 2);
  const named = { aor: ALICE, table_name: 'location', contact: 'sip:%61lice@PHONE.example.com' };
  t.equal(await call('ul_rm_contact', named), 'OK');
  t.same(await uris(), ['sip:alice@192.0.2.11']);
});

t.test('a contact that is dead already is not found, though its AoR is', async (t) => {
  const { world, call } = start();
  world.register({ contact: [`<${CONTACT}>`, '<sip:alice@192.0.2.11>;expires=60', '<sip:alice@192.0.2.12>'] });
  world.register({ contact: '<sip:alice@192.0.2.12>;expires=0', cseq: 2 });
  world.advance(61);
  for (const dead of ['sip:alice@192.0.2.11', 'sip:alice@192.0.2.12']) {
    t.match(await call('ul_rm_contact', ['location', ALICE, dead]), { code: 404, message: 'Contact not found' });
  }
});

t.test('with matching_mode 1 ul_rm_contact removes all contacts with the URI', async (t) => {
  const { world, call, uris } = start({ matchingMode: 1 });
  for (const callId of ['one', 'two']) world.register({ contact: `<${CONTACT}>`, callId });
  world.register({ contact: '<sip:alice@192.0.2.11>', callId: 'one', cseq: 2 });
  t.equal((await uris()).length, 3);
  t.equal(await call('ul_rm_contact', ['location', ALICE, CONTACT]), 'OK');
  t.same(await uris(), ['sip:alice@192.0.2.11']);
});

t.test('ul_add adds a contact as the MI server of OpenSIPS', async (t) => {
  const { call, contacts } = start();
  t.equal(await call('ul_add', addition({ flags: 1, cflags: 'SIPPING_RTO SIPPING_ENABLE' })), 'OK');
  const [contact, ...others] = await contacts();
  t.same(others, []);
  t.strictSame(Object.entries(contact), [
    ['Contact', CONTACT],
    ['ContactID', '0'],
    ['Expires', 3600],
    ['Q', '0.5'],
    ['Callid', MI_CALL_ID],
    ['Cseq', 1],
    ['User-agent', 'OpenSIPS MI Server'],
    ['State', 'CS_NEW'],
    ['Flags', 1],
    ['Cflags', 'SIPPING_ENABLE SIPPING_RTO'],
    ['Methods', 32],
    ['Ping-Latency', 100],
  ]);
});

t.test('ul_add takes its parameters in order, as numbers or as text, and with the unused one of 2.4', async (t) => {
  const { call, contacts } = start();

  t.equal(await call('ul_add', ['location', ALICE, 'sip:a@192.0.2.1', 60, 0.25, 0, 0, -1]), 'OK');
  t.equal(await call('ul_add', ['location', ALICE, 'sip:b@192.0.2.1', '0', '1.00', '0', '0', '0', '7999']), 'OK');
  t.match(await contacts(), [
    { Contact: 'sip:b@192.0.2.1', Expires: 'permanent', Q: '1', Methods: 7999, Cflags: '' },
    { Contact: 'sip:a@192.0.2.1', Expires: 60, Q: '0.25', Methods: METHODS_UNKNOWN },
  ]);
});

t.test('a permanent contact does not expire; a longer life than any contact may have is cut to that', async (t) => {
  const { world, call, contacts } = start();
  await call('ul_add', addition({ expires: 0, q: '1' }));
  await call('ul_add', addition({ expires: 4294967295, contact: 'sip:alice@192.0.2.11' }));
  t.match(await contacts(), [{ Expires: 'permanent' }, { Expires: HORIZON_S }]);
  world.advance(HORIZON_S + 1);
  world.table.expire(world.nowMs);
  t.match(await contacts(), [{ Contact: CONTACT, Expires: 'permanent' }]);
});

t.test(
  'ul_add of a contact that is there replaces its Call-ID and keeps its CSeq and the way to the phone',
  async (t) => {
    const { world, call, contacts } = start({ nat: { uacTest: 2 } });
    world.register(
      { contact: `<${CONTACT};x=1>;+sip.instance="<urn:uuid:1>"`, cseq: 41 },
      { sourceAddress: '203.0.113.7', sourcePort: 1024 },
    );
    t.equal(await call('ul_add', addition({ expires: 100 })), 'OK');
    t.match(await contacts(), [
      {
        Contact: CONTACT,
        Callid: MI_CALL_ID,
        Cseq: 41,
        Expires: 100,
        Q: '0.5',
        'User-agent': 'OpenSIPS MI Server',
        Received: 'sip:203.0.113.7:1024',
        SIP_instance: '<urn:uuid:1>',
        Socket: 'udp:192.0.2.1:5060',
      },
    ]);
    t.equal((await contacts()).length, 1, 'a contact that equals it under another key was replaced');
  },
);

t.test('a REGISTER after ul_add of the same contact is an update, whatever its CSeq', async (t) => {
  const { world, call, contacts } = start();
  await call('ul_add', addition({ expires: 0 }));
  t.equal(world.register({ contact: `<${CONTACT}>`, callId: 'phone', cseq: 1, expires: 600 }).status, 200);
  t.match(await contacts(), [{ Contact: CONTACT, Callid: 'phone', Cseq: 1, Expires: 600 }]);
  t.equal((await contacts()).length, 1);
});

t.test('a contact that was removed is a new one when it is added', async (t) => {
  const { world, call, contacts } = start();
  world.register({ contact: `<${CONTACT}>`, cseq: 41 });
  await call('ul_rm_contact', ['location', ALICE, CONTACT]);
  await call('ul_add', addition());
  t.match(await contacts(), [{ Contact: CONTACT, Cseq: 1 }]);
});

t.test(
  'with matching_mode 1 ul_add takes over one contact with the URI, the newest, and leaves the others',
  async (t) => {
    const { world, call, contacts } = start({ matchingMode: 1 });
    for (const [callId, cseq] of [
      ['one', 11],
      ['two', 12],
    ] as const) {
      world.register({ contact: `<${CONTACT}>`, callId, cseq });
      world.advance(1);
    }
    const shown = async () =>
      (await contacts()).map((contact: { Callid: string; Cseq: number }) => [contact.Callid, contact.Cseq]);
    await call('ul_add', addition({ q: '1' }));
    t.same(await shown(), [
      [MI_CALL_ID, 12],
      ['one', 11],
    ]);
    await call('ul_add', addition({ q: '1' }));
    t.same(
      await shown(),
      [
        [MI_CALL_ID, 12],
        ['one', 11],
      ],
      'the next time its own',
    );
    world.advance(1);
    world.register({ contact: `<${CONTACT}>`, callId: 'one', cseq: 21 });
    await call('ul_add', addition({ q: '1' }));
    t.same((await shown())[0], [MI_CALL_ID, 12], 'also when another one is newer');
    t.equal((await shown()).length, 2);
  },
);

t.test('the AoR may be written as a URI has it; without use_domain its user alone counts', async (t) => {
  const { world, call, uris } = start();
  await call('ul_add', addition({ aor: 'al%69ce@Example.COM' }));
  t.same(await uris(), [CONTACT]);
  t.same(world.shown(), [CONTACT], 'which is the one that the phone has');

  const bare = start({ useDomain: false });
  t.equal(await bare.call('ul_add', addition({ aor: 'alice' })), 'OK');
  t.same(bare.world.shown(), [CONTACT]);
  t.equal(await bare.call('ul_rm', ['location', 'alice@anywhere']), 'OK');
});

t.test('names are UTF-8, as phones send it', async (t) => {
  const { world, call, uris } = start();
  await call('ul_add', addition({ aor: 'müller@example.com', contact: 'sip:müller@192.0.2.10' }));
  t.same(await uris('müller@example.com'), ['sip:müller@192.0.2.10']);
  t.same(world.shown('sip:m%C3%BCller@example.com'), ['sip:m\u00c3\u00bcller@192.0.2.10']);
  t.equal(await call('ul_rm_contact', ['location', 'm%C3%BCller@example.com', 'sip:m%C3%BCller@192.0.2.10']), 'OK');
  t.same(await uris('müller@example.com'), []);
});

t.test('what is wrong with a new contact is said by name, and nothing is changed', async (t) => {
  const { world, call } = start();
  const wrong: readonly (readonly [Added, RegExp])[] = [
    [{ contact: 'alice' }, /contact is no SIP URI/],
    [{ contact: `<${CONTACT}>` }, /contact is no SIP URI/],
    [{ contact: '' }, /contact is no SIP URI/],
    [{ contact: 'tel:+1555' }, /contact must be a sip/],
    [{ contact: `sip:${'a'.repeat(250)}@b` }, /contact has 256 octets, max_contact_len is 255/],
    [{ expires: -1 }, /expires must be/],
    [{ expires: 4294967296 }, /expires must be/],
    [{ q: 'high' }, /q must be/],
    [{ q: 1.5 }, /q must be/],
    [{ q: '' }, /q must be/],
    [{ flags: -1 }, /flags must be/],
    [{ methods: 4294967296 }, /methods must be/],
    [{ cflags: 'SIPPING-ENABLE' }, /cflags must be names/],
    [{ cflags: 3 }, /cflags must be names/],
    [{ cflags: 'A'.repeat(65) }, /cflags must be names/],
    [{ cflags: Array.from({ length: 33 }, (_, i) => `F${i}`).join(' ') }, /cflags must be names/],
    [{ aor: '@example.com' }, /User missing/],
    [{ aor: `${'a'.repeat(246)}@example.com` }, /aor has 258 octets, max_aor_len is 256/],
    [{ aor: 'al%00ice@example.com' }, /aor has a control character/],
  ];
  for (const [fields, message] of wrong) {
    t.match(await call('ul_add', addition(fields)), { code: 400, message }, JSON.stringify(fields));
  }
  t.same([...world.table.aors()], []);
});

t.test('every command says what is missing: the table, the domain, a parameter', async (t) => {
  const { world, call, uris } = start();
  world.register({ contact: `<${CONTACT}>` });
  const calls = [
    ['ul_rm', []],
    ['ul_rm_contact', [CONTACT]],
    ['ul_add', [CONTACT, 60, '1', 0, '0', 0]],
    ['ul_show_contact', []],
    ['ul_sync', []],
  ] as const;
  for (const [method, rest] of calls) {
    t.same(await call(method, ['subscriber', ALICE, ...rest]), NO_TABLE, method);
    t.same(await call(method, ['location', 'alice', ...rest]), NO_DOMAIN, method);
    t.same(await call(method, ['location', 'alice@', ...rest]), NO_DOMAIN, method);
    t.match(await call(method, []), { code: -32602, data: 'Too few or too many parameters' }, method);
    t.match(await call(method, { table: 'location' }), { code: -32602, data: 'Named parameters do not match' }, method);
    t.match(
      await call(method, ['location', 7, ...rest]),
      { code: -32602, data: "Bad type for parameter 'aor'" },
      method,
    );
  }
  t.same(await uris(), [CONTACT]);
  t.match(await call('ul_add', addition({ expires: 'soon' })), {
    code: -32602,
    data: "Bad type for parameter 'expires'",
  });
});

t.test('an answer waits for the gates, the change does not', async (t) => {
  await answersAfterGates(t, 'ul_rm', ['location', ALICE], []);
  await answersAfterGates(t, 'ul_rm_contact', ['location', ALICE, CONTACT], []);
  await answersAfterGates(t, 'ul_add', addition({ contact: 'sip:b@192.0.2.1', q: '0' }), ['sip:b@192.0.2.1', CONTACT]);
});

async function answersAfterGates(t: Test, method: string, params: object, after: readonly string[]) {
  const { world, call } = start();
  world.register({ contact: `<${CONTACT}>` });
  world.gate.isHolding = true;
  let answered = false;
  const answer = call(method, params).finally(() => (answered = true));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.notOk(answered, method);
  t.same(
    world.table.live(world.table.read(ALICE), world.nowMs).map(({ contactUri }) => contactUri),
    after,
  );
  t.equal(world.gate.settledAors.at(-1), ALICE);
  world.gate.release();
  t.equal(await answer, 'OK');
}

t.test('who listens hears that it was MI', async (t) => {
  const { world, call } = start();
  const heard: unknown[] = [];
  world.table.addListener({
    committed: ({ aor, origin, writes, floor }) => heard.push([aor, origin, writes.length, floor?.callId]),
  });
  await call('ul_add', addition());
  await call('ul_rm_contact', ['location', ALICE, CONTACT]);
  await call('ul_add', addition());
  await call('ul_rm', ['location', ALICE]);
  t.same(heard, [
    [ALICE, 'mi', 1, undefined],
    [ALICE, 'mi', 1, undefined],
    [ALICE, 'mi', 1, undefined],
    [ALICE, 'mi', 0, MI_CALL_ID],
  ]);
});

t.test('a full table refuses with a sentence, and nothing is changed', async (t) => {
  const { call, uris } = start({ limits: { recordsPerAorMax: 1, aorsMax: 1 } });
  t.equal(await call('ul_add', addition()), 'OK');
  t.match(await call('ul_add', addition({ contact: 'sip:b@192.0.2.1' })), {
    code: 500,
    message: /max_records_per_aor/,
  });
  t.match(await call('ul_add', addition({ aor: 'bob@example.com' })), { code: 500, message: /max_aors/ });
  t.same(await uris(), [CONTACT]);
});

t.test('contacts that would not fit into one answer are refused', async (t) => {
  const { call } = start({ limits: { recordsPerAorMax: 1000 } });
  const answers = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const answer = await call('ul_add', addition({ contact: `sip:alice@192.0.2.1;n=${i};x=${'y'.repeat(200)}` }));
    answers.add(answer.message ?? answer);
  }
  t.same([...answers], ['OK', 'the contacts of the AoR would take more than 60000 bytes']);
});

t.test('the names of 4.0 lead to the same commands', async (t) => {
  const { call, uris } = start();
  t.equal(await call('usrloc:add', addition()), 'OK');
  t.match(await call('usrloc:show_contact', ['location', ALICE]), { AOR: ALICE });
  t.match(await call('usrloc:dump', [1]), { Domains: [{ AORs: [{ AOR: ALICE }] }] });
  t.equal(await call('usrloc:rm_contact', ['location', ALICE, CONTACT]), 'OK');
  t.same(await call('usrloc:rm', ['location', ALICE]), NO_AOR);
  t.equal(await call('usrloc:flush'), 'OK');
  t.equal(await call('usrloc:sync', ['location']), 'Contacts already synced');
  t.same(await call('usrloc:cluster_sync'), { code: 400, message: 'Clustering not enabled' });
  t.same(await uris(), []);
});
