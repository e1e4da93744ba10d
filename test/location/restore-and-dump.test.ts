import t from 'tap';
import type { AorState } from '../../lib/location/record.ts';
import {
  AOR,
  binding,
  HOUR,
  inKeyOrder,
  judged,
  MINUTE,
  put,
  putOrder,
  removed,
  removeOrder,
  serve,
  shown,
  state,
  STAR,
  T0,
  table,
  version,
} from './support/states.ts';

t.test('what is restored is read as it was, under the ids that the disk has', async (t) => {
  const at = table();
  const records = [
    put('sip:a', { binding: binding({ path: '<sip:p;lr>' }) }),
    removed('sip:b'),
    judged('sip:c', { sticky: true }),
  ];
  for (const [index, record] of records.entries()) at.restore(10 - 3 * index, AOR, record);
  at.restoreFloor(AOR, { version: version(T0 - 1), callId: 'star', cseq: 9 });
  t.strictSame(inKeyOrder(at.read(AOR)), inKeyOrder(state(records, version(T0 - 1))));
  t.same(at.readRecord(7), { aor: AOR, record: records[1] });
  t.equal(at.readRecord(8), undefined);
  t.equal(at.recordIdOf(AOR, 'sip:c'), 4);
  t.equal(at.recordIdLimit, 11);
  t.match(at.statistics(), { users: 1, contacts: 1, records: 3, deadRecords: 2, aors: 1, floors: 1 });
});

t.test('a floor may be restored before the records of its AoR', async (t) => {
  const at = table();
  at.restoreFloor(AOR, { version: version(T0), callId: 'star', cseq: 9 });
  at.restore(0, AOR, put('sip:a'));
  t.same(shown(at, T0), []);
  t.match(at.statistics(), { users: 0, contacts: 0, deadRecords: 1, floors: 1 });
});

t.test('nobody hears of a restore', async (t) => {
  const at = table();
  let heard = 0;
  at.addListener({ committed: () => heard++ });
  at.restore(0, AOR, put('sip:a'));
  t.equal(heard, 0);
});

t.test('an id that is taken cannot be restored again', async (t) => {
  const at = table();
  at.restore(0, AOR, put('sip:a'));
  t.throws(() => at.restore(0, AOR, put('sip:b')), { name: 'InvariantError' });
});

t.test('what is written after a restore is above it and takes the free ids', async (t) => {
  const at = table();
  at.restore(1, AOR, put('sip:a', { version: version(T0 + MINUTE, 3, 1, 6) }));
  serve(at, T0, putOrder('sip:b', T0 + HOUR));
  t.match(at.readRecord(0), { aor: AOR, record: { key: 'sip:b', version: version(T0 + MINUTE, 4) } });
});

t.test('a dump that goes on while the table changes shows each AoR that stays once, as it then is', async (t) => {
  const at = table();
  const aors = Array.from({ length: 300 }, (_, n) => `user${n}@example.com`);
  const commit = (aor: string, cseq: number): unknown =>
    at.commit({ aor, origin: 'sip', changes: [putOrder('sip:a', T0 + HOUR, { cseq, callId: 'x'.repeat(cseq) })] }, T0);
  for (const aor of aors) commit(aor, 1);
  for (const aor of aors.filter((_, n) => n % 3 === 0)) {
    at.commit({ aor, origin: 'sip', changes: [STAR] }, T0);
  }
  const dumped: AorState[] = [];
  for (const state of at.aors()) {
    dumped.push(state);
    if (dumped.length !== 100) continue;
    at.expire(T0 + MINUTE);
    for (let note = at.noteDead(T0 + MINUTE); note !== undefined; note = at.noteDead(T0 + MINUTE)) {
      at.dropNoted(note, T0 + MINUTE);
    }
    for (let n = 0; n < 500; n++) commit(`new${n}@example.com`, 1);
    for (const aor of aors) commit(aor, 50);
  }
  const stayed = aors.filter((_, n) => n % 3 !== 0);
  const shownOf = (aor: string): AorState[] => dumped.filter((state) => state.aor === aor);
  t.same(
    stayed.map((aor) => shownOf(aor).length),
    stayed.map(() => 1),
  );
  t.equal(shownOf('user299@example.com')[0]?.records[0]?.cseq, 50);
});

t.test('hundreds of records of one AoR are held as well as one', async (t) => {
  const at = table({ recordsPerAorMax: 300, contactGroup: (contact) => contact.toLowerCase() });
  const contacts = Array.from({ length: 300 }, (_, n) => `sip:phone${n}@127.0.0.1;x=${'y'.repeat(n % 90)}`);
  for (const contact of contacts) serve(at, T0, putOrder(contact, T0 + HOUR));
  t.same(shown(at, T0), contacts);
  for (const contact of contacts) serve(at, T0 + 1, putOrder(contact, T0 + HOUR, { callId: 'another Call-ID' }));
  t.same(shown(at, T0), contacts);
  t.match(at.statistics(), { records: 300, contacts: 300, users: 1 });
});

t.test('octets above 127 come back as they were', async (t) => {
  const aor = 'j\xc3\xb6rg\xff@example.com';
  const at = table();
  at.commit({ aor, origin: 'sip', changes: [putOrder('sip:\x80\xff', T0 + HOUR)] }, T0);
  t.equal([...at.aors()][0]?.aor, aor);
  t.equal(at.read(aor).records[0]?.contactUri, 'sip:\x80\xff');
  t.same(at.read('j\xc3\xb6rg\xfe@example.com').records, []);
});

t.test('long AoRs that differ only at their end are told apart', async (t) => {
  const at = table();
  const aors = ['a', 'b'].map((end) => 'x'.repeat(5000) + end);
  for (const aor of aors) at.commit({ aor, origin: 'sip', changes: [putOrder(`sip:${aor.at(-1)}`, T0 + HOUR)] }, T0);
  t.same(
    aors.map((aor) => at.read(aor).records[0]?.contactUri),
    ['sip:a', 'sip:b'],
  );
});

t.test('memory follows what is held: profiles go with their last binding, blocks with their AoR', async (t) => {
  const at = table();
  for (let n = 0; n < 500; n++) {
    const changes = [putOrder('sip:a', T0 + HOUR, { binding: binding({ userAgent: `phone ${n % 5}` }) })];
    at.commit({ aor: `${n}@example.com`, origin: 'sip', changes }, T0);
  }
  t.equal(at.memory().profiles, 5);
  const { slabBytes } = at.memory();
  for (let n = 0; n < 500; n++) {
    const callId = 'x'.repeat(n);
    const changes = [putOrder('sip:a', T0 + HOUR, { callId, binding: binding({ userAgent: 'phone 7' }) })];
    at.commit({ aor: `${n}@example.com`, origin: 'sip', changes }, T0);
  }
  t.equal(at.memory().profiles, 1);
  for (let n = 0; n < 500; n++) {
    at.commit({ aor: `${n}@example.com`, origin: 'sip', changes: [removeOrder('sip:a')] }, T0);
  }
  t.equal(at.memory().profiles, 0);
  at.expire(T0 + MINUTE);
  at.dropNoted(at.noteDead(T0 + MINUTE)!, T0 + MINUTE);
  t.equal(at.statistics().aors, 0);
  for (let n = 0; n < 500; n++) {
    at.commit({ aor: `${n}@example.org`, origin: 'sip', changes: [putOrder('sip:a', T0 + HOUR)] }, T0);
  }
  t.ok(at.memory().slabBytes < slabBytes + 64 * 70_000);
});
