import t from 'tap';
import { EngineStatistics } from '../../../lib/sip/serving/engine-statistics.ts';
import { Inbound, type ReturnPath } from '../../../lib/sip/serving/inbound.ts';
import { Replier } from '../../../lib/sip/embedded/replier.ts';
import { ToTags } from '../../../lib/sip/embedded/to-tag.ts';
import { parseMessage } from '../../../lib/sip/parser.ts';

const REQUEST = [
  'OPTIONS sip:example.com SIP/2.0',
  'Via: SIP/2.0/UDP [fe80::1]:5060;branch=z9hG4bK1;rport',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Call-ID: 1',
  'CSeq: 1 OPTIONS',
  '\r\n',
].join('\r\n');

t.test('the zone of a link-local source leads the reply back, and is not told to the phone', (t) => {
  const sent: [text: string, address: string, port: number][] = [];
  const path: ReturnPath = {
    socket: { transport: 'udp', address: 'fe80::2', port: 5060, name: 'udp:[fe80::2]:5060' },
    answersStale: false,
    expectReply: () => undefined,
    sendReply: (...reply) => sent.push(reply),
  };
  const settings = { forceRport: true, serverHeader: '' };
  const replier = new Replier(settings, new ToTags({ u32: () => 1 }), new EngineStatistics());
  const parsed = parseMessage(REQUEST);
  if (parsed.kind !== 'request') throw new Error('a valid request');
  new Inbound(parsed.request, path, 'fe80::1%eth0', 5060, replier).reply({ status: 200, reason: 'OK', headers: [] });
  const [[text, address, port] = ['', '', 0]] = sent;
  t.match(text, /\r\nVia: SIP\/2\.0\/UDP \[fe80::1\]:5060;branch=z9hG4bK1;received=fe80::1;rport=5060\r\n/);
  t.same([address, port], ['fe80::1%eth0', 5060]);
  t.end();
});
