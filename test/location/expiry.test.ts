import t from 'tap';
import { TURN_AORS_MAX } from '../../lib/location/ageing.ts';
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

function expiredAt(at: LocationTable): string[] {
  const told: string[] = [];
  at.addListener({ expired: (aor, record) => told.push(`${aor} ${record.contactUri}`) });
  return told;
}

t.test('a binding that passes its expiry is told once, and nothing is written', async (t) => {
  const at = table();
  const told = expiredAt(at);
  let writes = 0;
  serve(at, T0, putOrder('sip:a', T0 + MINUTE));
  at.addListener({ committed: () => writes++ });
  at.expire(T0 + MINUTE - 1);
  t.same(told, []);
  t.same(shown(at, T0 + MINUTE), [], 'the view does not wait for it to be told');
  at.expire(T0 + MINUTE);
  at.expire(T0 + MINUTE + SECOND);
  at.expire(T0 + 2 * MINUTE);
  t.same(told, [`${AOR} sip:a`]);
  t.equal(writes, 0);
  t.equal(recordOf(at, 'sip:a').kind, 'put');
});

t.test('a refreshed binding is told at its new expiry only', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:a', T0 + MINUTE));
  serve(at, T0 + 30 * SECOND, putOrder('sip:a', T0 + 90 * SECOND));
  at.expire(T0 + MINUTE);
  at.expire(T0 + 89 * SECOND);
  t.same(told, []);
  at.expire(T0 + 90 * SECOND);
  t.same(told, [`${AOR} sip:a`]);
});

t.test('a refresh that comes after the expiry but before it was told prevents that', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:a', T0 + MINUTE));
  serve(at, T0 + MINUTE + 1, putOrder('sip:a', T0 + 2 * MINUTE));
  at.expire(T0 + MINUTE + SECOND);
  t.same(told, []);
});

t.test('a shorter lifetime is told at the earlier time', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 1, putOrder('sip:a', T0 + MINUTE));
  at.expire(T0 + MINUTE);
  t.same(told, [`${AOR} sip:a`]);
});

t.test('a binding that expired and came back can expire again', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:a', T0 + MINUTE));
  at.expire(T0 + MINUTE);
  serve(at, T0 + 2 * MINUTE, putOrder('sip:a', T0 + 3 * MINUTE));
  at.expire(T0 + 3 * MINUTE);
  t.equal(told.length, 2);
  t.equal(at.statistics().expires, 2);
});

t.test('what was removed, judged gone, below the floor or hidden does not expire', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:floored', T0 + MINUTE));
  serve(at, T0, STAR);
  serve(at, T0, putOrder('sip:a', T0 + MINUTE), putOrder('sip:b', T0 + MINUTE), putOrder('sip:c', T0 + MINUTE));
  serve(at, T0 + 1, removeOrder('sip:a'), judgement(recordOf(at, 'sip:b')), putOrder('sip:C', PERMANENT));
  at.expire(T0 + 2 * MINUTE);
  t.same(told, []);
  t.equal(at.statistics().expires, 0);
});

t.test('what a merge brings already expired is not told', async (t) => {
  const at = table();
  const told = expiredAt(at);
  at.merge(state([put('sip:a', { expiresAtMs: T0 - 1 }), put('sip:b', { expiresAtMs: T0 + 1 })]), 'peer', T0);
  at.expire(T0 + SECOND);
  t.same(told, [`${AOR} sip:b`]);
});

t.test('the gauges follow the view: expiry, floor, max_contacts and equal contacts included', async (t) => {
  const at = table({ maxContacts: 2 });
  serve(at, T0, putOrder('sip:a', T0 + MINUTE), putOrder('sip:b', T0 + HOUR), putOrder('sip:c', T0 + HOUR));
  t.match(at.statistics(), { users: 1, contacts: 2, records: 3, deadRecords: 0, aors: 1 });
  serve(at, T0 + 1, putOrder('sip:C', T0 + MINUTE));
  t.match(at.statistics(), { users: 1, contacts: 2, records: 4, deadRecords: 0 });
  at.expire(T0 + MINUTE);
  t.match(at.statistics(), { users: 1, contacts: 1, records: 4, deadRecords: 2, expires: 2 });
  serve(at, T0 + 2 * MINUTE, STAR);
  t.match(at.statistics(), { users: 0, contacts: 0, records: 4, deadRecords: 4, floors: 1 });
});

t.test('a mass expiry is told in bounded steps, and each call says whether more are waiting', async (t) => {
  const at = table({ aorsMax: 10_000 });
  const told = expiredAt(at);
  const aors = TURN_AORS_MAX * 2 + 10;
  for (let n = 0; n < aors; n++) {
    at.commit({ aor: `${n}@example.com`, origin: 'sip', changes: [putOrder('sip:a', T0 + MINUTE)] }, T0);
  }
  t.equal(at.expire(T0 + HOUR), true);
  t.equal(told.length, TURN_AORS_MAX);
  t.equal(at.expire(T0 + HOUR), true);
  t.equal(at.expire(T0 + HOUR), false);
  t.equal(new Set(told).size, aors);
  t.match(at.statistics(), { users: 0, contacts: 0, expires: aors });
});

t.test('a clock that leaps a week ahead expires all, and one that went back expires nothing twice', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:a', T0 + MINUTE), putOrder('sip:b', T0 + 20 * HOUR));
  at.expire(T0);
  at.expire(T0 + 7 * 24 * HOUR);
  at.expire(T0 + 7 * 24 * HOUR);
  at.expire(T0);
  t.same(told, [`${AOR} sip:a`, `${AOR} sip:b`]);
});

t.test('what had expired before a restore is not told, what expires afterwards is', async (t) => {
  const at = table();
  const told = expiredAt(at);
  at.restore(0, AOR, put('sip:a', { expiresAtMs: T0 + MINUTE }));
  at.restore(1, AOR, put('sip:b', { expiresAtMs: T0 + HOUR, version: version(T0, 1) }));
  at.expire(T0 + 2 * MINUTE);
  t.same(told, []);
  t.match(at.statistics(), { users: 1, contacts: 1, deadRecords: 1, expires: 0 });
  at.expire(T0 + HOUR);
  t.same(told, [`${AOR} sip:b`]);
});

t.test('a permanent binding does not expire', async (t) => {
  const at = table();
  const told = expiredAt(at);
  serve(at, T0, putOrder('sip:a', PERMANENT));
  for (let days = 1; days < 10; days++) at.expire(T0 + days * 24 * HOUR);
  t.same(told, []);
  t.same(shown(at, T0 + 1000 * HOUR), ['sip:a']);
});
