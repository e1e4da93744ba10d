/* The asking half of a round by itself: what it refuses. How a whole round goes is in reconciliation.test.ts. */
import t from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { DIGESTS_PER_FRAME } from '../../lib/replication/limits.ts';
import { Pull } from '../../lib/replication/pull.ts';
import { T0, table } from '../location/support/states.ts';
import { readDigests, readFrame, readPairs } from './support/naive-codec.ts';

const UNEXPECTED = { name: 'ProtocolError', code: 'frame-unexpected' };

/** With all its digests sent. */
function asking(): Pull {
  const pull = new Pull(table());
  pull.begin();
  for (let sent = 0; sent < BUCKETS; sent += DIGESTS_PER_FRAME) pull.nextFrame(T0);
  return pull;
}

t.test('before it began nothing belongs to it', async (t) => {
  const pull = new Pull(table());
  t.equal(pull.nextFrame(T0), undefined);
  t.throws(() => pull.want([1]), UNEXPECTED);
  t.throws(() => pull.took(1), UNEXPECTED);
  t.throws(() => pull.end(), UNEXPECTED);
});

t.test('it tells all buckets in order, and then waits to be asked', async (t) => {
  const pull = new Pull(table());
  pull.begin();
  for (let first = 0; first < BUCKETS; first += DIGESTS_PER_FRAME) {
    const { firstBucket, digests } = readDigests(readFrame(pull.nextFrame(T0) ?? Buffer.alloc(0), FRAME.digests));
    t.equal(firstBucket, first);
    t.equal(digests.length, DIGESTS_PER_FRAME);
  }
  t.equal(pull.nextFrame(T0), undefined);
});

t.test('it answers each question, in the order in which they came, and a bucket with nothing in it too', async (t) => {
  const pull = asking();
  pull.want([7, 3]);
  pull.want([16_383]);
  for (const bucket of [7, 3, 16_383]) {
    const pairs = readPairs(readFrame(pull.nextFrame(T0) ?? Buffer.alloc(0), FRAME.pairs));
    t.strictSame(pairs, { bucket, overflow: false, pairs: [] });
  }
  t.equal(pull.nextFrame(T0), undefined);
});

t.test('there are no more buckets than there are', async (t) => {
  t.throws(() => asking().want([BUCKETS]), UNEXPECTED);
  t.throws(() => asking().want([0, 0xffff]), UNEXPECTED);
});

t.test('nobody may ask for more than everything at a time', async (t) => {
  const pull = asking();
  pull.want(Array.from({ length: BUCKETS }, (_, bucket) => bucket));
  t.throws(() => pull.want([0]), UNEXPECTED);
});

t.test('an end mark before all digests were sent cannot be right', async (t) => {
  const pull = new Pull(table());
  pull.begin();
  pull.nextFrame(T0);
  t.throws(() => pull.end(), UNEXPECTED);
});

t.test('after the end nothing belongs to it any more', async (t) => {
  const pull = asking();
  pull.took(5);
  pull.end();
  t.notOk(pull.isRunning);
  t.equal(pull.received, 5);
  t.throws(() => pull.took(1), UNEXPECTED);
  t.throws(() => pull.want([1]), UNEXPECTED);
  t.throws(() => pull.end(), UNEXPECTED);
  t.equal(pull.nextFrame(T0), undefined);
});

t.test('a new round begins with nothing of the old one', async (t) => {
  const pull = asking();
  pull.want([1, 2]);
  pull.took(5);
  pull.end();
  pull.begin();
  t.equal(pull.received, 0);
  const first = pull.nextFrame(T0) ?? Buffer.alloc(0);
  t.equal(first[4], FRAME.digests);
});
