import t from 'tap';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DumpReader } from '../../lib/cli/dump-reader.ts';

function reply(aors: readonly unknown[]): string {
  const domain = { name: 'location', hash_size: 512, AORs: aors };
  return JSON.stringify({ jsonrpc: '2.0', result: { Domains: [domain] }, id: 1 });
}

function read(text: string, chunkBytes: number) {
  const reader = new DumpReader();
  const bytes = Buffer.from(text);
  const elements: unknown[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    elements.push(...reader.push(bytes.subarray(at, at + chunkBytes)).map((element) => JSON.parse(element)));
  }
  return { elements, frame: JSON.parse(reader.frame()) };
}

t.test('any chunking gives the AoRs and the reply without them', (t) => {
  const plain = { noNullPrototype: true };
  const contact = fc.record(
    { Contact: fc.string(), 'User-agent': fc.string({ unit: 'binary' }), Cseq: fc.nat() },
    plain,
  );
  const names = fc.constantFrom('a"}]', '\\', 'é', '{[', 'plain');
  const aor = fc.record({ AOR: names, Contacts: fc.array(contact, { maxLength: 3 }) }, plain);
  fc.assert(
    fc.property(fc.array(aor, { maxLength: 5 }), fc.integer({ min: 1, max: 400 }), (aors, chunkBytes) => {
      const { elements, frame } = read(reply(aors), chunkBytes);
      assert.deepEqual(elements, aors);
      assert.deepEqual(frame, JSON.parse(reply([])));
    }),
    { numRuns: 200 },
  );
  t.pass('in 200 runs');
  t.end();
});

t.test('an error is all frame', (t) => {
  const error = '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}';
  const { elements, frame } = read(error, 7);
  t.same(elements, []);
  t.same(frame, JSON.parse(error));
  t.end();
});
