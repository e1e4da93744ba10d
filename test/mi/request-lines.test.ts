import t from 'tap';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RequestLines, type RequestLine } from '../../lib/mi/request-lines.ts';

const LINE_BYTES_MAX = 16;

function cut(chunks: readonly Buffer[]): RequestLine[] {
  const lines = new RequestLines(LINE_BYTES_MAX);
  return [...chunks.flatMap((chunk) => lines.push(chunk)), ...lines.end()];
}

const line = (text: string): RequestLine => ({ kind: 'line', text });
const TOO_LONG: RequestLine = { kind: 'too-long' };

t.test('lines come without their ends, empty ones not at all, and the last needs no end', (t) => {
  t.same(cut([Buffer.from('one\r\n\n  \ntwo\nthree')]), [line('one'), line('two'), line('three')]);
  t.same(cut([]), []);
  t.end();
});

t.test('a line may have as many bytes as allowed and no more; what follows a longer one is read', (t) => {
  const full = 'x'.repeat(LINE_BYTES_MAX);
  t.same(cut([Buffer.from(`${full}\n${full}x\nnext\n`)]), [line(full), TOO_LONG, line('next')]);
  t.same(cut([Buffer.from(`${full}x`)]), [TOO_LONG], 'even if its end never comes');
  t.end();
});

t.test('any chunking of a stream gives the same lines', (t) => {
  const text = fc.stringMatching(/^[ab\u00e9\n]{0,80}$/);
  fc.assert(
    fc.property(text, fc.array(fc.nat(80), { maxLength: 12 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      const places = [0, ...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      assert.deepEqual(cut(chunks), cut([bytes]));
    }),
    { numRuns: 200 },
  );
  t.pass('in 200 runs');
  t.end();
});
