import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { FrameSplitter } from '../../lib/replication/frame-splitter.ts';
import { BODY_BYTES_MAX, GREETING_BYTES_MAX } from '../../lib/replication/limits.ts';
import { ProtocolError } from '../../lib/replication/protocol-error.ts';
import { naiveCrc32, readFrames, writeFrame } from './support/naive-codec.ts';

interface Taken {
  readonly type: number;
  readonly body: readonly number[];
}

/** All that comes out, and the code of the error that ended it. */
function split(
  chunks: readonly Buffer[],
  bodyBytesMax = BODY_BYTES_MAX,
): { frames: Taken[]; error: string | undefined } {
  const splitter = new FrameSplitter(bodyBytesMax);
  const frames: Taken[] = [];
  try {
    for (const chunk of chunks) splitter.push(chunk, (type, body) => frames.push({ type, body: [...body] }) > 0);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { frames, error: error.code };
  }
  return { frames, error: undefined };
}

/** Each chunk in memory of its own that is used for something else afterwards, as a socket's may be. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  const ends = [...at, stream.length];
  return ends.map((end, index) => Buffer.from(stream.subarray(at[index - 1] ?? 0, end)));
}

const body = fc.uint8Array({ maxLength: 60 });
const frames = fc.array(fc.record({ type: fc.integer({ min: 0, max: 255 }), body }), { minLength: 1, maxLength: 6 });

function streamOf(list: readonly { readonly type: number; readonly body: Uint8Array }[]): Buffer {
  return Buffer.concat(list.map((one) => writeFrame(one.type, [...one.body])));
}

t.test('a stream gives the same frames however its octets arrive', async () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), (list, places) => {
      const stream = streamOf(list);
      const { frames: found, error } = split(cut(stream, places));
      assert.equal(error, undefined);
      assert.deepEqual(found, readFrames(stream));
    }),
    { numRuns: 300 },
  );
});

t.test('so it does octet by octet', async (t) => {
  const stream = streamOf([
    { type: 1, body: Buffer.from('hello') },
    { type: 12, body: Buffer.alloc(0) },
  ]);
  const octets = [...stream].map((octet) => Buffer.from([octet]));
  t.strictSame(split(octets).frames, readFrames(stream));
});

t.test('chunks that the reader uses again meanwhile do no harm to what is kept of them', async (t) => {
  const splitter = new FrameSplitter(BODY_BYTES_MAX);
  const stream = streamOf([
    { type: 4, body: Buffer.from('first') },
    { type: 5, body: Buffer.from('second') },
  ]);
  const found: string[] = [];
  const memory = Buffer.alloc(7);
  for (let at = 0; at < stream.length; at += memory.length) {
    const length = stream.copy(memory, 0, at);
    splitter.push(memory.subarray(0, length), (_, octets) => found.push(octets.toString()) > 0);
    memory.fill(0xff);
  }
  t.same(found, ['first', 'second']);
});

t.test('a changed octet ends the stream or holds it up, and no frame comes out changed', async () => {
  fc.assert(
    fc.property(
      frames,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (list, at, by, places) => {
        const stream = streamOf(list);
        const whole = readFrames(stream);
        const index = at % stream.length;
        stream[index] = (stream[index] ?? 0) ^ by;
        const { frames: found, error } = split(cut(stream, places));
        assert.deepEqual(found, whole.slice(0, found.length));
        assert.ok(error !== undefined || found.length < whole.length);
      },
    ),
    { numRuns: 500 },
  );
});

t.test('a wrong check sum is a damaged frame', async (t) => {
  const bytes = writeFrame(5, [1, 2, 3]);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  t.match(split([bytes]), { frames: [], error: 'frame-damaged' });
});

t.test('the check sum covers the type, too', async (t) => {
  const bytes = writeFrame(5, [1, 2, 3]);
  bytes[4] = 6;
  t.match(split([bytes]), { frames: [], error: 'frame-damaged' });
});

t.test('a body of the greatest length passes, and of one octet more only the length is looked at', async (t) => {
  const longest = writeFrame(
    1,
    Array.from({ length: GREETING_BYTES_MAX }, () => 7),
  );
  t.equal(split([longest], GREETING_BYTES_MAX).frames[0]?.body.length, GREETING_BYTES_MAX);
  const head = Buffer.from([0, 0, 0x04, 0x01, 1]);
  t.match(split([head], GREETING_BYTES_MAX), { frames: [], error: 'frame-too-long' });
});

t.test('a length of 4 GB is refused at once, and no memory is taken for it', async (t) => {
  const taken = memoryTaken(t);
  const splitter = new FrameSplitter(BODY_BYTES_MAX);
  const head = Buffer.from([0xff, 0xff, 0xff, 0xff, 4]);
  for (const octet of head.subarray(0, 4)) splitter.push(Buffer.from([octet]), () => true);
  t.throws(() => splitter.push(head.subarray(4), () => true), { code: 'frame-too-long' });
  t.ok(Math.max(...taken()) <= 16, 'room for the octets that came');
});

/** How many octets were taken from the system at a time while the test runs. */
function memoryTaken(t: Test): () => number[] {
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  const calls = t.capture(Buffer, 'allocUnsafeSlow', (size: number) => allocate(size));
  const sizes: number[] = [0];
  return () => {
    sizes.push(...calls().map(({ args: [size] }) => size));
    return sizes;
  };
}

t.test('garbage costs no more memory than the longest frame and one chunk', async (t) => {
  const taken = memoryTaken(t);
  const chunkBytesMax = 300;
  const limit = 200;
  // Lengths that are allowed, so that much is waited for; the rest of the garbage is any.
  const garbage = fc.array(fc.tuple(fc.nat(limit), fc.uint8Array({ maxLength: chunkBytesMax - 4 })), { maxLength: 20 });
  fc.assert(
    fc.property(garbage, (pieces) => {
      split(
        pieces.map(([length, octets]) => Buffer.from([0, 0, 0, length, ...octets])),
        limit,
      );
    }),
    { numRuns: 300 },
  );
  const longest = Math.max(...taken());
  t.ok(longest > 0, 'something was kept');
  t.ok(longest <= limit + 9 + chunkBytesMax, `${longest} octets`);
});

t.test('a frame of the greatest length takes twice its length at most', async (t) => {
  const taken = memoryTaken(t);
  const bytes = writeFrame(
    4,
    Array.from({ length: 100_000 }, () => 1),
  );
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) =>
    bytes.subarray(index * 65_536, (index + 1) * 65_536),
  );
  t.equal(split(chunks).frames.length, 1);
  t.ok(Math.max(...taken()) <= 2 * bytes.length);
});

t.test('the limit may rise between two frames of one chunk', async (t) => {
  const splitter = new FrameSplitter(3);
  const stream = streamOf([
    { type: 2, body: Buffer.from('abc') },
    { type: 4, body: Buffer.from('longer') },
  ]);
  const found: number[] = [];
  splitter.push(stream, (type) => {
    splitter.bodyBytesMax = 100;
    return found.push(type) > 0;
  });
  t.same(found, [2, 4]);
});

t.test('after a frame that is the last nothing behind it is looked at', async (t) => {
  const splitter = new FrameSplitter(100);
  const stream = Buffer.concat([writeFrame(13, [1, 0, 0]), Buffer.from('no frame at all, and too long for one')]);
  const found: number[] = [];
  splitter.push(stream, (type) => found.push(type) < 0);
  t.same(found, [13]);
});

t.test('the check sum of nothing is that of the type alone', async (t) => {
  t.match(split([writeFrame(12, [])]), { frames: [{ type: 12, body: [] }], error: undefined });
  t.equal(naiveCrc32([12]), writeFrame(12, []).readUInt32BE(5));
});
