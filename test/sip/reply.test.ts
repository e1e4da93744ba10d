import t from 'tap';
import { parseMessage } from '../../lib/sip/parser.ts';
import { serialiseReply, type ViaStamp } from '../../lib/sip/reply.ts';
import { parseRequest, register, registerText } from './support/register.ts';

const OK = { status: 200, reason: 'OK', headers: [] };
const STAMP: ViaStamp = { received: '198.51.100.7', rport: 40_001 };

function topViaOf(via: string, stamp: ViaStamp = STAMP): string | undefined {
  return serialiseReply(register({ via }), OK, stamp, 'tt').split('\r\n')[1];
}

void t.test('a reply copies what RFC 3261 §8.2.6.2 names, in order, and adds the rest', (t) => {
  const request = register({
    via: 'SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bK1, SIP/2.0/TCP b;branch=2',
    from: '"Al" <sip:alice@example.com>;tag=1',
    cseq: '  7   REGISTER',
    rows: ['v: SIP/2.0/UDP c;branch=3', 'Record-Route: <sip:x;lr>', 'Contact: <sip:a@b>'],
  });
  const reply = {
    ...OK,
    headers: [
      ['Contact', '<sip:a@b>;expires=60'],
      ['Date', 'now'],
    ] as const,
  };
  t.equal(
    serialiseReply(request, reply, STAMP, 'totag', 'twinreg'),
    [
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bK1;received=198.51.100.7;rport=40001, SIP/2.0/TCP b;branch=2',
      'Via: SIP/2.0/UDP c;branch=3',
      'From: "Al" <sip:alice@example.com>;tag=1',
      'To: <sip:alice@example.com>;tag=totag',
      'Call-ID: a1@192.0.2.4',
      'CSeq: 7   REGISTER',
      'Contact: <sip:a@b>;expires=60',
      'Date: now',
      'Server: twinreg',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  t.end();
});

void t.test('rport and received of the topmost Via are ours to say', (t) => {
  const stamped = ';received=198.51.100.7;rport=40001';
  t.equal(topViaOf('SIP/2.0/UDP a;rport;branch=1'), `Via: SIP/2.0/UDP a;branch=1${stamped}`);
  t.equal(topViaOf('SIP/2.0/UDP a;branch=1;rport=1;received=9.9.9.9;x'), `Via: SIP/2.0/UDP a;branch=1;x${stamped}`);
  t.equal(topViaOf('SIP/2.0/UDP a'), `Via: SIP/2.0/UDP a${stamped}`);
  t.equal(
    topViaOf('SIP/2.0/UDP a ; rport ; branch=1 ,SIP/2.0/UDP b;rport'),
    `Via: SIP/2.0/UDP a ; branch=1${stamped} ,SIP/2.0/UDP b;rport`,
  );
  t.end();
});

void t.test('what is not stamped stays as it came', (t) => {
  const none = { received: undefined, rport: undefined };
  t.equal(topViaOf('SIP/2.0/UDP a;rport;received=1.1.1.1', none), 'Via: SIP/2.0/UDP a;rport;received=1.1.1.1');
  t.equal(
    topViaOf('SIP/2.0/UDP a;rport', { received: '1.2.3.4', rport: undefined }),
    'Via: SIP/2.0/UDP a;rport;received=1.2.3.4',
  );
  t.end();
});

void t.test('folded rows come back on one line', (t) => {
  t.equal(
    topViaOf('SIP/2.0/UDP\r\n a;branch=1\r\n  ;x'),
    'Via: SIP/2.0/UDP a;branch=1 ;x;received=198.51.100.7;rport=40001',
  );
  t.end();
});

void t.test('a To that has a tag gets no second one', (t) => {
  const tagged = serialiseReply(register({ to: 'sip:a@b;x=1;TAG=old' }), OK, STAMP, 'new');
  t.match(tagged, '\r\nTo: sip:a@b;x=1;TAG=old\r\n');
  const other = serialiseReply(register({ to: '"tag=x" <sip:a@b;tag=y>;z="tag"' }), OK, STAMP, 'new');
  t.match(other, '\r\nTo: "tag=x" <sip:a@b;tag=y>;z="tag";tag=new\r\n');
  t.end();
});

void t.test('a reply is a message that our own parser reads', (t) => {
  const parsed = parseMessage(
    serialiseReply(register(), { status: 423, reason: 'Interval Too Brief', headers: [] }, STAMP, 'x'),
  );
  t.match(parsed, {
    kind: 'response',
    response: { status: 423, reason: 'Interval Too Brief', cseq: 1, cseqMethod: 'REGISTER' },
  });
  t.end();
});

void t.test('a malformed request is answered with what it has', (t) => {
  const parsed = parseMessage(registerText({ to: '"a <sip:a@b>', cseq: 'x' }).replace(/From: [^\r]*\r\n/, ''));
  if (parsed.kind !== 'malformed' || parsed.replyable === undefined) throw new Error(parsed.kind);
  const text = serialiseReply(
    parsed.replyable,
    { ...OK, status: parsed.fault.status, reason: parsed.fault.reason },
    STAMP,
    'tt',
  );
  t.equal(
    text,
    [
      'SIP/2.0 400 Missing From',
      'Via: SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bK1;received=198.51.100.7;rport=40001',
      'To: "a <sip:a@b>;tag=tt',
      'Call-ID: a1@192.0.2.4',
      'CSeq: x',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  t.end();
});

void t.test('octets of a request come back unchanged', (t) => {
  const from = '"\xfc\xe4 \xf0\x9f\x93\x9e" <sip:\xc3\xbc@example.com>;tag=1';
  t.match(serialiseReply(parseRequest(registerText({ from })), OK, STAMP, 'x'), `\r\nFrom: ${from}\r\n`);
  t.end();
});
