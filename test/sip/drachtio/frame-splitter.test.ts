import fc from 'fast-check';
import t from 'tap';
import { DRACHTIO_LIMITS } from '../../../lib/sip/drachtio/drachtio-settings.ts';
import { FrameSplitter } from '../../../lib/sip/drachtio/frame-splitter.ts';

function framed(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${String(payload.length)}#`), payload]);
}

t.test('any chunking gives the same frames', async (t) => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(payloads, fc.array(fc.nat(200), { maxLength: 12 }), (texts, cuts) => {
      const stream = Buffer.concat(texts.map((text) => framed(Buffer.from(text))));
      const edges = [0, ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b), stream.length];
      const splitter = new FrameSplitter();
      const found: string[] = [];
      for (let index = 1; index < edges.length; index++) {
        splitter.push(stream.subarray(edges[index - 1], edges[index]));
        for (let frame = splitter.next(); frame !== undefined; frame = splitter.next())
          found.push(frame.toString('hex'));
      }
      return !splitter.isInsideFrame && found.join() === texts.map((text) => Buffer.from(text).toString('hex')).join();
    }),
  );
  t.pass('for every stream and every cut');
});

t.test('what begins with no length, or with too great a one, is refused before it is kept', async (t) => {
  const cases = [
    ['x', 'bad-length'],
    ['#abc', 'bad-length'],
    ['12a#', 'bad-length'],
    [`${String(DRACHTIO_LIMITS.receivedFrameBytesMax + 1)}`, 'frame-too-long'],
    ['99999999999999999999', 'frame-too-long'],
  ] as const;
  for (const [text, code] of cases) {
    const splitter = new FrameSplitter();
    splitter.push(Buffer.from(text));
    t.throws(() => splitter.next(), { name: 'AdminProtocolError', code }, text);
  }
});

t.test('the longest message of SIP fits', async (t) => {
  const splitter = new FrameSplitter();
  splitter.push(framed(Buffer.alloc(65_535 + 300, 'a')));
  t.equal(splitter.next()?.length, 65_835);
});
