import fc from 'fast-check';
import { requestText } from './sip-text.ts';

const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const octets = fc.string({ unit: octet, maxLength: 300 });

/** Pieces that mean something to a SIP reader, to be put where they do not belong. */
const piece = fc.oneof(
  octets,
  fc.constantFrom(
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\0',
    ' ',
    '\t',
    '"',
    '<',
    '>',
    ';',
    ',',
    ':',
    '%',
    '[',
    ']',
    '\\',
    '\r\n ',
  ),
  fc.constantFrom(
    'Content-Length: 99999999999999999999\r\n',
    'l: -1\r\n',
    'Contact: *\r\n',
    'Via: ',
    'SIP/2.0',
    '4294967296',
  ),
  fc.constantFrom('\r\nVia: SIP/2.0/UDP [::1', '%00', '%', 'tag=', '"\\', 'Require: a,,b\r\n', 'CSeq: 1 ACK\r\n'),
);

const edit = fc.record({ at: fc.nat({ max: 600 }), cut: fc.nat({ max: 12 }), insert: piece });

/** A request with some of its octets replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom('REGISTER', 'OPTIONS', 'INVITE', 'ACK', 'CANCEL', 'FOO'),
    fc.array(edit, { minLength: 1, maxLength: 5 }),
  )
  .map(([method, edits]) =>
    edits.reduce(
      (text, { at, cut, insert }) => text.slice(0, at) + insert + text.slice(at + cut),
      requestText({
        method,
        rows: ['Contact: "A \\" B" <sip:a@[::1]:5060;transport=udp>;q=0.5, <sip:b@192.0.2.1>', 'Supported: path, gruu'],
        body: 'v=0\r\n',
      }),
    ),
  );

/** What may come over the network, a byte string: most of it is a request of which a part is something else. */
export const junk = fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: octets });
