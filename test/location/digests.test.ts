import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { summaryOf } from '../../lib/location/aor-summary.ts';
import { BUCKETS, bucketOf } from '../../lib/location/bucket-digests.ts';
import { FORGET_MARGIN_MS, HORIZON_MS } from '../../lib/location/horizon.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import type { AorState } from '../../lib/location/record.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import { Compared, limits, rules, run, stepAnywhen } from './support/compared.ts';
import { naiveDigests, naiveHash, naiveSum } from './support/naive-digests.ts';
import {
  AOR,
  HOUR,
  judged,
  MINUTE,
  put,
  putOrder,
  recordOf,
  removed,
  removeOrder,
  serve,
  settings,
  STAR,
  state,
  T0,
  table,
  version,
} from './support/states.ts';

/** All digests, and all there is to know of a table to compare them with. */
function digestsOf(at: LocationTable): Buffer {
  const bytes = Buffer.alloc(BUCKETS * 8);
  for (let first = 0; first < BUCKETS; first += 1024) at.writeBucketDigests(bytes, first * 8, first, 1024);
  return bytes;
}

function restoredFrom(states: readonly AorState[]): LocationTable {
  const at = table();
  let id = 0;
  for (const { aor, floor, records } of states) {
    for (const record of records.toReversed()) at.restore(id++, aor, record);
    if (floor !== undefined) at.restoreFloor(aor, floor);
  }
  return at;
}

/** Another AoR of the same bucket, or of another one. */
function neighbour(aor: string, isNear: boolean): string {
  const bucket = bucketOf(naiveHash(aor));
  for (let n = 0; ; n++) {
    const other = `other${n}@example.com`;
    if ((bucketOf(naiveHash(other)) === bucket) === isNear) return other;
  }
}

function commit(at: LocationTable, aor: string, nowMs: number, ...changes: Parameters<typeof serve>[2][]): void {
  const outcome = at.commit({ aor, origin: 'sip', changes }, nowMs);
  assert.ok(!('refused' in outcome));
}

/** Drops all that may be dropped early. */
function dropDead(at: LocationTable, nowMs: number): void {
  at.expire(nowMs);
  for (let note = at.noteDead(nowMs); note !== undefined; note = at.noteDead(nowMs)) at.dropNoted(note, nowMs);
}

function statesIn(at: LocationTable, aor: string, nowMs: number) {
  return [...at.bucketIndex().states(bucketOf(naiveHash(aor)), nowMs)];
}

t.test('after any history each digest is that of the records and floors that are there', async () => {
  fc.assert(
    fc.property(rules, limits, fc.array(stepAnywhen, { maxLength: 30, size: 'max' }), (view, bounds, steps) => {
      const fields = { ...view, ...bounds };
      const nodes = [1, 2].map((nodeId) => new Compared(settings({ ...fields, nodeId }))) as [Compared, Compared];
      run(nodes, steps, ({ table: at }) => {
        const states = [...at.aors()];
        assert.ok(digestsOf(at).equals(naiveDigests(states)));
        assert.ok(digestsOf(restoredFrom(states)).equals(naiveDigests(states)), 'restored in another order');
      });
    }),
    { numRuns: 20 },
  );
});

t.test('two tables that heard the same in different order have the same digests', async (t) => {
  const states = [
    state([put('sip:a', { version: version(T0, 1, 2) }), removed('sip:b', { version: version(T0 + 5) })]),
    state([
      put('sip:a', { version: version(T0, 1, 1) }),
      judged('sip:b', { version: version(T0 + 5, 1), sticky: true }),
    ]),
    state([put('sip:a', { sticky: true })], version(T0 + 1)),
    state([], version(T0 + 2, 0, 2)),
  ];
  const [a, b] = [table(), table({ nodeId: 2, hashKey: [1, 2] })];
  for (const each of states) a.merge(each, 'peer', T0);
  for (const each of states.toReversed()) b.merge(each, 'peer', T0);
  t.ok(digestsOf(a).equals(digestsOf(b)));
  t.notOk(digestsOf(a).equals(digestsOf(table())));
});

t.test('version, rank, sticky flag and floor each make a digest differ; what a record says does not', async (t) => {
  const differing = [
    state([]),
    state([put('sip:a')]),
    state([put('sip:a', { version: version(T0 + 1) })]),
    state([put('sip:a', { version: version(T0 + 2 ** 32) })]),
    state([put('sip:a', { version: version(T0, 1) })]),
    state([put('sip:a', { version: version(T0, 0, 2) })]),
    state([put('sip:a', { version: version(T0, 0, 1, 8) })]),
    state([put('sip:a', { sticky: true })]),
    state([judged('sip:a')]),
    state([put('sip:a')], version(T0)),
    state([], version(T0)),
    { ...state([put('sip:a')]), aor: 'bob@example.com' },
  ];
  const digests = differing.map((each) => summaryOf(each)).map(({ high, low }) => `${high} ${low}`);
  t.equal(new Set(digests).size, differing.length);
  const other = state([put('sip:a', { contactUri: 'sip:A', callId: 'x', cseq: 9, expiresAtMs: T0 })]);
  t.same(summaryOf(other), summaryOf(state([put('sip:a')])));
});

t.test('what all nodes must compute alike stays as it is', async (t) => {
  const some = state(
    [put('sip:a', { sticky: true }), judged('sip:b', { version: version(T0 + 1, 2, 3, 4) })],
    version(T0),
  );
  const { hash, high, low } = summaryOf(some);
  t.equal(hash, naiveHash(AOR));
  t.same({ high: BigInt(high), low: BigInt(low) }, naiveSum(some));
  t.same(summaryOf(some), { hash: 2_781_258_865, check: 3_276_582_152, high: 4_292_483_293, low: 3_230_830_846 });
  t.same(summaryOf({ ...state([]), aor: '' }), { hash: 1_647_250_442, check: 511_689_545, high: 0, low: 0 });
});

t.test('an empty bucket has the digest 0, also after all in it is gone', async (t) => {
  const at = table();
  const bucket = bucketOf(naiveHash(AOR));
  t.same(at.bucketDigest(bucket), { high: 0, low: 0 });
  serve(at, T0, putOrder('sip:a', T0 + MINUTE), putOrder('sip:b', T0 + HOUR));
  const { high, low } = summaryOf(at.read(AOR));
  t.same(at.bucketDigest(bucket), { high, low });
  t.equal(digestsOf(at).readUInt32BE(bucket * 8), high);
  t.equal(digestsOf(at).readUInt32BE(bucket * 8 + 4), low);
  serve(at, T0 + 1, STAR);
  dropDead(at, T0 + MINUTE);
  dropDead(at, T0 + 2 * MINUTE);
  t.equal(at.statistics().aors, 0);
  t.same(at.bucketDigest(bucket), { high: 0, low: 0 });
});

t.test('the index knows which AoRs lie in which bucket, and reads them as they then are', async (t) => {
  const at = table();
  const near = neighbour(AOR, true);
  for (const aor of [AOR, near, neighbour(AOR, false)]) commit(at, aor, T0, putOrder('sip:a', T0 + HOUR));
  const index = at.bucketIndex();
  const bucket = bucketOf(naiveHash(AOR));
  t.equal(index.count(bucket), 2);
  let total = 0;
  for (let each = 0; each < BUCKETS; each++) total += index.count(each);
  t.equal(total, 3);
  serve(at, T0 + 1, removeOrder('sip:a'));
  const read = [...index.states(bucket, T0 + 1)];
  t.same(read.map(({ state: { aor } }) => aor).sort(), [AOR, near].sort());
  for (const { state: each, summary } of read) {
    t.strictSame(each, at.read(each.aor));
    t.same(summary, summaryOf(each));
  }
  t.equal(read.find(({ state: { aor } }) => aor === AOR)?.state.records[0]?.kind, 'removed');
});

t.test(
  'an AoR that is gone is not read, nor what came to stand in its place, unless it lies in the bucket too',
  async (t) => {
    for (const isNear of [true, false]) {
      const at = table();
      serve(at, T0, putOrder('sip:a', T0 + HOUR), removeOrder('sip:a'));
      const index = at.bucketIndex();
      const bucket = bucketOf(naiveHash(AOR));
      dropDead(at, T0 + MINUTE);
      t.same([...index.states(bucket, T0 + MINUTE)], []);
      const other = neighbour(AOR, isNear);
      commit(at, other, T0 + MINUTE, putOrder('sip:a', T0 + HOUR));
      const read = [...index.states(bucket, T0 + MINUTE)];
      t.same(
        read.map(({ state: { aor } }) => aor),
        isNear ? [other] : [],
      );
    }
  },
);

t.test('reading goes on while AoRs go and come', async (t) => {
  const at = table();
  const near = neighbour(AOR, true);
  for (const aor of [AOR, near]) commit(at, aor, T0, putOrder('sip:a', T0 + HOUR), removeOrder('sip:a'));
  const states = at.bucketIndex().states(bucketOf(naiveHash(AOR)), T0 + MINUTE);
  t.equal(states.next().done, false);
  dropDead(at, T0 + MINUTE);
  t.equal(at.statistics().aors, 0);
  t.equal(states.next().done, true);
});

t.test(
  'what has outlived all older copies is neither compared with the twin nor counted, though it may be there',
  async (t) => {
    const at = restoredFrom([
      state([put('sip:old'), removed('sip:new', { version: version(T0 + HOUR) })], version(T0 + 1)),
      { ...state([put('sip:old')]), aor: neighbour(AOR, true) },
    ]);
    const outlivedMs = T0 + HORIZON_MS + FORGET_MARGIN_MS;
    at.expire(outlivedMs);
    t.equal(at.read(AOR).records.length, 2, 'a clean node forgets nothing');
    t.match(statesIn(at, AOR, outlivedMs - 1), [{ isOutlived: false }, { isOutlived: false }]);
    const [left, other] = statesIn(at, AOR, outlivedMs + 1);
    t.strictSame(left?.state, at.read(AOR), 'it goes along with the rest');
    t.same(left?.summary, summaryOf(state([removed('sip:new', { version: version(T0 + HOUR) })])));
    t.match([left, other], [{ isOutlived: false }, { isOutlived: true }]);
  },
);

t.test('what was ever permanent is shown for ever, with what keeps it dead', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:c', PERMANENT));
  serve(at, T0 + 1, STAR, removeOrder('sip:C'));
  const [left] = statesIn(at, AOR, T0 + 100 * HORIZON_MS);
  t.strictSame(left?.state, at.read(AOR));
  t.equal(left?.state.records.length, 2);
});

t.test('a floor alone merges, and is shown', async (t) => {
  const at = table();
  at.merge(state([], version(T0)), 'peer', T0);
  t.match(at.statistics(), { aors: 1, floors: 1, records: 0, users: 0 });
  t.same(statesIn(at, AOR, T0)[0]?.state, state([], version(T0)));
  at.merge(state([put('sip:a', { version: version(T0 - 1) })]), 'peer', T0);
  t.same(at.live(at.read(AOR), T0), []);
  at.clockAgreed();
  at.expire(T0 + HORIZON_MS + FORGET_MARGIN_MS);
  t.equal(at.statistics().aors, 0);
});

t.test(
  'a record that comes from the twin after it has outlived all others is forgotten again, and not told',
  async (t) => {
    const at = table();
    at.clockAgreed();
    const told: string[] = [];
    at.addListener({
      expired: (_, { key }) => told.push(`expired ${key}`),
      forgotten: (_, id) => told.push(`forgotten ${id}`),
      committed: ({ writes }) => told.push(`committed ${writes.length}`),
    });
    const nowMs = T0 + 2 * HORIZON_MS;
    at.merge(state([put('sip:a'), removed('sip:b')], version(T0)), 'peer', nowMs);
    t.equal(recordOf(at, 'sip:a').kind, 'put');
    t.match(at.statistics(), { users: 0, contacts: 0, deadRecords: 2 });
    t.match(statesIn(at, AOR, nowMs), [{ isOutlived: true }]);
    t.equal(at.expire(nowMs, false), false);
    t.same(told, ['committed 2'], 'not while the tables are compared');
    t.equal(at.expire(nowMs + 2 * MINUTE), false);
    t.same(told, ['committed 2', 'forgotten 0', 'forgotten 1']);
    t.match(at.statistics(), { aors: 0, records: 0, floors: 0, expires: 0 });
    t.ok(digestsOf(at).equals(digestsOf(table())));
  },
);
