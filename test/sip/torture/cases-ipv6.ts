import { lines, message, withBody, type TortureCase } from './torture-case.ts';

const NONE = [] as const;

interface Parts {
  readonly uri?: string;
  readonly vias?: readonly string[];
  readonly contact?: string;
}

function head(name: string, method: string, parts: Parts): readonly string[] {
  return [
    `${method} ${parts.uri ?? 'sip:user@[2001:db8::10]'} SIP/2.0`,
    'To: <sip:user@example.com>',
    'From: <sip:user@example.com>;tag=81x2',
    ...(parts.vias ?? ['SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111']).map((via) => `Via: ${via}`),
    `Call-ID: ${name}.SSG9559905523997077@[2001:db8::9:1]`,
    'Max-Forwards: 70',
    `Contact: ${parts.contact ?? '"Caller" <sip:caller@[2001:db8::1]>'}`,
    `CSeq: 98176 ${method}`,
  ];
}

function request(name: string, method: string, parts: Parts = {}): string {
  return message(...head(name, method, parts), 'Content-Length: 0');
}

function invite(name: string, parts: Parts, ...sdp: readonly string[]): string {
  return withBody([...head(name, 'INVITE', parts), 'Content-Type: application/sdp'], lines(...sdp));
}

const CALLER = [{ aor: 'user@example.com', contactUri: 'sip:caller@[2001:db8::1]' }];

/** RFC 5118: IPv6. */
export const IPV6_CASES: readonly TortureCase[] = [
  {
    name: 'ipv6-good',
    section: '5118 4.1',
    method: 'REGISTER',
    message: request('ipv6-good', 'REGISTER', { uri: 'sip:[2001:db8::10]' }),
    parsed: 'request',
    reply: [200],
    bindings: CALLER,
  },
  {
    name: 'ipv6-bad',
    section: '5118 4.2',
    method: 'REGISTER',
    message: request('ipv6-bad', 'REGISTER', { uri: 'sip:2001:db8::10' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'port-ambiguous',
    section: '5118 4.3',
    method: 'REGISTER',
    message: request('port-ambiguous', 'REGISTER', { uri: 'sip:[2001:db8::10:5070]' }),
    parsed: 'request',
    reply: [200],
    bindings: CALLER,
  },
  {
    name: 'port-unambiguous',
    section: '5118 4.4',
    method: 'REGISTER',
    message: request('port-unambiguous', 'REGISTER', { uri: 'sip:[2001:db8::10]:5070' }),
    parsed: 'request',
    reply: [200],
    bindings: CALLER,
  },
  {
    name: 'via-received-param-with-delim',
    section: '5118 4.5',
    method: 'BYE',
    message: request('via-received-param-with-delim', 'BYE', {
      vias: ['SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111'],
    }),
    parsed: 'request',
    reply: 'final',
    bindings: NONE,
  },
  {
    name: 'via-received-param-no-delim',
    section: '5118 4.5',
    method: 'OPTIONS',
    message: request('via-received-param-no-delim', 'OPTIONS', {
      vias: ['SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3'],
    }),
    parsed: 'request',
    reply: [200, 404],
    bindings: NONE,
  },
  {
    name: 'ipv6-in-sdp',
    section: '5118 4.6',
    method: 'INVITE',
    message: invite('ipv6-in-sdp', {}, 'v=0', 'o=assistant 971731711378798081 0 IN IP6 2001:db8::20', 's=-'),
    parsed: 'request',
    reply: 'final',
    bindings: NONE,
  },
  {
    name: 'mult-ip-in-header',
    section: '5118 4.7',
    method: 'BYE',
    message: request('mult-ip-in-header', 'BYE', {
      vias: [
        'SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111',
        'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
        'SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200',
      ],
    }),
    parsed: 'request',
    reply: 'final',
    bindings: NONE,
  },
  {
    name: 'mult-ip-in-sdp',
    section: '5118 4.8',
    method: 'INVITE',
    message: invite(
      'mult-ip-in-sdp',
      {},
      'v=0',
      's=-',
      'c=IN IP6 2001:db8::1',
      'm=audio 22334 RTP/AVP 0',
      'c=IN IP4 192.0.2.1',
    ),
    parsed: 'request',
    reply: 'final',
    bindings: NONE,
  },
  {
    name: 'ipv4-mapped-ipv6',
    section: '5118 4.9',
    method: 'INVITE',
    message: invite(
      'ipv4-mapped-ipv6',
      {
        uri: 'sip:user@example.com',
        vias: ['SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19'],
        contact: '"T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
      },
      'v=0',
      'c=IN IP6 ::ffff:192.0.2.2',
    ),
    parsed: 'request',
    reply: 'final',
    bindings: NONE,
  },
  {
    name: 'ipv6-bug-abnf-3-colons',
    section: '5118 4.10',
    method: 'OPTIONS',
    message: request('ipv6-bug-abnf-3-colons', 'OPTIONS', { uri: 'sip:user@[2001:db8:::192.0.2.1]' }),
    parsed: 'request',
    reply: [200, 404],
    bindings: NONE,
  },
  {
    name: 'ipv6-correct-abnf-2-colons',
    section: '5118 4.10',
    method: 'OPTIONS',
    message: request('ipv6-correct-abnf-2-colons', 'OPTIONS', { uri: 'sip:user@[2001:db8::192.0.2.1]' }),
    parsed: 'request',
    reply: [200, 404],
    bindings: NONE,
  },
];
