import t from 'tap';
import { NOTE_AORS_MAX } from '../../lib/location/dead-note.ts';
import { FORGET_MARGIN_MS, HORIZON_MS, LATE_COPY_MS } from '../../lib/location/horizon.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import {
  AOR,
  HOUR,
  judgement,
  MINUTE,
  put,
  putOrder,
  recordOf,
  removed,
  removeOrder,
  SECOND,
  serve,
  shown,
  STAR,
  state,
  T0,
  table,
  version,
} from './support/states.ts';

const OUTLIVED_MS = HORIZON_MS + FORGET_MARGIN_MS;

/** One round of early dropping, with nothing to prove. Returns how many records and floors went. */
function dropDead(at: LocationTable, nowMs: number): number {
  at.expire(nowMs);
  const note = at.noteDead(nowMs);
  return note === undefined ? 0 : at.dropNoted(note, nowMs);
}

function keysOf(at: LocationTable): string[] {
  return at.read(AOR).records.map((record) => record.key);
}

t.test('a dead record is kept until its version, H and the margin have passed, then it is forgotten', async (t) => {
  const at = table();
  const forgotten: [string, number][] = [];
  at.addListener({ forgotten: (aor, recordId) => forgotten.push([aor, recordId]) });
  serve(at, T0, removeOrder('sip:a'));
  for (let hours = 1; hours <= 24; hours++) at.expire(T0 + hours * HOUR);
  at.expire(T0 + OUTLIVED_MS - 1);
  t.same(keysOf(at), ['sip:a']);
  at.expire(T0 + OUTLIVED_MS);
  t.same(keysOf(at), []);
  t.same(forgotten, [[AOR, 0]]);
  t.match(at.statistics(), { aors: 0, records: 0, deadRecords: 0 });
});

t.test('a refreshed record lives on beyond that age', async (t) => {
  const at = table();
  for (let hours = 0; hours < 60; hours++) {
    serve(at, T0 + hours * HOUR, putOrder('sip:a', T0 + (hours + 2) * HOUR));
    at.expire(T0 + hours * HOUR);
  }
  t.same(shown(at, T0 + 60 * HOUR), ['sip:a']);
});

t.test('a floor is forgotten at that age too', async (t) => {
  const at = table();
  let told = 0;
  at.addListener({ floorForgotten: () => told++ });
  serve(at, T0, STAR);
  at.expire(T0 + OUTLIVED_MS - 1);
  t.equal(at.statistics().floors, 1);
  at.expire(T0 + OUTLIVED_MS);
  t.match(at.statistics(), { floors: 0, aors: 0 });
  t.equal(told, 1);
});

t.test('a record that was ever permanent is never forgotten, nor the floor above it', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', PERMANENT), putOrder('sip:b', T0 + HOUR));
  serve(at, T0 + 1, STAR);
  for (let days = 1; days < 20; days++) dropDead(at, T0 + days * 24 * HOUR);
  t.same(keysOf(at), ['sip:a']);
  t.not(at.read(AOR).floor, undefined);
  serve(at, T0 + 500 * HOUR, removeOrder('sip:a'));
  for (let days = 21; days < 40; days++) dropDead(at, T0 + days * 24 * HOUR);
  t.same(keysOf(at), ['sip:a']);
  t.equal(at.read(AOR).floor, undefined, 'the removal is above the floor, so that the floor can go');
});

t.test('a removal that hides a permanent binding under another key is never forgotten', async (t) => {
  const at = table();
  at.merge(state([put('sip:a', { sticky: true, expiresAtMs: PERMANENT })]), 'peer', T0);
  serve(at, T0 + 1, removeOrder('sip:A'), removeOrder('sip:b'));
  for (let days = 1; days < 20; days++) at.expire(T0 + days * 24 * HOUR);
  t.same(keysOf(at), ['sip:a', 'sip:A']);
  t.same(shown(at, T0 + 500 * HOUR), []);
});

t.test('what must be kept beyond its time does not delay what else is due', async (t) => {
  const at = table();
  const told: string[] = [];
  at.addListener({ expired: (_, record) => told.push(record.key) });
  at.merge(state([put('sip:a', { sticky: true, expiresAtMs: PERMANENT })]), 'peer', T0);
  serve(at, T0 + 1, removeOrder('sip:A'));
  const laterMs = T0 + 2 * OUTLIVED_MS;
  at.expire(laterMs);
  serve(at, laterMs, putOrder('sip:b', laterMs + 10 * SECOND), putOrder('sip:c', laterMs + 20 * SECOND));
  at.expire(laterMs + 10 * SECOND);
  at.expire(laterMs + 20 * SECOND);
  t.same(told, ['sip:b', 'sip:c']);
});

t.test('a node that has neither stamped nor agreed on a clock forgets nothing', async (t) => {
  const at = table();
  at.merge(state([removed('sip:a', { version: version(T0, 0, 2) })]), 'peer', T0);
  at.expire(T0 + 2 * OUTLIVED_MS);
  t.equal(at.noteDead(T0 + 2 * OUTLIVED_MS), undefined);
  t.same(keysOf(at), ['sip:a']);
  at.clockAgreed();
  at.expire(T0 + 2 * OUTLIVED_MS + 2 * MINUTE);
  t.same(keysOf(at), []);
});

t.test('dead records go early once they are dead for longer than a copy of a request may be late', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:removed', T0 + HOUR), putOrder('sip:judged', T0 + HOUR));
  serve(at, T0, putOrder('sip:expired', T0 + MINUTE), putOrder('sip:live', T0 + HOUR));
  serve(at, T0 + MINUTE, removeOrder('sip:removed'), judgement(recordOf(at, 'sip:judged')));
  t.equal(dropDead(at, T0 + MINUTE + LATE_COPY_MS - 1), 1);
  t.same(keysOf(at), ['sip:removed', 'sip:expired', 'sip:live'], 'a judgement keeps the age of what it judged');
  t.equal(dropDead(at, T0 + MINUTE + LATE_COPY_MS + SECOND), 2);
  t.same(keysOf(at), ['sip:live']);
  t.match(at.statistics(), { records: 1, deadRecords: 0, contacts: 1 });
});

t.test('what changes between note and drop stays', async (t) => {
  const at = table();
  serve(at, T0, removeOrder('sip:back'), removeOrder('sip:again'), removeOrder('sip:a'), removeOrder('sip:merged'));
  const nowMs = T0 + MINUTE;
  at.expire(nowMs);
  const note = at.noteDead(nowMs);
  serve(at, nowMs, putOrder('sip:back', nowMs + HOUR));
  serve(at, nowMs, removeOrder('sip:again'));
  at.merge(state([removed('sip:merged', { version: version(T0 + 1, 0, 2) })]), 'peer', nowMs);
  t.equal(at.dropNoted(note!, nowMs + SECOND), 1);
  t.same(keysOf(at), ['sip:back', 'sip:again', 'sip:merged']);
});

t.test('a note that a newer one replaced drops nothing, and what it held is noted again', async (t) => {
  const at = table();
  serve(at, T0, removeOrder('sip:a'));
  at.expire(T0 + MINUTE);
  const first = at.noteDead(T0 + MINUTE);
  const second = at.noteDead(T0 + MINUTE);
  t.equal(at.dropNoted(first!, T0 + MINUTE), 0);
  t.same(keysOf(at), ['sip:a']);
  t.equal(at.dropNoted(second!, T0 + MINUTE), 1);
  t.equal(at.dropNoted(second!, T0 + MINUTE), 0, 'a note drops once');
});

t.test('a dead record stays while it hides an older one of the same contact under another key', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 1, removeOrder('sip:A'));
  t.equal(dropDead(at, T0 + 10 * MINUTE), 0);
  t.same(shown(at, T0 + 10 * MINUTE), []);
  t.equal(dropDead(at, T0 + HOUR + LATE_COPY_MS + SECOND), 1, 'first what is hidden, once it has expired');
  t.equal(dropDead(at, T0 + HOUR + LATE_COPY_MS + 2 * SECOND), 1);
  t.equal(at.statistics().aors, 0);
});

t.test('it goes once the older one is refreshed and hides it in turn', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 1, removeOrder('sip:A'));
  dropDead(at, T0 + 10 * MINUTE);
  serve(at, T0 + 20 * MINUTE, putOrder('sip:a', T0 + 2 * HOUR));
  t.equal(dropDead(at, T0 + 21 * MINUTE), 1);
  t.same(keysOf(at), ['sip:a']);
});

t.test('a floor goes after what lies below it, never before', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR), putOrder('sip:b', T0 + HOUR));
  serve(at, T0 + 1, STAR);
  serve(at, T0 + 2, putOrder('sip:b', T0 + HOUR));
  t.equal(dropDead(at, T0 + MINUTE), 1);
  t.same(keysOf(at), ['sip:b']);
  t.not(at.read(AOR).floor, undefined);
  t.equal(dropDead(at, T0 + MINUTE + SECOND), 1);
  t.equal(at.read(AOR).floor, undefined);
  t.same(shown(at, T0 + 2 * MINUTE), ['sip:b']);
});

t.test('a floor that was raised again after the note stays', async (t) => {
  const at = table();
  serve(at, T0, STAR);
  at.expire(T0 + MINUTE);
  const note = at.noteDead(T0 + MINUTE);
  serve(at, T0 + MINUTE, STAR);
  t.equal(at.dropNoted(note!, T0 + 3 * MINUTE), 0);
  t.equal(at.statistics().floors, 1);
});

t.test('an older record that arrives between note and drop keeps what hides it', async (t) => {
  const at = table();
  serve(at, T0, removeOrder('sip:A'), STAR);
  at.expire(T0 + MINUTE);
  const note = at.noteDead(T0 + MINUTE);
  at.merge(state([put('sip:a', { version: version(T0 - 1, 0, 2) })]), 'peer', T0 + MINUTE);
  t.equal(at.dropNoted(note!, T0 + MINUTE), 0);
  t.same(shown(at, T0 + MINUTE), []);
});

t.test('a note is bounded, and the next one goes on where it ended', async (t) => {
  const at = table({ aorsMax: 10_000 });
  const aors = NOTE_AORS_MAX + 10;
  for (let n = 0; n < aors; n++) {
    at.commit({ aor: `${n}@example.com`, origin: 'sip', changes: [removeOrder('sip:a')] }, T0);
  }
  while (at.expire(T0 + MINUTE));
  t.equal(dropDead(at, T0 + MINUTE), NOTE_AORS_MAX);
  t.equal(dropDead(at, T0 + MINUTE), 10);
  t.equal(at.noteDead(T0 + MINUTE), undefined);
});

t.test('ids of forgotten records are used again', async (t) => {
  const at = table();
  serve(at, T0, removeOrder('sip:a'), putOrder('sip:b', T0 + HOUR));
  dropDead(at, T0 + MINUTE);
  t.equal(at.readRecord(0), undefined);
  serve(at, T0 + MINUTE, putOrder('sip:c', T0 + HOUR));
  t.match(at.readRecord(0), { aor: AOR, record: { key: 'sip:c' } });
  t.equal(at.recordIdLimit, 2);
});
