/* Pull and Supply, the two halves of a round, on real tables. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import { FORGET_MARGIN_MS, HORIZON_MS } from '../../lib/location/horizon.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import { PERMANENT, type AorState } from '../../lib/location/record.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import {
  BODY_BYTES_MAX,
  DIGESTS_PER_FRAME,
  PAIRS_MAX,
  STATES_FRAME_BYTES,
  WANTED_MAX,
} from '../../lib/replication/limits.ts';
import {
  binding,
  HOUR,
  inKeyOrder,
  judged,
  put,
  putOrder,
  removed,
  STAR,
  T0,
  table,
  version,
} from '../location/support/states.ts';
import * as arbitrary from './support/arbitraries.ts';
import { naiveBucketHash } from './support/naive-digest.ts';
import { Round } from './support/round.ts';

const DIGEST_FRAMES = BUCKETS / DIGESTS_PER_FRAME;

function filled(nodeId: number, count: number, prefix = 'user'): LocationTable {
  const at = table({ nodeId, incarnation: 10 + nodeId, aorsMax: 100_000 });
  for (let index = 0; index < count; index++) commit(at, `${prefix}${index}`);
  return at;
}

function commit(at: LocationTable, aor: string, contact = 'sip:1'): void {
  at.commit({ aor, origin: 'sip', changes: [putOrder(contact, T0 + HOUR)] }, T0);
}

/** All that it holds, in an order that means nothing. */
function contents(at: LocationTable): AorState[] {
  return [...at.aors()].map(inKeyOrder).sort((a, b) => (a.aor < b.aor ? -1 : 1));
}

/** Both ask. */
function reconcile(a: LocationTable, b: LocationTable): void {
  new Round(a, b, T0).run();
  new Round(b, a, T0).run();
}

t.test('two empty tables exchange digests, and that is all', async (t) => {
  const round = new Round(table(), table(), T0).run();
  t.same(round.types, [...Array.from({ length: DIGEST_FRAMES }, () => FRAME.digests), FRAME.end]);
  t.equal(round.pull.received, 0);
});

t.test('two equal tables, too', async (t) => {
  const a = filled(1, 300);
  const b = table();
  for (const state of a.aors()) b.merge(state, 'peer', T0);
  const round = new Round(b, a, T0).run();
  t.equal(round.types.length, DIGEST_FRAMES + 1);
});

t.test('an empty table is filled without a question', async (t) => {
  const [a, b] = [filled(1, 300), table()];
  const round = new Round(b, a, T0).run();
  t.notOk(round.types.includes(FRAME.want));
  t.equal(round.states.length, 300);
  t.strictSame(contents(b), contents(a));
});

t.test('a table asks for nothing that the other one has not', async (t) => {
  const round = new Round(filled(1, 300), table(), T0).run();
  t.equal(round.types.length, DIGEST_FRAMES + 1);
});

t.test('only AoRs that differ travel', async (t) => {
  const [a, b] = [filled(1, 2000), table({ nodeId: 2 })];
  for (const state of a.aors()) b.merge(state, 'peer', T0);
  for (let index = 0; index < 2000; index += 100) commit(a, `user${index}`, 'sip:2');
  const round = new Round(b, a, T0).run();
  t.equal(round.states.length, 20);
  t.equal(round.pull.received, 20);
  t.strictSame(contents(b), contents(a));
});

t.test('an AoR of a bucket that differs stays at home when it is the same itself', async (t) => {
  const aors = inOneBucket(2);
  const [a, b] = [table({ nodeId: 1 }), table({ nodeId: 2 })];
  for (const aor of aors) commit(a, aor);
  for (const state of a.aors()) b.merge(state, 'peer', T0);
  commit(a, aors[0] ?? '', 'sip:2');
  const round = new Round(b, a, T0).run();
  t.same(round.pairs, [{ bucket: naiveBucketHash(aors[0] ?? '') % BUCKETS, overflow: false, count: 2 }]);
  t.same(
    round.states.map(({ aor }) => aor),
    [aors[0]],
  );
});

/** AoRs that share a bucket. */
function inOneBucket(count: number): string[] {
  const found: string[] = [];
  const bucket = naiveBucketHash('user0') % BUCKETS;
  for (let index = 0; found.length < count; index++) {
    if (naiveBucketHash(`user${index}`) % BUCKETS === bucket) found.push(`user${index}`);
  }
  return found;
}

t.test('both directions together make both tables alike', async (t) => {
  const [a, b] = [filled(1, 500, 'a'), filled(2, 500, 'b')];
  for (let index = 0; index < 100; index++) {
    commit(a, `both${index}`, 'sip:1');
    commit(b, `both${index}`, 'sip:2');
  }
  reconcile(a, b);
  t.strictSame(contents(a), contents(b));
  t.equal(a.statistics().records, 1200);
});

t.test('removals, judgements, floors and sticky flags travel', async (t) => {
  const a = table();
  const state: AorState = {
    aor: 'carol',
    floor: { version: version(T0 - 5), callId: 'c', cseq: 1 },
    records: [removed('sip:1'), judged('sip:2', { sticky: true, expiresAtMs: Infinity }), put('sip:3')],
  };
  a.merge(state, 'peer', T0);
  a.merge({ aor: 'floor only', floor: state.floor, records: [] }, 'peer', T0);
  const b = table();
  new Round(b, a, T0).run();
  t.strictSame(contents(b), contents(a));
});

t.test('a judgement alone is a difference, though no version is newer', async (t) => {
  const [a, b] = [table(), table()];
  a.merge({ aor: 'dave', floor: undefined, records: [judged('sip:1')] }, 'peer', T0);
  b.merge({ aor: 'dave', floor: undefined, records: [put('sip:1')] }, 'peer', T0);
  t.equal(new Round(b, a, T0).run().states.length, 1);
  t.strictSame(contents(b), contents(a));
});

t.test('so is a sticky flag alone', async (t) => {
  const [a, b] = [table(), table()];
  a.merge({ aor: 'dave', floor: undefined, records: [put('sip:1', { sticky: true })] }, 'peer', T0);
  b.merge({ aor: 'dave', floor: undefined, records: [put('sip:1')] }, 'peer', T0);
  t.equal(new Round(b, a, T0).run().states.length, 1);
  t.strictSame(contents(b), contents(a));
});

t.test('what is old enough to be dropped neither travels nor makes a difference', async (t) => {
  const [a, b] = [table(), table()];
  a.merge({ aor: 'erin', floor: undefined, records: [removed('sip:1'), put('sip:2')] }, 'peer', T0);
  b.merge({ aor: 'erin', floor: undefined, records: [put('sip:2')] }, 'peer', T0);
  const late = T0 + HORIZON_MS + FORGET_MARGIN_MS;
  a.merge({ aor: 'erin', floor: undefined, records: [put('sip:3', { version: version(late) })] }, 'peer', late);
  b.merge({ aor: 'erin', floor: undefined, records: [put('sip:3', { version: version(late) })] }, 'peer', late);
  const round = new Round(b, a, late).run();
  t.equal(round.pairs.length, 1, 'the digests differ, since neither has dropped anything yet');
  t.same(round.states, []);
});

t.test('what has outlived all decides on both nodes about a permanent binding, or on none', async (t) => {
  const late = T0 + HORIZON_MS + FORGET_MARGIN_MS + 2;
  const permanent = put('sip:1', { version: version(T0), expiresAtMs: PERMANENT, sticky: true });
  const newer = version(T0 + 1);
  for (const [what, dead] of [
    ['a removal', { aor: 'erin', floor: undefined, records: [removed('sip:1', { version: newer })] }],
    ['a floor', { aor: 'erin', floor: { version: newer, callId: 'c', cseq: 1 }, records: [] }],
  ] as const) {
    const [a, b] = [table(), table()];
    a.merge({ aor: 'erin', floor: undefined, records: [permanent] }, 'peer', T0);
    b.merge(dead, 'peer', T0);
    new Round(a, b, late).run();
    new Round(b, a, late).run();
    t.strictSame(contents(b), contents(a), what);
    t.same(a.live(a.read('erin'), late), [], what);
    const c = table();
    t.same(new Round(c, b, late).run().states.length, 1, 'now it is as lasting as the binding that it ended');
    const d = table();
    d.merge(dead, 'peer', T0);
    t.same(new Round(c, d, late).run().states.length, 1, 'and told to whoever has something of the AoR');
    t.same(new Round(table(), d, late).run().states, [], 'but to nobody else');
  }
});

t.test('of a bucket that is too full to compare all is sent', async (t) => {
  const [a, b] = [filled(1, 50), table({ nodeId: 2 })];
  for (const state of a.aors()) b.merge(state, 'peer', T0);
  commit(a, 'user7', 'sip:2');
  const crowded = {
    writeBucketDigests: b.writeBucketDigests.bind(b),
    merge: b.merge.bind(b),
    bucketIndex: () => {
      const index = b.bucketIndex();
      index.count = () => PAIRS_MAX + 1;
      return index;
    },
  };
  const round = new Round(crowded, a, T0).run();
  const bucket = naiveBucketHash('user7') % BUCKETS;
  t.same(round.pairs, [{ bucket, overflow: true, count: 0 }]);
  t.ok(round.states.length >= 1);
  t.strictSame(contents(b), contents(a));
});

t.test('an AoR with very many records goes in several frames, none of them longer than it may be', async (t) => {
  const a = table({ recordsPerAorMax: 4096 });
  const records = Array.from({ length: 1300 }, (_, index) =>
    put(`sip:${index}`, { binding: binding({ userAgent: 'u'.repeat(255) }) }),
  );
  a.merge({ aor: 'frank', floor: { version: version(T0 - 1), callId: 'c', cseq: 1 }, records }, 'peer', T0);
  const b = table();
  const round = new Round(b, a, T0).run();
  t.ok(round.longest < BODY_BYTES_MAX);
  t.ok(round.longest < STATES_FRAME_BYTES + 1000, 'the next record does not fit');
  t.ok(round.states.length > 10);
  t.ok(
    round.states.every(({ floor }) => floor?.callId === 'c'),
    'each part tells the floor',
  );
  t.strictSame(contents(b), contents(a));
});

t.test('an AoR with 300 records of the usual size goes in parts as well', async (t) => {
  const [a, b] = [table(), table()];
  const bound = binding({ userAgent: 'a phone with a long name '.repeat(3) });
  const records = Array.from({ length: 300 }, (_, index) => put(`sip:user@10.0.${index}.1`, { binding: bound }));
  a.merge({ aor: 'grace', floor: undefined, records }, 'peer', T0);
  const round = new Round(b, a, T0).run();
  t.ok(round.states.length > 1);
  t.strictSame(contents(b), contents(a));
});

t.test('only so many buckets are asked about at a time', async (t) => {
  const [a, b] = [filled(1, 3000), filled(2, 3000)];
  const round = new Round(b, a, T0).run();
  t.ok(round.pairs.length > 2000, 'nearly all buckets that hold anything differ');
  t.ok(round.mostAsked <= WANTED_MAX, `${round.mostAsked}`);
  t.strictSame(contents(b), contentsOfUnion(a, b));
});

/** What the asker holds after it got everything: a superset. */
function contentsOfUnion(a: LocationTable, b: LocationTable): AorState[] {
  const union = table({ aorsMax: 100_000 });
  for (const one of [a, b]) for (const state of one.aors()) union.merge(state, 'peer', T0);
  return contents(union);
}

t.test('it says how far it is', async (t) => {
  const [a, b] = [filled(1, 500), filled(2, 500)];
  const round = new Round(b, a, T0);
  const done: number[] = [];
  round.run(() => done.push(round.supply.bucketsDone));
  t.equal(done.at(-1), BUCKETS);
  t.ok(done.every((count) => count >= 0 && count <= BUCKETS));
  t.equal(round.supply.sent, round.states.length);
});

t.test('a state is read when it is sent, not when the round began', async (t) => {
  const [a, b] = [filled(1, 200), table()];
  const round = new Round(b, a, T0);
  let before: number | undefined;
  round.run(() => {
    if (before !== undefined) return;
    before = round.states.length;
    for (let index = 0; index < 200; index++) commit(a, `user${index}`, 'sip:2');
  });
  const after = round.states.slice(before);
  t.ok(after.length > 100);
  t.ok(after.every(({ records }) => records.length === 2));
});

t.test('AoRs that come while a round goes on are the business of the log', async (t) => {
  const [a, b] = [filled(1, 200), table()];
  let count = 0;
  const round = new Round(b, a, T0).run(() => commit(a, `late${count++}`));
  t.equal(round.states.length, 200);
});

t.test('AoRs that go while a round goes on do no harm', async (t) => {
  const [a, b] = [filled(1, 200), table({ nodeId: 2 })];
  let count = 0;
  new Round(b, a, T0).run(() => {
    if (count++ > 100) return;
    a.commit({ aor: `user${count}`, origin: 'sip', changes: [STAR] }, T0 + 1);
    const late = T0 + 2 * HORIZON_MS;
    a.clockAgreed();
    a.expire(late);
  });
  t.ok(b.statistics().records <= 200);
});

t.test('over any two tables one round gives the asker all that it was missing', async () => {
  const state = arbitrary.state.filter(({ records, floor }) => records.length > 0 || floor !== undefined);
  const states = fc.array(fc.tuple(state, fc.constantFrom('a', 'b', 'both')), { maxLength: 20 });
  fc.assert(
    fc.property(states, (placed) => {
      const [a, b] = [table(), table()];
      for (const [one, place] of placed) {
        if (place !== 'b') a.merge(one, 'peer', 1);
        if (place !== 'a') b.merge(one, 'peer', 1);
      }
      const union = table();
      for (const one of [a, b]) for (const known of one.aors()) union.merge(known, 'peer', 1);
      new Round(a, b, 1).run();
      assert.deepEqual(contents(a), contents(union));
    }),
    { numRuns: 25 },
  );
});
