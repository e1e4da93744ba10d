import { lines, message, type TortureCase } from './torture-case.ts';

const SDP = lines('v=0', 'o=caller 29739 7272939 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0');

const NONE = [] as const;

interface Parts {
  readonly uri?: string;
  readonly version?: string;
  readonly to?: string;
  readonly from?: string;
  readonly cseq?: string;
  readonly via?: string;
  readonly more?: readonly string[];
}

/** A plain request with the odd thing put in. */
function request(name: string, method: string, parts: Parts): string {
  return message(
    `${method} ${parts.uri ?? 'sip:user@example.com'} ${parts.version ?? 'SIP/2.0'}`,
    `To: ${parts.to ?? '<sip:user@example.com>'}`,
    `From: ${parts.from ?? '<sip:caller@example.net>;tag=39291'}`,
    'Max-Forwards: 70',
    `Call-ID: ${name}.k2ksd9ks@192.0.2.35`,
    `CSeq: ${parts.cseq ?? `8 ${method}`}`,
    `Via: ${parts.via ?? `SIP/2.0/UDP 192.0.2.35;branch=z9hG4bK-${name}`}`,
    ...(parts.more ?? ['Content-Length: 0']),
  );
}

/** RFC 4475 §3.1.2: syntactically wrong. */
export const INVALID_CASES: readonly TortureCase[] = [
  {
    name: 'badinv01',
    section: '4475 3.1.2.1',
    method: 'INVITE',
    message: request('badinv01', 'INVITE', {
      via: 'SIP/2.0/UDP 192.0.2.15;;,;,,',
      more: ['Contact: "Joe" <sip:joe@example.org>;;;;', 'l: 0'],
    }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'clerr',
    section: '4475 3.1.2.2',
    method: 'INVITE',
    message: request('clerr', 'INVITE', { more: ['Content-Type: application/sdp', 'Content-Length: 9999'] }) + SDP,
    parsed: 400,
    reply: [400],
    bindings: NONE,
    onStream: 'waits',
  },
  {
    name: 'ncl',
    section: '4475 3.1.2.3',
    method: 'INVITE',
    message: request('ncl', 'INVITE', { more: ['Content-Type: application/sdp', 'Content-Length: -999'] }) + SDP,
    parsed: 400,
    reply: [400],
    bindings: NONE,
    onStream: 'closes',
  },
  {
    name: 'scalar02',
    section: '4475 3.1.2.4',
    method: 'REGISTER',
    message: request('scalar02', 'REGISTER', {
      uri: 'sip:example.com',
      cseq: '36893488147419103232 REGISTER',
      more: [
        'Expires: 1000000000000000000000000',
        'Contact: <sip:user@host129.example.com>;expires=280297596632815',
        'Content-Length: 0',
      ],
    }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'scalarlg',
    section: '4475 3.1.2.5',
    method: '503',
    message: message(
      'SIP/2.0 503 Service Unavailable',
      'Via: SIP/2.0/UDP 192.0.2.129;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129',
      'To: <sip:user@example.com>',
      'From: <sip:other@example.net>;tag=2easdjfejw',
      'CSeq: 9292394834772304023312 OPTIONS',
      'Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r',
      'Retry-After: 949302838503028349304023988',
      'Warning: 1812 overture "In Progress"',
      'Content-Length: 0',
    ),
    parsed: 400,
    isReplyable: false,
    reply: 'none',
    bindings: NONE,
  },
  {
    name: 'quotbal',
    section: '4475 3.1.2.6',
    method: 'INVITE',
    message: request('quotbal', 'INVITE', {
      to: '"Mr. J. User <sip:j.user@example.com>',
      via: 'SIP/2.0/UDP 192.0.2.209:5050;branch=z9hG4bKkdj-quotbal',
    }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'ltgtruri',
    section: '4475 3.1.2.7',
    method: 'INVITE',
    message: request('ltgtruri', 'INVITE', { uri: '<sip:user@example.com>' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'lwsruri',
    section: '4475 3.1.2.8',
    method: 'INVITE',
    message: request('lwsruri', 'INVITE', { uri: 'sip:user@example.com; lr' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'lwsstart',
    section: '4475 3.1.2.9',
    method: 'INVITE',
    message: request('lwsstart', 'INVITE', { uri: ' sip:user@example.com ' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'trws',
    section: '4475 3.1.2.10',
    method: 'OPTIONS',
    message: request('trws', 'OPTIONS', { uri: 'sip:remote-target@example.com', version: 'SIP/2.0  ' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'escruri',
    section: '4475 3.1.2.11',
    method: 'INVITE',
    message: request('escruri', 'INVITE', { uri: 'sip:user@example.com?Route=%3Csip:example.com%3E' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'baddate',
    section: '4475 3.1.2.12',
    method: 'INVITE',
    message: request('baddate', 'INVITE', { more: ['Date: Fri, 01 Jan 2010 16:00:00 EST', 'Content-Length: 0'] }),
    parsed: 'request',
    reply: [400, 403, 404, 405, 480],
    bindings: NONE,
  },
  {
    name: 'regbadct',
    section: '4475 3.1.2.13',
    method: 'REGISTER',
    message: request('regbadct', 'REGISTER', {
      uri: 'sip:example.com',
      more: ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E', 'l: 0'],
    }),
    parsed: 'request',
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'badaspec',
    section: '4475 3.1.2.14',
    method: 'OPTIONS',
    message: request('badaspec', 'OPTIONS', { to: '"Watson, Thomas" < sip:t.watson@example.org >' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'baddn',
    section: '4475 3.1.2.15',
    method: 'OPTIONS',
    message: request('baddn', 'OPTIONS', { from: 'Bell, Alexander <sip:a.g.bell@example.com>;tag=43' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'badvers',
    section: '4475 3.1.2.16',
    method: 'OPTIONS',
    message: request('badvers', 'OPTIONS', {
      version: 'SIP/7.0',
      via: 'SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw',
    }),
    parsed: 505,
    reply: [505],
    bindings: NONE,
  },
  {
    name: 'mismatch01',
    section: '4475 3.1.2.17',
    method: 'OPTIONS',
    message: request('mismatch01', 'OPTIONS', { cseq: '8 INVITE' }),
    parsed: 400,
    reply: [400],
    bindings: NONE,
  },
  {
    name: 'mismatch02',
    section: '4475 3.1.2.18',
    method: 'NEWMETHOD',
    message: request('mismatch02', 'NEWMETHOD', { cseq: '8 INVITE' }),
    parsed: 400,
    reply: [400, 501],
    bindings: NONE,
  },
  {
    name: 'bigcode',
    section: '4475 3.1.2.19',
    method: '4294967301',
    message: message(
      'SIP/2.0 4294967301 better not break the receiver',
      'Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398nsd',
      'Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i',
      'CSeq: 353494 INVITE',
      'From: <sip:user@example.com>;tag=39ansfi3',
      'To: <sip:user@example.edu>;tag=902jndnke3',
      'Content-Length: 0',
    ),
    parsed: 400,
    isReplyable: false,
    reply: 'none',
    bindings: NONE,
  },
];
