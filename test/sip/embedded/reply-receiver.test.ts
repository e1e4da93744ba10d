import t from 'tap';
import { equal } from 'node:assert/strict';
import fc from 'fast-check';
import { Dispatcher } from '../../../lib/sip/serving/dispatcher.ts';
import { EngineStatistics } from '../../../lib/sip/serving/engine-statistics.ts';
import type { ReturnPath } from '../../../lib/sip/serving/inbound.ts';
import { ReplyReceiver } from '../../../lib/sip/embedded/reply-receiver.ts';

const RESPONSE =
  'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bK-tr-abc;received=192.0.2.1\r\n' +
  'From: <sip:pinger@example.com>;tag=1\r\nTo: "A" <sip:a@192.0.2.7>;tag=2\r\nCall-ID: c\r\nCSeq: 17 OPTIONS\r\n' +
  'Contact: <sip:a@192.0.2.7>\r\nContent-Length: 0\r\n\r\n';

const PATH: ReturnPath = {
  socket: { transport: 'udp', address: '192.0.2.1', port: 5060, name: 'udp:192.0.2.1:5060' },
  answersStale: false,
  expectReply: () => undefined,
  sendReply: () => undefined,
};

const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const piece = fc.oneof(
  octets,
  fc.constantFrom(
    '\r\n',
    '\r',
    '\n',
    '\0',
    ' ',
    '"',
    '\\',
    ';',
    ',',
    ';branch=',
    'z9hG4bK-tr-',
    '[',
    '\r\nVia: ',
    '100',
  ),
);
const edit = fc.record({ at: fc.nat({ max: RESPONSE.length }), cut: fc.nat({ max: 12 }), insert: piece });
const mutated = fc
  .array(edit, { minLength: 1, maxLength: 4 })
  .map((edits) =>
    edits.reduce((text, { at, cut, insert }) => text.slice(0, at) + insert + text.slice(at + cut), RESPONSE),
  );

t.test('any octets behind a status line are a reply of ours, a provisional one, a stray or malformed', (t) => {
  const statistics = new EngineStatistics();
  let told = 0;
  const receiver = new ReplyReceiver((token, status) => {
    equal(token.length > 0 && token.length <= 64 && status >= 200 && status <= 699, true);
    told += 1;
  }, statistics);
  const taken = (): { told: number; strays: number; provisional: number } => ({
    told,
    strays: strays(statistics),
    provisional: statistics.repliesReceived['1xx'] ?? 0,
  });
  const dispatcher = new Dispatcher(new Map(), [], { send: () => undefined }, receiver, statistics);
  const text = fc
    .oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: octets })
    .map((tail) => (tail.startsWith('SIP/2.0') ? tail : `SIP/2.0 ${tail}`));
  fc.assert(
    fc.property(text, (message) => {
      const before = taken();
      dispatcher.receive(message, PATH, '192.0.2.7', 5060);
      const after = taken();
      const isProvisional = after.provisional > before.provisional;
      equal(after.told + after.strays === before.told + before.strays + 1 || isProvisional, true);
    }),
    { numRuns: 3000 },
  );
  dispatcher.receive(RESPONSE, PATH, '192.0.2.7', 5060);
  t.ok(told > 0);
  t.equal(statistics.engineErrors, 0);
  t.end();
});

function strays({ drops }: EngineStatistics): number {
  return (drops['response'] ?? 0) + (drops['malformed'] ?? 0);
}
