import fc from 'fast-check';
import t from 'tap';
import { canonicalUri } from '../../lib/sip/canonical-uri.ts';
import { Fault } from '../../lib/sip/fault.ts';
import { headerParam } from '../../lib/sip/header-param.ts';
import { parseMessage } from '../../lib/sip/parser.ts';
import { serialiseReply } from '../../lib/sip/reply.ts';
import type { SipRequest } from '../../lib/sip/request.ts';
import { parseUri } from '../../lib/sip/uri.ts';
import { registerText } from './support/register.ts';
import { TORTURE_CASES } from './torture/cases.ts';

const RUNS = { numRuns: 3000 };

const SEEDS = [
  ...TORTURE_CASES.map((torture) => torture.message),
  registerText({
    rows: [
      'Contact: "A" <sip:a@1.2.3.4:5060;transport=udp>;expires=60;+sip.instance="<urn:uuid:1>", <sip:b@c>;q=0.1',
      'Path: <sip:p1;lr>,<sip:p2;lr>',
      'Supported: path, outbound',
      'Require: path',
      'Expires: 3600',
      'Content-Length: 3',
    ],
    body: 'abc',
  }),
];

/** What mutations put in: the octets and words that mean something somewhere. */
const fragment = fc.oneof(
  fc.constantFrom(...'"<>;,:@=?%*\\/[]() \t\r\n\x00\x7f\xff0A'),
  fc.constantFrom(
    '\r\n',
    '\r\n\r\n',
    '\r\n ',
    '\n',
    '%00',
    '%',
    '::',
    '<sip:',
    '>;',
    '="',
    'Contact:',
    'Via: ',
    '\r\nContact: *\r\n',
    '9'.repeat(30),
  ),
  fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
);

const mutation = fc.record({ at: fc.nat(2000), removed: fc.nat(8), inserted: fragment });

const mutatedMessage = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(mutation, { minLength: 1, maxLength: 6 }))
  .map(([seed, mutations]) => mutations.reduce(mutate, seed));

function mutate(text: string, change: { at: number; removed: number; inserted: string }): string {
  const at = change.at % (text.length + 1);
  return text.substring(0, at) + change.inserted + text.substring(at + change.removed);
}

const randomOctets = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 200 })
  .map((octets) => String.fromCharCode(...octets));

/** Asks a request for everything that it can tell. */
function askForAll(request: SipRequest): void {
  request.requestUri();
  request.to();
  request.from();
  request.topVia();
  request.expires();
  request.pathUris();
  request.hasOption('supported', 'path');
  request.optionTags('require');
  request.header('user-agent');
  request.headers('via');
  void request.body;
  const contacts = request.contacts();
  if (contacts instanceof Fault || contacts.kind !== 'list') return;
  for (const contact of contacts.contacts) {
    headerParam(contact.params, 'expires');
    const uri = parseUri(contact.uriText);
    if (!(uri instanceof Fault)) canonicalUri(uri);
  }
}

/** Whether a message can be dealt with to the end; a reply to it must be a message that has only our own rows. */
function isDealtWith(text: string): boolean {
  const parsed = parseMessage(text);
  const request =
    parsed.kind === 'request' ? parsed.request : parsed.kind === 'malformed' ? parsed.replyable : undefined;
  if (request === undefined) return true;
  askForAll(request);
  const fault = parsed.kind === 'malformed' ? parsed.fault : undefined;
  const reply = { status: fault?.status ?? 200, reason: fault?.reason ?? 'OK', headers: [] };
  const out = serialiseReply(request, reply, { received: '1.2.3.4', rport: 5 }, 'tag');
  return (
    out.split('\n').length === 3 + 2 + rowCount(request) &&
    out.startsWith(`SIP/2.0 ${String(reply.status)} ${reply.reason}\r\n`)
  );
}

/** Rows that a reply copies. */
function rowCount(request: SipRequest): number {
  const names = ['from', 'to', 'call-id', 'cseq'] as const;
  return request.headers('via').length + names.filter((name) => request.header(name) !== undefined).length - 1;
}

void t.test('a mutated message is read or refused, and its reply has no row that it should not have', (t) => {
  fc.assert(fc.property(mutatedMessage, isDealtWith), RUNS);
  t.pass();
  t.end();
});

void t.test('random octets are dropped without a word', (t) => {
  fc.assert(
    fc.property(randomOctets, (text) => parseMessage(text).kind === 'malformed' && isDealtWith(text)),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('a message cut off anywhere is read or refused', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.nat(2000), (seed, length) => isDealtWith(seed.substring(0, length))),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('rows in another order and case say the same', (t) => {
  const rows = [
    'Via: SIP/2.0/UDP a',
    'From: <sip:a@b>;tag=1',
    'To: <sip:a@b>',
    'Call-ID: x',
    'CSeq: 5 REGISTER',
    'Expires: 7',
    'Contact: <sip:c@d>',
  ];
  const shuffled = fc.shuffledSubarray(rows, { minLength: rows.length });
  const spelled = fc.tuple(shuffled, fc.array(fc.boolean(), { minLength: rows.length, maxLength: rows.length }));
  fc.assert(
    fc.property(spelled, ([order, shouts]) => {
      const text = order.map((row, at) =>
        shouts[at] === true ? row.substring(0, row.indexOf(':')).toUpperCase() + row.substring(row.indexOf(':')) : row,
      );
      const parsed = parseMessage(['REGISTER sip:b SIP/2.0', ...text, '', ''].join('\r\n'));
      if (parsed.kind !== 'request') return false;
      const { request } = parsed;
      const contacts = request.contacts();
      return (
        request.callId === 'x' &&
        request.cseq === 5 &&
        request.expires() === 7 &&
        'kind' in contacts &&
        contacts.kind === 'list'
      );
    }),
    { numRuns: 500 },
  );
  t.pass();
  t.end();
});
