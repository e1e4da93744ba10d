/* The giving half of a round by itself: what it refuses. How a whole round goes is in reconciliation.test.ts. */
import t from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import type { LocationTable } from '../../lib/location/location-table.ts';
import type { Digest } from '../../lib/location/digest.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { WANTED_MAX } from '../../lib/replication/limits.ts';
import { Supply } from '../../lib/replication/supply.ts';
import { HOUR, putOrder, T0, table } from '../location/support/states.ts';
import { readFrame, readWant } from './support/naive-codec.ts';

const UNEXPECTED = { name: 'ProtocolError', code: 'frame-unexpected' };
const NOTHING: Digest = { high: 0, low: 0 };
const OTHER: Digest = { high: 1, low: 2 };

function digests(count: number, digest = NOTHING): Digest[] {
  return Array.from({ length: count }, () => digest);
}

/** A table with something in many buckets. */
function filled(): LocationTable {
  const at = table({ aorsMax: 100_000 });
  for (let index = 0; index < 500; index++)
    at.commit({ aor: `user${index}`, origin: 'sip', changes: [putOrder('sip:1', T0 + HOUR)] }, T0);
  return at;
}

/** It was told other digests of all buckets, and asks about some. */
function asking(): { supply: Supply; buckets: readonly number[] } {
  const supply = new Supply(filled());
  supply.digests({ firstBucket: 0, digests: digests(BUCKETS, OTHER) });
  return { supply, buckets: wanted(supply) };
}

function wanted(supply: Supply): readonly number[] {
  const next = supply.next(T0);
  if (next?.kind !== 'frame') throw new Error('no question');
  return readWant(readFrame(next.bytes, FRAME.want));
}

t.test('without a round there is nothing to give, and no end', async (t) => {
  t.equal(new Supply(filled()).next(T0), undefined);
});

t.test('a round begins with bucket 0', async (t) => {
  t.throws(() => new Supply(table()).digests({ firstBucket: 1, digests: digests(1) }), UNEXPECTED);
  t.throws(() => new Supply(table()).digests({ firstBucket: 0, digests: [] }), UNEXPECTED, 'not without any');
});

t.test('digests follow on each other without a gap, in frames of any length', async (t) => {
  const supply = new Supply(table());
  supply.digests({ firstBucket: 0, digests: digests(3) });
  supply.digests({ firstBucket: 3, digests: digests(1) });
  t.throws(() => supply.digests({ firstBucket: 5, digests: digests(1) }), UNEXPECTED, 'one was left out');
  t.throws(() => supply.digests({ firstBucket: 3, digests: digests(1) }), UNEXPECTED, 'one came twice');
  t.throws(() => supply.digests({ firstBucket: 0, digests: digests(1) }), UNEXPECTED, 'all anew');
  t.throws(() => supply.digests({ firstBucket: 4, digests: digests(BUCKETS - 3) }), UNEXPECTED, 'too many');
  supply.digests({ firstBucket: 4, digests: digests(BUCKETS - 4) });
  t.same(supply.next(T0), { kind: 'end' });
});

t.test('there is no end before all digests came', async (t) => {
  const supply = new Supply(table());
  supply.digests({ firstBucket: 0, digests: digests(BUCKETS - 1) });
  t.equal(supply.next(T0), undefined);
});

t.test('it asks only about buckets in which it has something', async (t) => {
  const at = table();
  at.commit({ aor: 'alice', origin: 'sip', changes: [putOrder('sip:1', T0 + HOUR)] }, T0);
  const supply = new Supply(at);
  supply.digests({ firstBucket: 0, digests: digests(BUCKETS, OTHER) });
  t.equal(wanted(supply).length, 1);
});

t.test('it asks about so many buckets, and waits for answers', async (t) => {
  const { supply, buckets } = asking();
  t.equal(buckets.length, WANTED_MAX);
  t.equal(supply.next(T0), undefined);
  t.equal(new Set(buckets).size, buckets.length, 'each once');
});

t.test('only what was asked about is answered, and once', async (t) => {
  const { supply, buckets } = asking();
  const [bucket = 0] = buckets;
  t.throws(() => supply.pairs({ bucket: BUCKETS - 1, overflow: false, pairs: [] }), UNEXPECTED);
  supply.pairs({ bucket, overflow: false, pairs: [] });
  t.throws(() => supply.pairs({ bucket, overflow: false, pairs: [] }), UNEXPECTED);
});

t.test('without a round nothing was asked', async (t) => {
  t.throws(() => new Supply(filled()).pairs({ bucket: 0, overflow: false, pairs: [] }), UNEXPECTED);
});

t.test('an answer that lists nothing gets everything', async (t) => {
  const { supply, buckets } = asking();
  const [bucket = 0] = buckets;
  supply.pairs({ bucket, overflow: false, pairs: [] });
  const next = supply.next(T0);
  t.equal(next?.kind === 'frame' && next.bytes[4], FRAME.states);
  t.ok(supply.sent >= 1);
});

t.test('after the end mark the next round begins with bucket 0', async (t) => {
  const supply = new Supply(table());
  supply.digests({ firstBucket: 0, digests: digests(BUCKETS) });
  t.same(supply.next(T0), { kind: 'end' });
  supply.ended();
  t.equal(supply.next(T0), undefined);
  t.throws(() => supply.digests({ firstBucket: 5, digests: digests(1) }), UNEXPECTED);
  supply.digests({ firstBucket: 0, digests: digests(BUCKETS) });
  t.same(supply.next(T0), { kind: 'end' });
});
