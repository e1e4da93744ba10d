import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { DigestShare } from '../../lib/location/digest-share.ts';
import { summaryOf } from '../../lib/location/aor-summary.ts';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import { LocationTable } from '../../lib/location/location-table.ts';
import { authFrame, isProved, readAuth } from '../../lib/replication/auth.ts';
import { ChangeLog } from '../../lib/replication/change-log.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import {
  ackFrame,
  endFrame,
  frame,
  heartbeatFrame,
  pairsFrame,
  readAck,
  readDigests,
  readHeartbeat,
  readPairs,
  readStart,
  readWant,
  startFrame,
  wantFrame,
} from '../../lib/replication/frames.ts';
import { readGoodbye } from '../../lib/replication/goodbye.ts';
import { helloFrame, readHello, readHelloVersions } from '../../lib/replication/hello.ts';
import { ProtocolError } from '../../lib/replication/protocol-error.ts';
import { Pull } from '../../lib/replication/pull.ts';
import { readState, writeState } from '../../lib/replication/state-codec.ts';
import { WireReader } from '../../lib/replication/wire-reader.ts';
import { WireWriter } from '../../lib/replication/wire-writer.ts';
import { settings } from '../location/support/states.ts';
import * as arbitrary from './support/arbitraries.ts';
import * as naive from './support/naive-codec.ts';
import {
  naiveBucketHash,
  naiveCheckHash,
  naiveDigestOf,
  naiveShareOfRecord,
  naiveSum,
} from './support/naive-digest.ts';

/** What the real reader makes of a body by the naive writer; all of it must be read. */
function really<T>(body: naive.Octets, read: (reader: WireReader) => T): T {
  const reader = new WireReader(Buffer.from(body));
  const value = read(reader);
  reader.end();
  return value;
}

/** Both codecs write the same octets, and each reads what the other wrote. */
function agreement<T>(
  values: fc.Arbitrary<T>,
  type: number,
  real: { readonly write: (value: T) => Buffer; readonly read: (reader: WireReader) => T },
  other: { readonly write: (value: T) => naive.Octets; readonly read: (body: naive.Octets) => T },
): fc.IProperty<[T]> {
  return fc.property(values, (value) => {
    const bytes = real.write(value);
    assert.deepEqual(other.read(naive.readFrame(bytes, type)), value);
    assert.deepEqual(really(other.write(value), real.read), value);
    assert.ok(bytes.equals(naive.writeFrame(type, other.write(value))));
  });
}

t.test('both codecs agree on HELLO', async () => {
  const read = (reader: WireReader) => readHello(readHelloVersions(reader), reader);
  fc.assert(
    agreement(
      arbitrary.hello,
      FRAME.hello,
      { write: helloFrame, read },
      { write: naive.writeHello, read: naive.readHello },
    ),
  );
});

t.test('a HELLO says the same with anything behind what this version knows', async () => {
  fc.assert(
    fc.property(arbitrary.hello, fc.uint8Array({ maxLength: 50 }), (hello, more) => {
      const reader = new WireReader(Buffer.from([...naive.writeHello(hello), ...more]));
      assert.deepEqual(readHello(readHelloVersions(reader), reader), hello);
    }),
  );
});

t.test('both codecs agree on AUTH, and each believes the other with the same secret only', async () => {
  const octets = fc.uint8Array({ maxLength: 80 }).map((body) => Buffer.from(body));
  const secrets = fc.array(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), { maxLength: 2 });
  fc.assert(
    fc.property(
      octets,
      octets,
      arbitrary.authTimes,
      secrets,
      fc.string({ unit: 'grapheme-ascii' }),
      (sent, received, at, own, other) => {
        const proofs = own.map((secret) => naive.naiveProof(secret, [...sent], [...received], at));
        const auth = { times: at, proofs };
        assert.ok(authFrame(own, sent, received, at).equals(naive.writeFrame(FRAME.auth, naive.writeAuth(auth))));
        const found = really(naive.writeAuth(auth), readAuth);
        assert.deepEqual(found, auth);
        assert.equal(isProved(found, own, sent, received), true);
        assert.equal(isProved(found, [other], sent, received), own.includes(other));
      },
    ),
  );
});

t.test('both codecs agree on START, ACK and HEARTBEAT', async () => {
  fc.assert(
    agreement(
      arbitrary.start,
      FRAME.start,
      { write: startFrame, read: readStart },
      { write: naive.writeStart, read: naive.readStart },
    ),
  );
  fc.assert(
    agreement(
      arbitrary.ack,
      FRAME.ack,
      { write: ackFrame, read: readAck },
      { write: naive.writeAck, read: naive.readAck },
    ),
  );
  fc.assert(
    agreement(
      arbitrary.heartbeat,
      FRAME.heartbeat,
      { write: heartbeatFrame, read: readHeartbeat },
      { write: naive.writeHeartbeat, read: naive.readHeartbeat },
    ),
  );
});

t.test('both codecs agree on WANT, PAIRS and END', async () => {
  fc.assert(
    agreement(
      arbitrary.want,
      FRAME.want,
      { write: wantFrame, read: readWant },
      { write: naive.writeWant, read: naive.readWant },
    ),
  );
  fc.assert(
    agreement(
      arbitrary.pairs,
      FRAME.pairs,
      { write: pairsFrame, read: readPairs },
      { write: naive.writePairs, read: naive.readPairs },
    ),
  );
  fc.assert(
    agreement(
      arbitrary.u48,
      FRAME.end,
      { write: endFrame, read: (reader) => reader.u48() },
      { write: naive.writeEnd, read: naive.readEnd },
    ),
  );
});

t.test('the real codec reads the DIGESTS of the naive one', async () => {
  fc.assert(
    fc.property(arbitrary.digests, (digests) => {
      assert.deepEqual(really(naive.writeDigests(digests), readDigests), digests);
    }),
  );
});

t.test('the naive codec reads the DIGESTS that a table sends, and adds up the same', async (t) => {
  const table = new LocationTable(settings());
  const states = fc.sample(arbitrary.state, 50);
  for (const state of states) table.merge(state, 'peer', 1);
  const pull = new Pull(table);
  pull.begin();
  const found: { readonly high: number; readonly low: number }[] = [];
  while (found.length < BUCKETS) {
    const { firstBucket, digests } = naive.readDigests(
      naive.readFrame(pull.nextFrame(1) ?? Buffer.alloc(0), FRAME.digests),
    );
    t.equal(firstBucket, found.length, 'without a gap');
    found.push(...digests);
  }
  t.equal(found.length, BUCKETS);
  const expected = Array.from({ length: BUCKETS }, () => ({ high: 0, low: 0 }));
  for (const { aor } of states) {
    const bucket = naiveBucketHash(aor) % BUCKETS;
    const inBucket = [...table.aors()].filter((state) => naiveBucketHash(state.aor) % BUCKETS === bucket);
    expected[bucket] = naiveSum(inBucket.map(naiveDigestOf));
  }
  t.strictSame(found, expected);
});

t.test('both codecs agree on states', async () => {
  fc.assert(
    fc.property(arbitrary.state, (state) => {
      const out = new WireWriter();
      assert.equal(writeState(out, state), state.records.length);
      const octets = [...out.written()];
      assert.deepEqual(octets, naive.writeState(state));
      assert.deepEqual(naive.readState(octets), state);
      assert.deepEqual(really(octets, readState), state);
    }),
  );
});

t.test('a state may be written in parts of any size, of which each is a state and none is lost', async () => {
  fc.assert(
    fc.property(arbitrary.state, fc.integer({ min: 0, max: 400 }), (state, bytesMax) => {
      const records = [];
      let next = 0;
      do {
        const out = new WireWriter();
        const from = next;
        next = writeState(out, state, from, bytesMax);
        const part = naive.readState([...out.written()]);
        assert.deepEqual({ ...part, records: [] }, { ...state, records: [] });
        assert.ok(part.records.length > 0 || state.records.length === 0);
        records.push(...part.records);
      } while (next < state.records.length);
      assert.deepEqual(records, state.records);
    }),
  );
});

t.test('both codecs agree on LOG, however the log is cut into frames', async () => {
  fc.assert(
    fc.property(
      fc.array(arbitrary.state, { maxLength: 8 }),
      fc.array(fc.nat(8), { maxLength: 3 }),
      u20(),
      (states, cuts, head) => {
        const log = logAt(head);
        log.keep();
        states.forEach((state, index) => {
          if (cuts.includes(index)) log.cut(0);
          log.append(state.aor, state.floor, state.records);
        });
        log.cut(0);
        const found = [];
        for (let batch = log.after(head); batch !== undefined; batch = log.after(batch.last)) {
          const { first, states: some } = naive.readLog(naive.readFrame(batch.bytes, FRAME.log));
          assert.equal(first, head + found.length + 1);
          assert.ok(batch.bytes.equals(naive.writeFrame(FRAME.log, naive.writeLog({ first, states: some }))));
          found.push(...some);
        }
        assert.deepEqual(found, states);
      },
    ),
    { numRuns: 50 },
  );
});

function u20(): fc.Arbitrary<number> {
  return fc.nat(1000);
}

function logAt(head: number): ChangeLog {
  const log = new ChangeLog(1_000_000);
  for (let position = 1; position <= head; position++) log.append('x', undefined, []);
  return log;
}

t.test('hashes and digests are what the page says, for any AoR and records', async () => {
  const share = new DigestShare();
  fc.assert(
    fc.property(arbitrary.state, (state) => {
      const { hash, check, high, low } = summaryOf(state);
      assert.deepEqual([hash, check], [naiveBucketHash(state.aor), naiveCheckHash(state.aor)]);
      assert.deepEqual({ high, low }, naiveDigestOf(state));
      for (const record of state.records) {
        share.ofRecord(hash, record);
        assert.deepEqual({ high: share.high >>> 0, low: share.low >>> 0 }, naiveShareOfRecord(state.aor, record));
      }
    }),
  );
});

const READERS: readonly ((reader: WireReader) => unknown)[] = [
  (reader) => readHello(readHelloVersions(reader), reader),
  readAuth,
  readStart,
  readAck,
  readHeartbeat,
  readDigests,
  readWant,
  readPairs,
  readState,
  readGoodbye,
];

t.test('no reader does more than refuse what is nonsense', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      for (const read of READERS) onlyProtocolErrors(() => read(new WireReader(Buffer.from(octets))));
    }),
    { numRuns: 500 },
  );
});

t.test('a state with one octet changed is refused, or is another state', async () => {
  fc.assert(
    fc.property(arbitrary.state, fc.nat(), fc.integer({ min: 1, max: 255 }), (state, at, by) => {
      const octets = [...naive.writeState(state)];
      const index = at % octets.length;
      octets[index] = (octets[index] ?? 0) ^ by;
      onlyProtocolErrors(() => {
        const reader = new WireReader(Buffer.from(octets));
        const found = readState(reader);
        if (reader.left === 0) assert.notDeepEqual(found, state);
      });
    }),
    { numRuns: 500 },
  );
});

t.test('a body that ends too early is malformed wherever it ends', async () => {
  fc.assert(
    fc.property(arbitrary.state, fc.nat(), (state, at) => {
      const octets = naive.writeState(state);
      const short = Buffer.from(octets.slice(0, at % octets.length));
      assert.throws(() => readState(new WireReader(short)), { code: 'frame-malformed' });
    }),
  );
});

function onlyProtocolErrors(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

t.test('a frame is sealed with its length and check sum, whatever its body', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (body) => {
      const bytes = frame(FRAME.states, (out) => out.octets(body));
      assert.ok(bytes.equals(naive.writeFrame(FRAME.states, [...body])));
    }),
    { numRuns: 30 },
  );
});
