import t from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import {
  AOR,
  HOUR,
  judgement,
  MINUTE,
  putOrder,
  recordOf,
  removeOrder,
  SECOND,
  serve,
  shown,
  STAR,
  state,
  T0,
  table,
} from './support/states.ts';

function hide(at: LocationTable, contact: string): boolean {
  return at.hideLocally(AOR, contact, recordOf(at, contact).version);
}

function idOf(at: LocationTable, contact: string): number {
  return at.recordIdOf(AOR, contact) ?? -1;
}

function serving(...contacts: string[]): LocationTable {
  const at = table();
  serve(at, T0, ...contacts.map((contact) => putOrder(contact, T0 + HOUR)));
  return at;
}

t.test(
  'a hidden contact is not shown, by its AoR or by its id, and does not count; all else is as before',
  async (t) => {
    const at = serving('sip:a', 'sip:b');
    const before = at.read(AOR);
    const digests = Array.from({ length: BUCKETS }, (_, bucket) => at.bucketDigest(bucket));
    const heard: unknown[] = [];
    at.addListener({ committed: (set) => heard.push(set) });
    t.equal(hide(at, 'sip:a'), true);
    t.same(shown(at, T0), ['sip:b']);
    t.equal(at.readShown(idOf(at, 'sip:a'), T0), undefined);
    t.strictSame(at.readHidden(idOf(at, 'sip:a'), T0), { aor: AOR, record: recordOf(at, 'sip:a') });
    t.equal(at.readHidden(idOf(at, 'sip:b'), T0), undefined);
    at.expire(T0);
    t.match(at.statistics(), { users: 1, contacts: 1, records: 2, deadRecords: 0 });
    hide(at, 'sip:b');
    at.expire(T0);
    t.match(at.statistics(), { users: 0, contacts: 0, records: 2, deadRecords: 0 });
    t.equal(at.hiddenCount, 2);
    t.strictSame(at.read(AOR), before);
    t.strictSame(
      Array.from({ length: BUCKETS }, (_, bucket) => at.bucketDigest(bucket)),
      digests,
    );
    t.same(heard, []);
  },
);

t.test('only a put that is still at that version is hidden, and only once', async (t) => {
  const at = serving('sip:a');
  const { version } = recordOf(at, 'sip:a');
  t.equal(at.hideLocally('bob@example.com', 'sip:a', version), false);
  t.equal(at.hideLocally(AOR, 'sip:b', version), false);
  t.equal(at.hideLocally(AOR, 'sip:a', { ...version, counter: 1 }), false);
  serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR));
  t.equal(at.hideLocally(AOR, 'sip:a', version), false, 'a refresh that was not seen wins');
  t.equal(hide(at, 'sip:a'), true);
  t.equal(hide(at, 'sip:a'), false);
  serve(at, T0 + 2, removeOrder('sip:a'));
  t.equal(hide(at, 'sip:a'), false);
});

t.test('a contact that is written again is shown, whoever writes it and however', async (t) => {
  for (const write of [
    (at: LocationTable) => serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR)),
    (at: LocationTable) => serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR, { callId: 'a much longer Call-ID' })),
    (at: LocationTable) => {
      const twin = table({ nodeId: 2 });
      serve(twin, T0 + 1, putOrder('sip:a', T0 + HOUR));
      at.merge(twin.read(AOR), 'peer', T0 + 1);
    },
  ]) {
    const at = serving('sip:a', 'sip:b');
    hide(at, 'sip:a');
    at.expire(T0);
    write(at);
    t.same(shown(at, T0 + 1).sort(), ['sip:a', 'sip:b']);
    t.match(at.statistics(), { contacts: 2 });
    t.equal(at.hiddenCount, 0);
  }
});

t.test('what the twin sends of the very record, and what is written of another one, leaves it hidden', async (t) => {
  const at = serving('sip:a', 'sip:b');
  hide(at, 'sip:a');
  at.merge(state([recordOf(at, 'sip:a')]), 'peer', T0 + 1);
  serve(at, T0 + 1, putOrder('sip:b', T0 + HOUR, { callId: 'so long that the block is another one'.repeat(9) }));
  serve(at, T0 + 1, putOrder('sip:c', T0 + HOUR));
  t.same(shown(at, T0 + 1), ['sip:b', 'sip:c']);
  t.match(at.statistics(), { contacts: 2 });
  serve(at, T0 + 1, removeOrder('sip:c'));
  at.expire(T0 + MINUTE);
  at.dropNoted(at.noteDead(T0 + MINUTE)!, T0 + MINUTE);
  t.match(at.statistics(), { contacts: 1, records: 2 });
  t.same(shown(at, T0 + MINUTE), ['sip:b']);
  t.equal(at.hiddenCount, 1);
});

t.test('a hidden contact still hides an older equal one, and is not taken for hidden by a newer one', async (t) => {
  const at = serving('sip:a');
  serve(at, T0 + 1, putOrder('sip:A', T0 + HOUR));
  hide(at, 'sip:A');
  t.same(shown(at, T0 + 1), []);
  serve(at, T0 + 2, putOrder('sip:c', T0 + HOUR));
  t.equal(at.showLocally(AOR, 'sip:A'), true);
  t.same(shown(at, T0 + 2), ['sip:A', 'sip:c']);
});

t.test('a hidden contact takes no place of max_contacts', async (t) => {
  const at = table({ maxContacts: 1 });
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 1, putOrder('sip:b', T0 + HOUR));
  hide(at, 'sip:b');
  t.same(shown(at, T0 + 1), ['sip:a']);
  at.showHidden();
  t.same(shown(at, T0 + 1), ['sip:b']);
});

t.test('all that was hidden is shown at once, and is counted with the next turn', async (t) => {
  const at = table({ aorsMax: 3000 });
  const aors = Array.from({ length: 2500 }, (_, n) => `${n}@example.com`);
  for (const aor of aors) {
    at.commit({ aor, origin: 'sip', changes: [putOrder('sip:a', T0 + HOUR)] }, T0);
    at.hideLocally(aor, 'sip:a', at.read(aor).records[0]!.version);
  }
  while (at.expire(T0));
  t.match(at.statistics(), { users: 0, contacts: 0 });
  t.equal(at.showHidden(), 2500);
  t.equal(at.showHidden(), 0);
  t.ok(aors.every((aor) => at.live(at.read(aor), T0).length === 1));
  while (at.expire(T0));
  t.match(at.statistics(), { users: 2500, contacts: 2500 });
});

t.test('a contact that answers again is shown, and one that is not hidden cannot be', async (t) => {
  const at = serving('sip:a');
  t.equal(at.showLocally(AOR, 'sip:a'), false);
  hide(at, 'sip:a');
  t.equal(at.showLocally(AOR, 'sip:b'), false);
  t.equal(at.showLocally(AOR, 'sip:a'), true);
  t.equal(at.showLocally(AOR, 'sip:a'), false);
  at.expire(T0);
  t.match(at.statistics(), { contacts: 1 });
});

t.test('a hidden contact expires, is judged, falls to a floor and is forgotten as any other', async (t) => {
  const at = table();
  const told: string[] = [];
  at.addListener({ expired: (_, { key }) => told.push(key) });
  serve(at, T0, putOrder('sip:a', T0 + SECOND), putOrder('sip:b', T0 + HOUR), putOrder('sip:c', T0 + HOUR));
  for (const contact of ['sip:a', 'sip:b', 'sip:c']) hide(at, contact);
  serve(at, T0 + 1, judgement(recordOf(at, 'sip:b'), 'evicted'));
  at.expire(T0 + SECOND);
  t.same(told, ['sip:a']);
  t.equal(at.readHidden(idOf(at, 'sip:a'), T0 + SECOND), undefined, 'not shown even if it were not hidden');
  serve(at, T0 + SECOND, STAR);
  t.equal(at.readHidden(idOf(at, 'sip:c'), T0 + SECOND), undefined);
  at.expire(T0 + MINUTE);
  at.dropNoted(at.noteDead(T0 + MINUTE)!, T0 + MINUTE);
  t.equal(at.statistics().records, 0);
  t.equal(at.hiddenCount, 0);
  serve(at, T0 + MINUTE, putOrder('sip:d', T0 + HOUR), putOrder('sip:e', T0 + HOUR), putOrder('sip:f', T0 + HOUR));
  t.equal(shown(at, T0 + MINUTE).length, 3, 'ids that were hidden before are used again');
});

t.test(
  'a state that was read before the hiding shows no more than one that is read now, at the version that is hidden',
  async (t) => {
    const at = serving('sip:a');
    const before = at.read(AOR);
    hide(at, 'sip:a');
    at.read('bob@example.com');
    t.same(at.live(before, T0), []);
    serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR));
    hide(at, 'sip:a');
    t.equal(at.live(before, T0 + 1).length, 1, 'another version is hidden, not this one');
    t.equal(at.live(at.read(AOR), T0 + 1).length, 0);
  },
);

t.test('nothing of it is read by a restart', async (t) => {
  const at = serving('sip:a');
  hide(at, 'sip:a');
  const again = table();
  for (const { aor, records } of at.aors()) records.forEach((record, id) => again.restore(id, aor, record));
  t.same(shown(again, T0), ['sip:a']);
});
