/*
 * Histories that break a weaker set of rules, one for each rule that needs no link to show: two tables, each with its own
 * requests, that tell each other all they know when the cut heals.
 */
import t, { type Test } from 'tap';
import { HORIZON_MS, FORGET_MARGIN_MS, LATE_COPY_MS } from '../../lib/location/horizon.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import {
  AOR,
  heal,
  HOUR,
  inKeyOrder,
  judgement,
  MINUTE,
  putOrder,
  recordOf,
  removeOrder,
  request,
  SECOND,
  serve,
  shown,
  STAR,
  T0,
  table,
} from './support/states.ts';

function pair(fields: { maxContacts?: number } = {}): [LocationTable, LocationTable] {
  return [table({ ...fields, nodeId: 1, incarnation: 11 }), table({ ...fields, nodeId: 2, incarnation: 22 })];
}

/** After a heal both know the same; returns what they show. */
function agreed(t: Test, a: LocationTable, b: LocationTable, nowMs: number): string[] {
  heal(a, b, nowMs);
  t.strictSame(inKeyOrder(a.read(AOR)), inKeyOrder(b.read(AOR)));
  t.same(shown(a, nowMs), shown(b, nowMs));
  return shown(a, nowMs);
}

/** A restart: the new process has what its disk had. */
function restarted(from: LocationTable, nodeId: number, incarnation: number): LocationTable {
  const at = table({ nodeId, incarnation });
  let recordId = 0;
  for (const { aor, floor, records } of from.aors()) {
    for (const record of records) at.restore(recordId++, aor, record);
    if (floor !== undefined) at.restoreFloor(aor, floor);
  }
  return at;
}

t.test('an eviction at one node does not end a binding that was refreshed at the other', async (t) => {
  const [a, b] = pair({ maxContacts: 2 });
  serve(a, T0, putOrder('sip:0', T0 + HOUR), putOrder('sip:1', T0 + HOUR));
  heal(a, b, T0);
  const seen = recordOf(a, 'sip:0');
  serve(b, T0 + SECOND, putOrder('sip:0', T0 + HOUR));
  serve(a, T0 + 2 * SECOND, putOrder('sip:2', T0 + HOUR), judgement(seen, 'evicted'));
  t.same(agreed(t, a, b, T0 + 3 * SECOND), ['sip:0', 'sip:2']);
});

t.test('lost pings judged without knowing of the refresh do not end the binding', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:1', T0 + HOUR));
  heal(a, b, T0);
  const judge = judgement(recordOf(b, 'sip:1'));
  serve(a, T0 + SECOND, putOrder('sip:1', T0 + HOUR));
  serve(b, T0 + 2 * SECOND, judge);
  t.same(shown(b, T0 + 2 * SECOND), [], 'the judge itself sees it gone until it hears of the refresh');
  t.same(agreed(t, a, b, T0 + 2 * SECOND), ['sip:1']);
});

t.test('a node that wakes up late and expires its old copy does not end a newer binding', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:2', T0 + MINUTE));
  heal(a, b, T0);
  serve(a, T0 + MINUTE + SECOND, putOrder('sip:2', T0 + HOUR));
  b.expire(T0 + MINUTE + 2 * SECOND);
  t.equal(b.statistics().expires, 1);
  t.same(agreed(t, a, b, T0 + MINUTE + 2 * SECOND), ['sip:2']);
});

t.test('a removal outlives what it removed, up to the longest lifetime that an older copy may have', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:0', T0 + HOUR));
  heal(a, b, T0);
  serve(a, T0 + SECOND, putOrder('sip:0', T0 + MINUTE));
  serve(a, T0 + 2 * SECOND, removeOrder('sip:0'));
  a.expire(T0 + 100 * SECOND);
  t.same(agreed(t, a, restarted(b, 2, 23), T0 + 100 * SECOND), []);
});

t.test('a removal outlives a longer lifetime that only the other node granted', async (t) => {
  const [a, b] = pair();
  serve(b, T0, putOrder('sip:0', T0 + HOUR));
  serve(a, T0 + SECOND, putOrder('sip:0', T0 + MINUTE));
  serve(a, T0 + 2 * SECOND, removeOrder('sip:0'));
  a.expire(T0 + 100 * SECOND);
  t.same(agreed(t, a, b, T0 + 100 * SECOND), []);
});

t.test('forgetting waits longer than H by what a clock may be slow', async (t) => {
  const slowMs = 50 * SECOND;
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:0', T0 + HORIZON_MS));
  heal(a, b, T0);
  serve(b, T0, removeOrder('sip:0'));
  const beforeExpiryMs = T0 + HORIZON_MS - SECOND;
  const slow = restarted(a, 1, 12);
  b.expire(beforeExpiryMs + slowMs);
  t.same(shown(slow, beforeExpiryMs), ['sip:0']);
  heal(slow, b, beforeExpiryMs);
  t.same(shown(slow, beforeExpiryMs), []);
  b.expire(T0 + HORIZON_MS + FORGET_MARGIN_MS + SECOND);
  t.equal(b.statistics().records, 0, 'by then the binding has expired on the slow clock too');
});

t.test('no binding lives longer than what it takes to forget it', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:0', T0 + 2 * HORIZON_MS));
  t.same(shown(at, T0 + HORIZON_MS + 1), []);
});

t.test('"*" ends bindings that only the other node knew', async (t) => {
  const [a, b] = pair();
  serve(b, T0, putOrder('sip:0', T0 + HOUR));
  serve(a, T0 + SECOND, STAR);
  t.same(agreed(t, a, b, T0 + 2 * SECOND), []);
});

t.test('"*" holds as long as a binding that it ended may still exist somewhere', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:1', T0 + HOUR));
  heal(a, b, T0);
  serve(a, T0 + SECOND, STAR);
  a.expire(T0 + HOUR / 2);
  t.same(agreed(t, a, b, T0 + HOUR / 2), []);
});

t.test('unregistering a contact that only the other node knew ends it there', async (t) => {
  const [a, b] = pair();
  serve(b, T0, putOrder('sip:0', T0 + HOUR));
  serve(a, T0 + SECOND, removeOrder('sip:0'));
  t.same(agreed(t, a, b, T0 + 2 * SECOND), []);
});

t.test('an order of a node whose clock is behind is above what that node knows', async (t) => {
  const [a, b] = pair();
  serve(b, T0 + 5 * SECOND, removeOrder('sip:0'));
  heal(a, b, T0);
  serve(a, T0 + SECOND, putOrder('sip:0', T0 + HOUR));
  t.same(agreed(t, a, b, T0 + SECOND), ['sip:0']);
});

t.test('a node that lost its disk and whose clock was set back gives no stamp a second time', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:0', T0 + HOUR, { callId: 'first life' }));
  heal(a, b, T0);
  const secondLife = table({ nodeId: 1, incarnation: 12 });
  serve(secondLife, T0, putOrder('sip:0', T0 + HOUR, { callId: 'second life' }));
  t.same(agreed(t, secondLife, b, T0 + SECOND), ['sip:0']);
});

t.test('both nodes below max_contacts are above it together: the newest are shown', async (t) => {
  const [a, b] = pair({ maxContacts: 2 });
  serve(b, T0, putOrder('sip:2', T0 + HOUR));
  serve(a, T0 + 1, putOrder('sip:0', T0 + HOUR), putOrder('sip:1', T0 + HOUR));
  t.same(agreed(t, a, b, T0 + SECOND), ['sip:0', 'sip:1']);
});

t.test('a restart with removed records and floors on its disk revives nothing', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:0', T0 + HOUR), putOrder('sip:1', T0 + HOUR));
  heal(a, b, T0);
  serve(a, T0 + SECOND, removeOrder('sip:0'));
  serve(a, T0 + SECOND, STAR);
  t.same(agreed(t, restarted(a, 1, 12), b, T0 + 2 * SECOND), []);
});

t.test('a request with several contacts is told as one change set, applied or refused whole', async (t) => {
  const at = table({ recordsPerAorMax: 2 });
  const sizes: number[] = [];
  at.addListener({ committed: ({ writes }) => sizes.push(writes.length) });
  serve(at, T0, putOrder('sip:0', T0 + HOUR), putOrder('sip:1', T0 + HOUR));
  at.commit(request(putOrder('sip:0', T0 + HOUR), putOrder('sip:2', T0 + HOUR)), T0);
  t.same(sizes, [2]);
});

t.test('dead records and the floor still tell Call-ID and CSeq while a copy may be late', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:2', T0 + HOUR, { callId: 'x', cseq: 4 }));
  serve(at, T0 + SECOND, STAR);
  const lateMs = T0 + LATE_COPY_MS - 1;
  at.expire(lateMs);
  t.equal(at.noteDead(lateMs), undefined);
  t.match(recordOf(at, 'sip:2'), { callId: 'x', cseq: 4 });
  t.match(at.read(AOR).floor, { callId: 'star', cseq: 9 });
});

t.test('a removed permanent binding stays removed, however long the other node was away', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:0', PERMANENT));
  heal(a, b, T0);
  serve(a, T0 + SECOND, removeOrder('sip:0'));
  for (let days = 1; days < 5; days++) a.expire(T0 + days * 24 * HOUR);
  t.same(agreed(t, a, restarted(b, 2, 23), T0 + 200 * HOUR), []);
});

t.test('"*" over a permanent binding holds, however long the other node was away', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:0', PERMANENT));
  heal(a, b, T0);
  serve(a, T0 + SECOND, STAR);
  for (let days = 1; days < 5; days++) a.expire(T0 + days * 24 * HOUR);
  t.same(agreed(t, a, restarted(b, 2, 23), T0 + 200 * HOUR), []);
});

t.test('unregistering under another spelling hides the older one, and early dropping does not undo it', async (t) => {
  const [a, b] = pair();
  serve(a, T0, putOrder('sip:c', T0 + HOUR));
  serve(b, T0 + SECOND, removeOrder('sip:C'));
  t.same(agreed(t, a, b, T0 + 2 * SECOND), []);
  b.expire(T0 + MINUTE);
  t.equal(b.noteDead(T0 + MINUTE), undefined);
  t.same(shown(b, T0 + MINUTE), []);
});

t.test('early dropping takes what lies below a floor first, so that the floor never uncovers it', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:2', T0 + HOUR));
  serve(at, T0 + SECOND, STAR);
  for (let nowMs = T0 + 2 * SECOND; nowMs < T0 + 5 * MINUTE; nowMs += 7 * SECOND) {
    at.expire(nowMs);
    const note = at.noteDead(nowMs);
    if (note !== undefined) at.dropNoted(note, nowMs);
    t.same(shown(at, nowMs), []);
  }
  t.equal(at.statistics().aors, 0);
});

t.test('that a key was ever permanent and that a record was judged reach the other node', async (t) => {
  const [a, b] = pair();
  serve(b, T0, putOrder('sip:0', PERMANENT));
  serve(a, T0 + 1, putOrder('sip:0', T0 + HOUR), putOrder('sip:1', T0 + HOUR));
  heal(a, b, T0 + 1);
  serve(a, T0 + 2, judgement(recordOf(a, 'sip:1'), 'evicted'));
  t.same(agreed(t, a, b, T0 + 3), ['sip:0']);
  t.match(recordOf(a, 'sip:0'), { kind: 'put', sticky: true, expiresAtMs: T0 + HOUR });
});

t.test('a node that only started, its clock slow, forgets nothing that it needs', async (t) => {
  const [, b] = pair();
  serve(b, T0, putOrder('sip:1', T0 + MINUTE));
  const started = restarted(b, 2, 23);
  started.expire(T0 + 3 * HORIZON_MS);
  t.equal(started.statistics().records, 1);
});
