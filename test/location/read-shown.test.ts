import t from 'tap';
import { AOR, HOUR, MINUTE, putOrder, recordOf, removeOrder, serve, STAR, T0, table } from './support/states.ts';

function idOf(at: ReturnType<typeof table>, contact: string): number {
  return at.recordIdOf(AOR, contact) ?? -1;
}

t.test('a record is read by its id as long as its AoR shows it', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + MINUTE), putOrder('sip:b', T0 + HOUR));
  t.strictSame(at.readShown(idOf(at, 'sip:a'), T0), { aor: AOR, record: recordOf(at, 'sip:a') });
  t.equal(at.readShown(idOf(at, 'sip:a'), T0 + MINUTE), undefined, 'expired');
  t.equal(at.readShown(idOf(at, 'sip:b'), T0 + MINUTE)?.record.contactUri, 'sip:b');
  serve(at, T0 + 1, removeOrder('sip:b'));
  t.equal(at.readShown(idOf(at, 'sip:b'), T0 + 1), undefined, 'removed');
  serve(at, T0 + 2, STAR);
  t.equal(at.readShown(idOf(at, 'sip:a'), T0 + 2), undefined, 'below the floor');
  t.equal(at.readShown(99, T0), undefined, 'no such id');
});

t.test('a record that a newer equal contact or max_contacts hides is not shown by its id either', async (t) => {
  const equal = table();
  serve(equal, T0, putOrder('sip:a', T0 + HOUR));
  serve(equal, T0 + 1, putOrder('sip:A', T0 + HOUR));
  t.equal(equal.readShown(idOf(equal, 'sip:a'), T0 + 1), undefined);
  t.equal(equal.readShown(idOf(equal, 'sip:A'), T0 + 1)?.record.key, 'sip:A');
  const one = table({ maxContacts: 1 });
  serve(one, T0, putOrder('sip:a', T0 + HOUR));
  serve(one, T0 + 1, putOrder('sip:b', T0 + MINUTE));
  t.equal(one.readShown(idOf(one, 'sip:a'), T0 + 1), undefined);
  t.equal(one.readShown(idOf(one, 'sip:a'), T0 + 1 + MINUTE)?.record.key, 'sip:a', 'the newer one has expired');
});
