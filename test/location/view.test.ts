import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { LocationRecord } from '../../lib/location/record.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import type { ViewRules } from '../../lib/location/view.ts';
import { liveRecords } from '../../lib/location/view.ts';
import { binding, judged, put, removed, sameContact, settings, state, T0, version } from './support/states.ts';

function contactsOf(records: readonly LocationRecord[], rules: Partial<ViewRules> = {}, nowMs = T0): string[] {
  return liveRecords(state(records), nowMs, settings(rules)).map((record) => record.contactUri);
}

t.test('a binding is live up to its expiry, not at it; a permanent one always', async (t) => {
  const record = put('sip:a', { expiresAtMs: T0 + 1000 });
  t.same(contactsOf([record], {}, T0 + 999), ['sip:a']);
  t.same(contactsOf([record], {}, T0 + 1000), []);
  t.same(contactsOf([put('sip:a', { expiresAtMs: PERMANENT })], {}, T0 * 2), ['sip:a']);
});

t.test('removed and judged bindings are not live', async (t) => {
  t.same(contactsOf([removed('sip:a')]), []);
  t.same(contactsOf([judged('sip:a'), put('sip:b')]), ['sip:b']);
});

t.test('what is at the floor or below it is dead, what is above it is not', async (t) => {
  const records = [put('sip:a'), put('sip:b', { version: version(T0, 1) }), put('sip:c', { version: version(T0, 2) })];
  const live = liveRecords(state(records, version(T0, 1)), T0, settings());
  t.same(
    live.map((record) => record.contactUri),
    ['sip:c'],
  );
});

t.test('of two equal contacts under different keys only the newer is live', async (t) => {
  const newer = put('sip:A', { version: version(T0 + 5) });
  t.same(contactsOf([put('sip:a'), newer, put('sip:b')], { descTimeOrder: true }), ['sip:A', 'sip:b']);
});

t.test('a newer removal under another key hides the older equal contact', async (t) => {
  t.same(contactsOf([put('sip:a'), removed('sip:A', { version: version(T0 + 5) })]), []);
  t.same(contactsOf([put('sip:a'), removed('sip:A', { version: version(T0 - 5) })]), ['sip:a']);
});

t.test('a newer equal contact hides the older one even when it lies below the floor or expired', async (t) => {
  t.same(contactsOf([put('sip:a'), put('sip:A', { version: version(T0 + 5), expiresAtMs: T0 })]), []);
});

t.test('equality that is not transitive decides pair by pair', async (t) => {
  const near = (a: string, b: string): boolean => Math.abs(Number(a.at(-1)) - Number(b.at(-1))) <= 1;
  const chain = [1, 2, 3].map((n) => put(`sip:${n}`, { version: version(T0 + n) }));
  t.same(contactsOf(chain, { sameContact: near }), ['sip:3'], '3 hides 2, and 2, hidden itself, still hides 1');
});

t.test('with matching_mode 1 one contact with two Call-IDs is two contacts', async (t) => {
  const other = put('sip:a', { key: 'sip:a\ncall-2', callId: 'call-2', version: version(T0 + 1) });
  t.same(contactsOf([put('sip:a'), other]), ['sip:a']);
  t.same(contactsOf([put('sip:a'), other], { callIdMatters: true }), ['sip:a', 'sip:a']);
});

t.test('max_contacts shows the newest, and those left out show again when others leave', async (t) => {
  const records = [1, 2, 3].map((n) => put(`sip:${n}`, { version: version(T0 + n) }));
  t.same(contactsOf(records, { maxContacts: 2 }), ['sip:2', 'sip:3']);
  const left = removed('sip:3', { version: version(T0 + 9) });
  t.same(contactsOf([...records.slice(0, 2), left], { maxContacts: 2 }), ['sip:1', 'sip:2']);
});

t.test('the list goes by descending q, unspecified last, and then older before newer', async (t) => {
  const records = [
    put('sip:none', { version: version(T0) }),
    put('sip:low', { version: version(T0 + 1), binding: binding({ q: 100 }) }),
    put('sip:high-new', { version: version(T0 + 3), binding: binding({ q: 1000 }) }),
    put('sip:high-old', { version: version(T0 + 2), binding: binding({ q: 1000 }) }),
  ];
  t.same(contactsOf(records), ['sip:high-old', 'sip:high-new', 'sip:low', 'sip:none']);
});

t.test('with desc_time_order the newest comes first and q does not matter', async (t) => {
  const records = [
    put('sip:old', { binding: binding({ q: 1000 }) }),
    put('sip:new', { version: version(T0 + 1), binding: binding({ q: 0 }) }),
  ];
  t.same(contactsOf(records, { descTimeOrder: true }), ['sip:new', 'sip:old']);
});

t.test('grouping contacts never changes what is shown', async () => {
  const record = fc.record({
    contact: fc.constantFrom('sip:a', 'sip:A', 'sip:b', 'sip:B', 'sip:c'),
    spelling: fc.nat(9),
    ms: fc.nat(20),
    dead: fc.boolean(),
  });
  const many = fc.uniqueArray(record, {
    maxLength: 30,
    size: 'max',
    selector: ({ contact, spelling }) => `${contact}${spelling}`,
  });
  fc.assert(
    fc.property(many, (cases) => {
      const records = cases.map(({ contact, spelling, ms, dead }, index) => {
        const fields = { key: `${contact};${spelling}`, version: version(T0 + ms, index) };
        return dead ? removed(contact, fields) : put(contact, fields);
      });
      const grouped = contactsOf(records, { contactGroup: (contact) => contact.toLowerCase() });
      assert.deepEqual(grouped, contactsOf(records));
    }),
    { numRuns: 200 },
  );
});

t.test('grouping saves comparing each contact with each', async (t) => {
  let compared = 0;
  const rules = {
    sameContact: (a: string, b: string) => (compared++, sameContact(a, b)),
    contactGroup: (contact: string) => contact.toLowerCase(),
  };
  const records = Array.from({ length: 100 }, (_, n) => put(`sip:${n}`, { version: version(T0 + n) }));
  t.equal(contactsOf(records, rules).length, 100);
  t.equal(compared, 0);
});
