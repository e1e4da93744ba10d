import t from 'tap';
import { Fault } from '../../lib/sip/fault.ts';
import { headerParam } from '../../lib/sip/header-param.ts';
import { parseMessage } from '../../lib/sip/parser.ts';
import { serialiseReply } from '../../lib/sip/reply.ts';
import type { SipRequest } from '../../lib/sip/request.ts';
import { parseUri } from '../../lib/sip/uri.ts';
import { TORTURE_CASES } from './torture/cases.ts';

/** Of the two RFCs together; a case that got lost would not fail by itself. */
const CASE_COUNT = 61;

void t.test('there is a case for each torture message', (t) => {
  t.equal(TORTURE_CASES.length, CASE_COUNT);
  t.equal(new Set(TORTURE_CASES.map((torture) => torture.name)).size, CASE_COUNT, 'names are unique');
  t.end();
});

for (const torture of TORTURE_CASES) {
  void t.test(`${torture.name} (RFC ${torture.section}) is read as what it is`, (t) => {
    const parsed = parseMessage(torture.message);
    if (parsed.kind === 'malformed') {
      t.equal(parsed.fault.status, torture.parsed, parsed.fault.reason);
      t.equal(parsed.replyable !== undefined, torture.isReplyable !== false);
    } else {
      t.equal(parsed.kind, torture.parsed);
    }
    if (parsed.kind === 'request') t.equal(parsed.request.method, torture.method);
    t.end();
  });
}

function requestOf(name: string): SipRequest {
  const torture = TORTURE_CASES.find((candidate) => candidate.name === name);
  const parsed = parseMessage(torture?.message ?? '');
  if (parsed.kind !== 'request') throw new Error(`${name} is ${parsed.kind}`);
  return parsed.request;
}

function uriOf(text: string) {
  const uri = parseUri(text);
  if (uri instanceof Fault) throw new Error(uri.reason);
  return uri;
}

function addressOf(address: ReturnType<SipRequest['to']>) {
  if (address instanceof Fault) throw new Error(address.reason);
  return address;
}

function viaOf(request: SipRequest) {
  const via = request.topVia();
  if (via instanceof Fault) throw new Error(via.reason);
  return via;
}

function contactsOf(request: SipRequest) {
  const contacts = request.contacts();
  if (contacts instanceof Fault || contacts.kind !== 'list') throw new Error('no contacts');
  return contacts.contacts;
}

void t.test('wsinv: folds, blanks and compact forms come out as plain values', (t) => {
  const request = requestOf('wsinv');
  t.equal(request.cseq, 9);
  t.equal(request.cseqMethod, 'INVITE');
  t.equal(headerParam(addressOf(request.to()).params, 'tag'), '5520177n');
  t.equal(addressOf(request.to()).uriText, 'sip:vera@desk.example.com');
  t.equal(headerParam(addressOf(request.from()).params, 'tag'), '72hsd3');
  t.match(viaOf(request), { transport: 'UDP', host: '192.0.2.2', port: 0, isWellFormed: true });
  t.equal(request.headers('via').length, 2);
  t.equal(contactsOf(request)[0]?.q, '0.33');
  t.equal(request.header('subject'), '');
  t.match(request.body, /^v=0\r\n/);
  t.end();
});

void t.test('intmeth: a NUL in a quoted pair ends nothing', (t) => {
  const request = requestOf('intmeth');
  t.equal(request.method, "!odd.Method_~0%*+`'-");
  t.equal(addressOf(request.to()).displayName, '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f"');
  t.equal(uriOf(addressOf(request.to()).uriText).user, "1_odd.!~*'()&=+$,;?/");
  t.end();
});

void t.test('esc02: a percent sign in a method or header name escapes nothing', (t) => {
  const request = requestOf('esc02');
  t.not(request.method, 'REGISTER');
  t.same(
    contactsOf(request).map((contact) => contact.uriText),
    ['sip:alias1@host1.example.com', 'sip:alias3@host3.example.com'],
  );
  t.end();
});

void t.test('longreq: all 34 Vias are in the reply, in their order', (t) => {
  const request = requestOf('longreq');
  const reply = { status: 405, reason: 'Method Not Allowed', headers: [] };
  const text = serialiseReply(request, reply, { received: '127.0.0.1', rport: 5062 }, 'x');
  const rows = text.split('\r\n').filter((row) => row.startsWith('Via: '));
  t.equal(rows.length, 34);
  t.equal(rows[0], 'Via: SIP/2.0/TCP sip33.example.com;received=127.0.0.1;rport=5062');
  t.same(
    rows.slice(1),
    request
      .headers('via')
      .slice(1)
      .map((via) => `Via: ${via}`),
  );
  t.end();
});

void t.test('dblreq: what follows the announced body is no part of the request', (t) => {
  const request = requestOf('dblreq');
  t.equal(request.body, '');
  t.equal(request.headers('call-id').length, 1);
  t.end();
});

void t.test('semiuri: a semicolon in the user part begins no parameter', (t) => {
  const uri = uriOf(requestOf('semiuri').uriText);
  t.equal(uri.user, 'user;par=u%40example.net');
  t.same(uri.params, []);
  t.end();
});

void t.test('regbadct: a question mark without angle brackets is a fault of Contact', (t) => {
  t.match(requestOf('regbadct').contacts(), { status: 400 });
  t.end();
});

void t.test('cparam01: without angle brackets a parameter is the header`s', (t) => {
  const [contact] = contactsOf(requestOf('cparam01'));
  t.equal(contact?.uriText, 'sip:+19725552222@gw1.example.net');
  t.equal(contact?.params, ';unknownparam');
  t.end();
});

void t.test('cparam02: within angle brackets a parameter is the URI`s', (t) => {
  const [contact] = contactsOf(requestOf('cparam02'));
  t.equal(contact?.uriText, 'sip:+19725552222@gw1.example.net;unknownparam');
  t.equal(contact?.params, '');
  t.end();
});

void t.test('regescrt: an escaped header stays in the contact', (t) => {
  const [contact] = contactsOf(requestOf('regescrt'));
  t.equal(contact?.uriText, 'sip:user@example.com?Route=%3Csip:sip.example.com%3E');
  t.equal(uriOf(contact?.uriText ?? '').headers, 'Route=%3Csip:sip.example.com%3E');
  t.end();
});

void t.test('port-ambiguous: what looks like a port is the last group of the address', (t) => {
  t.match(uriOf(requestOf('port-ambiguous').uriText), { host: '[2001:db8::10:5070]', port: 0 });
  t.match(uriOf(requestOf('port-unambiguous').uriText), { host: '[2001:db8::10]', port: 5070 });
  t.end();
});

void t.test('received may stand with brackets and without', (t) => {
  const withBrackets = viaOf(requestOf('via-received-param-with-delim')).params;
  const without = viaOf(requestOf('via-received-param-no-delim')).params;
  t.equal(headerParam(withBrackets, 'received'), '[2001:db8::9:255]');
  t.equal(headerParam(without, 'received'), '2001:db8::9:255');
  t.end();
});

void t.test('all bindings of a case are contacts of its message', (t) => {
  for (const torture of TORTURE_CASES) {
    if (torture.bindings.length === 0) continue;
    const uris = contactsOf(requestOf(torture.name)).map((contact) => contact.uriText);
    t.same(
      uris,
      torture.bindings.map((binding) => binding.contactUri),
      torture.name,
    );
  }
  t.end();
});
