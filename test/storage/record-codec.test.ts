import t from 'tap';
import fc from 'fast-check';
import { ByteReader, MalformedBytes } from '../../lib/storage/byte-reader.ts';
import { ByteWriter } from '../../lib/storage/byte-writer.ts';
import { emptyEntry, readEntry, writeEntry, writeRecord } from '../../lib/storage/record-codec.ts';
import { somePut, someBinding } from './support/some-records.ts';

function written(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(1024, 1024 * 1024);
  write(out);
  return Buffer.from(out.memory, 0, out.length);
}

const put = somePut('a', 0x0102_0304_0506, {
  key: 'k',
  contactUri: 'c',
  callId: 'id',
  cseq: 0xa1a2a3a4,
  version: { ms: 0x0102_0304_0506, counter: 0x1112, nodeId: 0x2122, incarnation: 0x31323334 },
  expiresAtMs: 0x4142_4344_4546,
  sticky: true,
  binding: someBinding({
    q: 700,
    received: 'r',
    path: 'p',
    instance: 'i',
    attr: 't',
    userAgent: 'u',
    socket: 's',
    methods: 7,
    flags: 4,
    cflags: 'f',
  }),
});

t.test('an entry has these bytes: journals of earlier builds must stay readable', (t) => {
  const bytes = written((out) => writeEntry(out, 0x5152, put, true));
  const head = '52510000' + '0c' + '060504030201' + '1211' + '2221' + '34333231' + '464544434241' + 'a4a3a2a1';
  t.equal(bytes.toString('hex'), head + '02' + '6964');
  const without = written((out) => writeEntry(out, 0x5152, { ...put, kind: 'judged', sticky: false }, false));
  t.equal(without.toString('hex'), head.replace('520c', '5202').replace('000c', '0002'));
  t.end();
});

t.test('a record has these bytes', (t) => {
  const bytes = written((out) => writeRecord(out, 1, 'a@d', put));
  const texts = '026964' + '03614064' + '0163' + '016b' + '0172' + '0170' + '0169' + '0174';
  t.equal(bytes.subarray(29).toString('hex'), texts + 'bd02' + '07000000' + '04000000' + '0175' + '0173' + '0166');
  t.equal(bytes[4], 0x1c, 'put, sticky, with Call-ID and a key of its own');
  t.end();
});

t.test('a text of 255 octets or more has a long length', (t) => {
  const bytes = written((out) => out.text('x'.repeat(255)));
  t.equal(bytes.subarray(0, 6).toString('hex'), 'ff' + 'ff000000' + '78');
  t.equal(new ByteReader(bytes).text().length, 255);
  t.end();
});

t.test('bytes that end anywhere are malformed, not read past their end', (t) => {
  const bytes = written((out) => writeEntry(out, 7, put, true));
  const property = fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
    const reader = new ByteReader(bytes.subarray(0, length));
    try {
      readEntry(reader, emptyEntry());
      reader.text();
      return false;
    } catch (error) {
      return error instanceof MalformedBytes;
    }
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 100 }));
  t.end();
});

t.test('a writer grows up to its maximum and keeps what it has', (t) => {
  const out = new ByteWriter(16, 100);
  out.text('0123456789');
  t.ok(out.room(80));
  out.text('x'.repeat(60));
  t.notOk(out.room(40), 'that would be more than 100');
  t.equal(new ByteReader(Buffer.from(out.memory, 0, out.length)).text(), '0123456789');
  t.end();
});
