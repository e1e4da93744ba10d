import t from 'tap';
import fc from 'fast-check';
import type { OptionsRequest } from '../../lib/sip/engine.ts';
import { OptionsWriter } from '../../lib/sip/options-writer.ts';
import { parseMessage } from '../../lib/sip/parser.ts';
import { parseUri } from '../../lib/sip/uri.ts';
import { Fault } from '../../lib/sip/fault.ts';

const UDP = new OptionsWriter({ transport: 'udp', sentBy: '192.0.2.1:5060', userAgent: 'twinreg' });
const IDENTITY = { branch: 'z9hG4bK-tr-abc', fromTag: 'tag1', callId: 'call-1', cseq: 17 };
const REQUEST: OptionsRequest = {
  token: 'abc',
  requestUri: 'sip:alice@198.51.100.7:1024',
  fromUri: 'sip:pinger@example.com',
  route: '',
  nextHop: { transport: 'udp', host: '198.51.100.7', port: 1024 },
  socketName: 'udp:192.0.2.1:5060',
};

t.test('an OPTIONS over UDP has these octets', (t) => {
  t.equal(
    UDP.write(REQUEST, IDENTITY),
    'OPTIONS sip:alice@198.51.100.7:1024 SIP/2.0\r\n' +
      'Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK-tr-abc\r\n' +
      'From: <sip:pinger@example.com>;tag=tag1\r\n' +
      'To: <sip:alice@198.51.100.7:1024>\r\n' +
      'Call-ID: call-1\r\n' +
      'CSeq: 17 OPTIONS\r\n' +
      'Max-Forwards: 70\r\n' +
      'Contact: <sip:192.0.2.1:5060>\r\n' +
      'Accept: application/sdp\r\n' +
      'User-Agent: twinreg\r\n' +
      'Content-Length: 0\r\n\r\n',
  );
  t.end();
});

t.test('an OPTIONS over TCP says so in Via and Contact; the Path becomes one Route row, as it was stored', (t) => {
  const tcp = new OptionsWriter({ transport: 'tcp', sentBy: '[2001:db8::1]:5060', userAgent: '' });
  const route = '"Edge, 1" <sip:a@p1.example.com;lr>;x="y",<sip:p2.example.com;lr>';
  t.equal(
    tcp.write({ ...REQUEST, route }, IDENTITY),
    'OPTIONS sip:alice@198.51.100.7:1024 SIP/2.0\r\n' +
      'Via: SIP/2.0/TCP [2001:db8::1]:5060;rport;branch=z9hG4bK-tr-abc\r\n' +
      `Route: ${route}\r\n` +
      'From: <sip:pinger@example.com>;tag=tag1\r\n' +
      'To: <sip:alice@198.51.100.7:1024>\r\n' +
      'Call-ID: call-1\r\n' +
      'CSeq: 17 OPTIONS\r\n' +
      'Max-Forwards: 70\r\n' +
      'Contact: <sip:[2001:db8::1]:5060;transport=tcp>\r\n' +
      'Accept: application/sdp\r\n' +
      'Content-Length: 0\r\n\r\n',
  );
  t.end();
});

const REQUEST_URIS = [
  ['sip:a@h?Subject=x', 'sip:a@h'],
  ['sip:a@h;p=1?', 'sip:a@h;p=1'],
  ['sip:a?b@h', 'sip:a?b@h'],
  ['sip:a?b@h?c=d', 'sip:a?b@h'],
] as const;

for (const [contact, uri] of REQUEST_URIS) {
  void t.test(`a contact ${contact} is asked as ${uri}`, (t) => {
    const text = UDP.write({ ...REQUEST, requestUri: contact }, IDENTITY) ?? '';
    t.match(text, `OPTIONS ${uri} SIP/2.0\r\n`);
    t.match(text, `\r\nTo: <${uri}>\r\n`);
    t.end();
  });
}

for (const octet of ['\r', '\n', '\r\nEvil: 1', '\0', ' ', '\t', '"', '<', '>', '\x7f']) {
  void t.test(`nothing is written with ${JSON.stringify(octet)} in a URI`, (t) => {
    t.ok(parseUri(`sip:a${octet}@h`) instanceof Fault, 'the parser takes none either');
    t.equal(UDP.write({ ...REQUEST, requestUri: `sip:a${octet}@h` }, IDENTITY), undefined);
    t.equal(UDP.write({ ...REQUEST, requestUri: `sip:a@h;p=${octet}` }, IDENTITY), undefined);
    t.equal(UDP.write({ ...REQUEST, fromUri: `sip:a${octet}@h` }, IDENTITY), undefined);
    t.end();
  });
}

for (const octet of ['\r', '\n', '\r\nEvil: 1', '\0']) {
  void t.test(`nothing is written with ${JSON.stringify(octet)} in the Path`, (t) => {
    t.equal(UDP.write({ ...REQUEST, route: `<sip:p;lr>${octet}` }, IDENTITY), undefined);
    t.end();
  });
}

t.test('whatever URI and Path are, there are only our rows, and they are one valid request', (t) => {
  const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
  const names = /^(OPTIONS|Via|Route|From|To|Call-ID|CSeq|Max-Forwards|Contact|Accept|User-Agent|Content-Length)\b/;
  fc.assert(
    fc.property(octets, octets, (user, path) => {
      const text = UDP.write({ ...REQUEST, requestUri: `sip:${user}@h`, route: path }, IDENTITY);
      if (text === undefined) return true;
      const rows = text.split(/\r\n|\r|\n/).filter((row) => row !== '');
      const expected = path === '' ? 11 : 12;
      return rows.length === expected && rows.every((row) => names.test(row));
    }),
  );
  t.equal(parseMessage(UDP.write({ ...REQUEST, route: '<sip:p;lr>' }, IDENTITY) ?? '').kind, 'request');
  t.end();
});
