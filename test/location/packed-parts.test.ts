import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { AorIndex } from '../../lib/location/aor-index.ts';
import { AorSlots, CHAIN } from '../../lib/location/aor-slots.ts';
import { BlockReader } from '../../lib/location/block-reader.ts';
import { BlockWriter } from '../../lib/location/block-writer.ts';
import { halfSipHash } from '../../lib/location/half-sip-hash.ts';
import { PagedU32 } from '../../lib/location/paged-u32.ts';
import { Profiles } from '../../lib/location/profiles.ts';
import {
  EXPIRY_TOLD,
  marksOf,
  readRecord,
  recordBytes,
  skipRecord,
  writeRecord,
} from '../../lib/location/record-codec.ts';
import { RecordIds } from '../../lib/location/record-ids.ts';
import type { LocationRecord } from '../../lib/location/record.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import { SlotQueue } from '../../lib/location/slot-queue.ts';
import { binding, judged, put, removed } from './support/states.ts';

const octets = fc.array(fc.nat(255), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes));
const text = fc.oneof(
  fc.constant(''),
  octets,
  fc.constantFrom(127, 128, 20_000).map((length) => 'ä'.repeat(length)),
);
const PLAIN = { noNullPrototype: true };
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 0xffff_ffff));
const someVersion = fc.record(
  {
    ms: fc.oneof(fc.nat(), fc.constant(2 ** 48 - 2)),
    counter: fc.nat(0xffff),
    nodeId: fc.integer({ min: 1, max: 0xffff }),
    incarnation: u32,
  },
  PLAIN,
);
const someBinding = fc.record(
  {
    q: fc.integer({ min: -1, max: 1000 }),
    received: text,
    path: text,
    instance: text,
    userAgent: text,
    socket: text,
    methods: u32,
    flags: u32,
    cflags: text,
    attr: text,
  },
  PLAIN,
);
const someRecord: fc.Arbitrary<LocationRecord> = fc
  .record({
    kind: fc.constantFrom('put', 'removed', 'judged'),
    keyLike: fc.constantFrom('contact', 'shorter', 'other', 'with Call-ID', 'Call-ID only'),
    other: text,
    fields: fc.record({
      version: someVersion,
      sticky: fc.boolean(),
      contactUri: text,
      callId: text,
      cseq: u32,
      expiresAtMs: fc.oneof(fc.nat(), fc.constant(PERMANENT)),
    }),
    bound: someBinding,
  })
  .map(({ kind, keyLike, other, fields, bound }) => {
    const { contactUri, callId } = fields;
    const keys = {
      contact: contactUri,
      shorter: contactUri.slice(0, -1),
      other,
      'with Call-ID': `${contactUri}\n${callId}`,
      'Call-ID only': callId,
    };
    const key = keys[keyLike];
    if (kind === 'put') return put('', { ...fields, key, binding: bound });
    return kind === 'removed' ? removed('', { ...fields, key }) : judged('', { ...fields, key });
  });

t.test('any record is read as it was written, in as many octets as was said, and can be skipped', async () => {
  fc.assert(
    fc.property(fc.array(someRecord, { maxLength: 4 }), (records) => {
      const profiles = new Profiles();
      const bytes = Buffer.alloc(7 + records.reduce((sum, record) => sum + recordBytes(record), 0));
      const writer = new BlockWriter();
      writer.open(bytes, 7);
      for (const [id, record] of records.entries()) {
        const profile = record.kind === 'put' ? profiles.acquire(record.binding) : 0;
        writeRecord(writer, record, id, profile, EXPIRY_TOLD);
      }
      assert.equal(writer.at, bytes.length - 7);
      const reader = new BlockReader();
      reader.open(bytes, 7, bytes.length - 7);
      for (const record of records) {
        const { at } = reader;
        assert.equal(marksOf(bytes, 7 + at), EXPIRY_TOLD);
        assert.deepEqual(
          readRecord(reader, (index) => profiles.get(index)),
          record,
        );
        const end = reader.at;
        reader.at = at;
        skipRecord(reader);
        assert.equal(reader.at, end);
      }
    }),
    { numRuns: 150 },
  );
});

t.test('a typical record takes little more than its text', async (t) => {
  const record = put('sip:1000123@192.168.1.23:5060;transport=udp', {
    callId: '0123456789abcdef0123456789@10.20.1',
    binding: binding({ received: 'sip:203.0.113.7:41234' }),
  });
  const length = record.contactUri.length + record.callId.length + record.binding.received.length;
  t.equal(recordBytes(record) - length, 39);
  t.equal(recordBytes({ ...record, key: `${record.contactUri}\n${record.callId}` }) - length, 42);
});

t.test('the hash is HalfSipHash-1-3, by its published values', async (t) => {
  const words = new Uint32Array(4);
  Buffer.from(words.buffer).set([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const key = [0x03020100, 0x07060504] as const;
  const hashes = [0, 1, 2, 3, 4, 5, 6, 7].map((length) => halfSipHash(words, length, key));
  t.same(hashes, [0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6]);
});

t.test('the index finds every slot that is in it, and no other, while it grows and shrinks', async () => {
  const step = fc.record({ add: fc.boolean(), hash: fc.oneof(fc.nat(0xffff_ffff), fc.nat(3)), nth: fc.nat(5000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, size: 'max' }), (steps) => {
      const slots = new AorSlots();
      const index = new AorIndex(slots);
      const hashes = new Map<number, number>();
      for (const { add, hash, nth } of steps) {
        const slot = add ? slots.allocate() : [...hashes.keys()][nth];
        if (slot === undefined) continue;
        if (add) {
          index.add(slot, hash);
          hashes.set(slot, hash);
          continue;
        }
        index.remove(slot);
        slots.release(slot);
        hashes.delete(slot);
      }
      assert.equal(index.size, hashes.size);
      for (const [slot, hash] of hashes) assert.ok(chain(index, slots, hash).includes(slot));
    }),
    { numRuns: 20 },
  );
});

function chain(index: AorIndex, slots: AorSlots, hash: number): number[] {
  const found: number[] = [];
  for (let slot = index.chainOf(hash); slot !== 0; slot = slots.get(slot, CHAIN)) found.push(slot);
  return found;
}

t.test('chains of the index stay short at any size', async (t) => {
  const slots = new AorSlots();
  const index = new AorIndex(slots);
  for (let n = 1; n <= 50_000; n++) index.add(slots.allocate(), Math.imul(n, 0x9e3779b1) >>> 0);
  let longest = 0;
  for (let n = 1; n <= 50_000; n++) {
    longest = Math.max(longest, chain(index, slots, Math.imul(n, 0x9e3779b1) >>> 0).length);
  }
  t.ok(longest <= 4, `${longest}`);
});

t.test('a paged array is 0 where nothing was set, also far beyond its end', async (t) => {
  const words = new PagedU32();
  words.set(1_000_000, 0xffff_ffff);
  t.equal(words.get(1_000_000), 0xffff_ffff);
  t.equal(words.get(999_999), 0);
  t.equal(words.get(2 ** 31), 0);
});

t.test('a profile is held once, as long as somebody has it, and its index is used again', async (t) => {
  const profiles = new Profiles();
  const first = profiles.acquire(binding({ userAgent: 'one' }));
  t.equal(profiles.acquire(binding({ userAgent: 'one', received: 'not part of it' })), first);
  const second = profiles.acquire(binding({ userAgent: 'two' }));
  t.not(second, first);
  profiles.release(first);
  t.match(profiles.get(first), { userAgent: 'one' });
  profiles.release(first);
  t.equal(profiles.size, 1);
  t.throws(() => profiles.get(first));
  t.equal(profiles.acquire(binding({ userAgent: 'three' })), first);
});

t.test('parts of a profile do not run into each other', async (t) => {
  const profiles = new Profiles();
  const one = profiles.acquire(binding({ methods: 1, flags: 23 }));
  t.not(profiles.acquire(binding({ methods: 12, flags: 3 })), one);
});

t.test('ids are dense, the last one freed is the next, and gaps that a restore left are filled', async (t) => {
  const ids = new RecordIds();
  ids.claim(3, 7);
  ids.claim(1, 7);
  t.equal(ids.limit, 4);
  t.same([ids.allocate(8), ids.allocate(8), ids.allocate(8)], [0, 2, 4]);
  ids.release(1);
  ids.release(3);
  t.equal(ids.slotOf(3), 0);
  t.same([ids.allocate(9), ids.allocate(9), ids.allocate(9)], [3, 1, 5]);
  t.same(
    [0, 1, 2, 3, 4, 5].map((id) => ids.slotOf(id)),
    [8, 9, 8, 9, 8, 9],
  );
  t.equal(ids.limit, 6);
});

t.test('a slot waits in the queue once, and the queue goes in order', async (t) => {
  const slots = new AorSlots();
  const queue = new SlotQueue(slots);
  for (const slot of [1, 2, 1, 3, 2]) queue.push(slot);
  t.same([queue.shift(), queue.shift()], [1, 2]);
  queue.push(1);
  t.same([queue.shift(), queue.shift(), queue.shift()], [3, 1, 0]);
  queue.push(2);
  t.same([queue.shift(), queue.shift()], [2, 0]);
});
