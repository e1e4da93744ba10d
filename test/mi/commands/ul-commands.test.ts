import t from 'tap';
import { PERMANENT } from '../../../lib/location/record.ts';
import type { MiAnswer } from '../../../lib/mi/mi-command.ts';
import type { ShownBinding } from '../../../lib/mi/commands/bindings.ts';
import { ulDumpCommand } from '../../../lib/mi/commands/ul-dump.ts';
import { ulShowContactCommand } from '../../../lib/mi/commands/ul-show-contact.ts';
import { fixedBindings, NOW_MS, shownBinding } from '../../support/shown-binding.ts';

async function call(
  command: ReturnType<typeof ulDumpCommand>,
  values: Readonly<Record<string, string | number>> = {},
): Promise<MiAnswer> {
  const names = Object.keys(values);
  const recipe = command.recipes.find(({ params }) => params.length === names.length);
  if (recipe === undefined) throw new Error('no such recipe');
  return recipe.run(new Map(Object.entries(values)));
}

async function dump(byAor: ReadonlyMap<string, readonly ShownBinding[]>, values?: { readonly brief: number }) {
  const answer = await call(ulDumpCommand(fixedBindings(byAor)), values);
  if (answer.kind !== 'stream') throw new Error(`a ${answer.kind} is no stream`);
  const chunks = [...answer.chunks];
  return { chunks, value: JSON.parse(chunks.join('')) };
}

const SETTINGS = { useDomain: true, caseSensitive: true, realmPrefix: '' };

async function show(
  bindings: readonly ShownBinding[],
  aor = 'alice@example.com',
  settings = SETTINGS,
  table = 'location',
) {
  const known = fixedBindings(
    new Map([
      ['alice@example.com', bindings],
      ['alice', bindings],
    ]),
  );
  const answer = await call(ulShowContactCommand(known, settings), { table_name: table, aor });
  return answer.kind === 'result' ? JSON.parse(JSON.stringify(answer.value)) : answer;
}

t.test("a contact has OpenSIPS's keys in OpenSIPS's order; those without a value are absent", async (t) => {
  const full = await show([
    shownBinding({
      binding: {
        q: 500,
        received: 'sip:203.0.113.7:1024',
        path: '<sip:10.0.0.1;lr>',
        socket: 'udp:10.0.0.150:5060',
        methods: 7,
        flags: 1,
        cflags: 'SIPPING_ENABLE SIPPING_RTO',
        attr: 'x',
        instance: '<urn:uuid:1>',
      },
    }),
  ]);
  t.equal(full.AOR, 'alice@example.com');
  t.strictSame(Object.entries(full.Contacts[0]), [
    ['Contact', 'sip:alice@192.0.2.1:5060'],
    ['ContactID', '42'],
    ['Expires', 60],
    ['Q', '0.5'],
    ['Callid', 'call-1'],
    ['Cseq', 7],
    ['User-agent', 'baresip v1.0.0'],
    ['Received', 'sip:203.0.113.7:1024'],
    ['Path', '<sip:10.0.0.1;lr>'],
    ['State', 'CS_SYNC'],
    ['Flags', 1],
    ['Cflags', 'SIPPING_ENABLE SIPPING_RTO'],
    ['Socket', 'udp:10.0.0.150:5060'],
    ['Methods', 7],
    ['Attr', 'x'],
    ['SIP_instance', '<urn:uuid:1>'],
  ]);

  const bare = await show([shownBinding()]);
  t.same(
    Object.keys(bare.Contacts[0]).join(' '),
    'Contact ContactID Expires Q Callid Cseq User-agent State Flags Cflags Methods',
  );
  t.equal(bare.Contacts[0].Methods, 4294967295, 'unknown methods are all ones');
});

t.test('Expires is the seconds left, or a word; Q is empty when the Contact gave none', async (t) => {
  const contact = async (fields: Parameters<typeof shownBinding>[0]) =>
    (await show([shownBinding(fields)])).Contacts[0];
  t.equal((await contact({ expiresAtMs: NOW_MS + 1 })).Expires, 1, 'a live binding never shows 0');
  t.equal((await contact({ expiresAtMs: PERMANENT })).Expires, 'permanent');
  t.equal((await contact({ expiresAtMs: NOW_MS })).Expires, 'expired');
  t.equal((await contact({})).Q, '');
  t.equal((await contact({ binding: { q: 1000 } })).Q, '1');
  t.equal((await contact({ binding: { q: 0 } })).Q, '0');
  t.equal((await contact({ binding: { q: 130 } })).Q, '0.13');
});

t.test('what phones sent is shown as UTF-8 where it is that', async (t) => {
  const shown = await show([shownBinding({ callId: 'M\u00c3\u00bcller', binding: { userAgent: 'caf\u00e9' } })]);
  t.equal(shown.Contacts[0].Callid, 'Müller');
  t.equal(shown.Contacts[0]['User-agent'], 'café');
});

t.test('ul_show_contact says what is missing: the domain, the table, the AoR', async (t) => {
  const some = [shownBinding()];
  t.match(await show(some, 'alice'), { code: 400, message: 'Domain missing in AOR' });
  t.match(await show(some, 'alice@example.com', SETTINGS, 'subscriber'), { code: 404, message: 'Table not found' });
  t.match(await show(some, 'bob@example.com'), { code: 404, message: 'AOR not found' });
  t.match(await show([]), { code: 404, message: 'AOR not found' }, 'nor is one without a valid contact');
});

t.test('an AoR is looked up as the registrar keys it', async (t) => {
  const some = [shownBinding()];
  t.match(await show(some, 'alice@EXAMPLE.com'), { AOR: 'alice@example.com' }, 'domains have no case');
  t.match(await show(some, 'Alice@example.com'), { code: 404 });
  t.match(await show(some, 'Alice@example.com', { ...SETTINGS, caseSensitive: false }), {
    AOR: 'alice@example.com',
  });
  t.match(await show(some, 'alice@other.org', { ...SETTINGS, useDomain: false }), { AOR: 'alice' });
  t.match(await show(some, 'alice', { ...SETTINGS, useDomain: false }), { AOR: 'alice' });
  t.match(await show(some, 'alice@sip.example.com', { ...SETTINGS, realmPrefix: 'sip.' }), {
    AOR: 'alice@example.com',
  });
  t.match(await show(some, 'al%69ce@example.com'), { AOR: 'alice@example.com' }, 'escapes are undone');
  t.match(await show(some, '@'), { code: 400, message: 'Domain missing in AOR' });
});

t.test('Ping-Latency stands last, for a contact that answered a ping', async (t) => {
  const shown = await show([{ ...shownBinding({ binding: { instance: '<urn:uuid:1>' } }), pingLatencyUs: 1234 }]);
  t.strictSame(Object.entries(shown.Contacts[0]).slice(-2), [
    ['SIP_instance', '<urn:uuid:1>'],
    ['Ping-Latency', 1234],
  ]);
});

t.test('an AoR is found as it is shown, though its user looks as if it were escaped', async (t) => {
  const known = fixedBindings(new Map([['a%41@example.com', [shownBinding()]]]));
  const answer = await call(ulShowContactCommand(known, SETTINGS), { table_name: 'location', aor: 'a%41@example.com' });
  t.match(answer, { kind: 'result', value: { AOR: 'a%41@example.com' } });
});

t.test('ul_dump has the shape of OpenSIPS: a domain with its AoRs', async (t) => {
  const aors = new Map([
    ['alice@example.com', [shownBinding(), shownBinding({ contactUri: 'sip:alice@192.0.2.2' })]],
    ['gone@example.com', []],
    ['bob@example.com', [shownBinding()]],
  ]);
  const { value } = await dump(aors);
  t.equal(value.Domains.length, 1);
  t.match(value.Domains[0], { name: 'location', hash_size: 512 });
  t.same(
    value.Domains[0].AORs.map((aor: { AOR: string; Contacts: unknown[] }) => [aor.AOR, aor.Contacts.length]),
    [
      ['alice@example.com', 2],
      ['bob@example.com', 1],
    ],
    'without those that have no valid contact',
  );

  const brief = await dump(aors, { brief: 1 });
  t.same(brief.value.Domains[0].AORs, [{ AOR: 'alice@example.com' }, { AOR: 'bob@example.com' }]);
  t.same((await dump(aors, { brief: 0 })).value, value);
  t.same((await dump(new Map())).value, { Domains: [{ name: 'location', hash_size: 512, AORs: [] }] });
});

t.test('a large dump comes in small chunks, and AoRs with nothing to show end a chunk too', async (t) => {
  const aors = Array.from({ length: 1000 }, (_, i) => `user${i}@example.com`);
  const { chunks, value } = await dump(new Map(aors.map((aor) => [aor, [shownBinding()]])));
  t.equal(value.Domains[0].AORs.length, 1000);
  t.ok(Math.max(...chunks.map((chunk) => chunk.length)) < 20_000);

  const empty = await dump(new Map(aors.map((aor) => [aor, []])));
  t.ok(empty.chunks.length >= 4, `${empty.chunks.length} chunks`);
});
