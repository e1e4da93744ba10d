import t from 'tap';
import { contentLength } from '../../../lib/sip/embedded/content-length.ts';

const START = 'REGISTER sip:example.com SIP/2.0\r\n';

function lengthIn(...rows: readonly string[]): ReturnType<typeof contentLength> {
  return contentLength(`${START}${rows.map((row) => `${row}\r\n`).join('')}\r\n`);
}

t.test('Content-Length is found in every form that RFC 3261 allows', (t) => {
  t.equal(lengthIn('Content-Length: 42'), 42);
  t.equal(lengthIn('l: 7'), 7);
  t.equal(lengthIn('L:7'), 7);
  t.equal(lengthIn('CONTENT-LENGTH\t :  0'), 0);
  t.equal(lengthIn('Content-Length: 12  \t'), 12);
  t.equal(lengthIn('Content-Length:\r\n 13'), 13, 'a folded value');
  t.equal(lengthIn('Content-Length: 14\r\n '), 14, 'a fold behind it');
  t.equal(lengthIn('Call-ID: a', 'Content-Length: 0015', 'CSeq: 1 REGISTER'), 15);
  t.end();
});

t.test('what only looks like Content-Length is another header', (t) => {
  t.equal(lengthIn('Content-Length-Extra: 1'), 'missing');
  t.equal(lengthIn('Content-Type: 1'), 'missing');
  t.equal(lengthIn('Language: 1'), 'missing');
  t.equal(lengthIn('X-Content-Length: 1'), 'missing');
  t.equal(lengthIn('Subject: x\r\n Content-Length: 1'), 'missing', 'a folded line belongs to the row above');
  t.equal(lengthIn('C%6Fntent-Length: 1'), 'missing', 'header names have no escapes');
  t.equal(contentLength('Content-Length: 1\r\n\r\n'), 1, 'a section without start line is framed all the same');
  t.end();
});

t.test('a value that is not one number is invalid', (t) => {
  const values = ['', '-1', '+1', '0x10', '1 2', '1, 1', '1,2', '1.5', 'ten', '1;x', '1\r\n 2'];
  for (const value of values) t.equal(lengthIn(`Content-Length: ${value}`), 'invalid', JSON.stringify(value));
  t.end();
});

t.test('two rows may repeat the value but not differ', (t) => {
  t.equal(lengthIn('Content-Length: 5', 'l: 5'), 5);
  t.equal(lengthIn('Content-Length: 5', 'l: 6'), 'invalid');
  t.equal(lengthIn('l: 5', 'Content-Length: x'), 'invalid');
  t.end();
});

t.test('a huge value is a huge number, and no overflow', (t) => {
  t.equal(lengthIn('Content-Length: 4294967296'), 4_294_967_296);
  t.ok(Number(lengthIn(`Content-Length: ${'9'.repeat(400)}`)) > 1e300);
  t.end();
});

t.test('a bare line feed makes the header section ambiguous', (t) => {
  t.equal(contentLength(`${START}A: b\nContent-Length: 3\r\n\r\n`), 'invalid');
  t.equal(contentLength(`${START}A: b\n\nContent-Length: 3\r\n\r\n`), 'invalid');
  t.end();
});
