import t from 'tap';
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { StreamFramer, type Frame } from '../../../lib/sip/embedded/stream-framer.ts';

const LIMITS = { headBytesMax: 300, bodyBytesMax: 100 };
const PING = '\r\n\r\n';

function message(body = '', rows = ''): string {
  return `OPTIONS sip:example.com SIP/2.0\r\n${rows}Content-Length: ${String(body.length)}\r\n\r\n${body}`;
}

/** Everything that comes of the chunks, in order; a keep-alive as PING, a broken stream as its reason. */
function framesOf(chunks: readonly string[], framer = new StreamFramer(LIMITS)): string[] {
  const frames: string[] = [];
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk, 'latin1'));
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) frames.push(shown(frame));
  }
  return frames;
}

function shown(frame: Frame): string {
  switch (frame.kind) {
    case 'message':
      return frame.text;
    case 'keep-alive':
      return PING;
    case 'broken':
      return frame.head === undefined ? 'not SIP' : `${String(frame.fault.status)} ${frame.fault.reason}`;
  }
}

t.test('several messages in one chunk are told apart', (t) => {
  t.same(framesOf([message() + message('body') + message()]), [message(), message('body'), message()]);
  t.end();
});

t.test('one message over many chunks is one message', (t) => {
  const text = message('a\r\n\r\nb');
  t.same(framesOf([...text]), [text]);
  t.end();
});

t.test('octets above 127 come through as they are', (t) => {
  const text = message('\u0000\u007f\u0080\u00ff', 'Subject: \u00e4\u00fc\r\n');
  t.same(framesOf([text]), [text]);
  t.end();
});

t.test('CRLF CRLF between messages is a keep-alive, wherever it is split', (t) => {
  t.same(framesOf([PING]), [PING]);
  t.same(framesOf([...PING]), [PING]);
  t.same(framesOf([PING + PING + message()]), [PING, PING, message()]);
  t.same(framesOf([message() + PING, message()]), [message(), PING, message()]);
  t.end();
});

t.test('other line ends before a message are skipped', (t) => {
  for (const ends of ['\r\n', '\n', '\r', '\r\r', '\n\r\n', '\r\n\n', '\r\n\r']) {
    t.same(framesOf([ends + message()]), [message()], JSON.stringify(ends));
  }
  t.same(
    framesOf(['\r\n', message(), '\r\n', message()]),
    [message(), message()],
    'halves do not add up across a message',
  );
  t.end();
});

t.test('a message without a usable Content-Length breaks the stream', (t) => {
  const start = 'OPTIONS sip:example.com SIP/2.0\r\n';
  t.same(framesOf([`${start}\r\n${message()}`]), ['400 Missing Content-Length']);
  t.same(framesOf([`${start}l: -3\r\n\r\n${message()}`]), ['400 Invalid Content-Length']);
  t.same(framesOf([`${start}l: 3\r\nl: 4\r\n\r\nabc${message()}`]), ['400 Invalid Content-Length']);
  t.same(framesOf([`${start}l: 101\r\n\r\n`]), ['413 Request Entity Too Large']);
  t.end();
});

t.test('a broken stream gives nothing more, and the head to answer', (t) => {
  const framer = new StreamFramer(LIMITS);
  framer.push(Buffer.from('INVITE x\r\n\r\nrest'));
  t.match(framer.next(), { kind: 'broken', head: 'INVITE x\r\n\r\n', fault: { status: 400 } });
  t.equal(framer.next(), undefined);
  t.same(framesOf([message()], framer), []);
  t.equal(framer.isInsideMessage, false);
  t.end();
});

t.test('what cannot begin a SIP message breaks the stream at its first octet', (t) => {
  for (const octets of ['\u0016\u0003\u0001', ' OPTIONS', '\u0000', '\u00ff', '\u007f']) {
    t.same(framesOf([octets]), ['not SIP'], JSON.stringify(octets));
  }
  t.end();
});

t.test('a header section that never ends breaks the stream at the limit', (t) => {
  const fits = message('', `X: ${'x'.repeat(LIMITS.headBytesMax - message('', 'X: \r\n').length)}\r\n`);
  t.equal(fits.length, LIMITS.headBytesMax);
  t.same(framesOf([fits]), [fits]);
  t.same(framesOf([...fits]), [fits]);
  const tooLong = fits.replace('X: x', 'X: xx');
  t.same(framesOf([tooLong]), ['not SIP']);
  t.same(framesOf([...tooLong]), ['not SIP']);
  t.same(framesOf(['x'.repeat(LIMITS.headBytesMax)]), [], 'as long as it may still end');
  t.same(framesOf(['x'.repeat(LIMITS.headBytesMax + 1)]), ['not SIP']);
  t.end();
});

t.test('a body of the greatest length is taken', (t) => {
  const text = message('b'.repeat(LIMITS.bodyBytesMax));
  t.same(framesOf([text, PING]), [text, PING]);
  t.end();
});

t.test('it knows whether it is inside a message', (t) => {
  const framer = new StreamFramer(LIMITS);
  const inside = (chunk: string): boolean => {
    framesOf([chunk], framer);
    return framer.isInsideMessage;
  };
  t.equal(inside(''), false);
  t.equal(inside('\r\n'), false);
  t.equal(inside('O'), true);
  t.equal(inside(`${message().slice(1)}\r\n`), false);
  t.equal(inside(message('body').slice(0, -1)), true);
  t.equal(inside('y'), false);
  t.end();
});

const part = fc.oneof(
  fc.constant(PING),
  fc.constant('\r\n'),
  fc
    .string({ maxLength: 40, unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)) })
    .map((body) => message(body)),
  fc.string({ maxLength: 200 }).map((value) => message('', `X: ${value}\r\n`)),
);
const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 30 });

function split(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at)].filter((place) => place < text.length).sort((a, b) => a - b);
  return [0, ...places].map((place, index) => text.slice(place, places[index] ?? text.length));
}

t.test('any chunking of a stream of messages gives the same frames', (t) => {
  const property = fc.property(fc.array(part, { maxLength: 8 }), cuts, (parts, at) => {
    const stream = parts.join('');
    const whole = framesOf([stream]);
    deepEqual(framesOf(split(stream, at)), whole);
    const messages = parts.filter((text) => text !== PING && text !== '\r\n');
    deepEqual(
      whole.filter((frame) => frame !== PING),
      messages,
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 200 }));
  t.end();
});

t.test('any chunking of any octets gives the same frames, and at most one that is broken', (t) => {
  const octets = fc.string({
    unit: fc.constantFrom('\r', '\n', ' ', ':', 'l', '3', 'a', '\u0000', 'l: 2\r\n', PING),
    maxLength: 60,
  });
  const property = fc.property(octets, cuts, (stream, at) => {
    const whole = framesOf([stream]);
    deepEqual(framesOf(split(stream, at)), whole);
    deepEqual(framesOf([...stream]), whole);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  t.end();
});
