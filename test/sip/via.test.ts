import t from 'tap';
import { parseVia } from '../../lib/sip/via.ts';

const VALUES: readonly (readonly [row: string, transport: string, host: string, port: number, params: string])[] = [
  ['SIP/2.0/UDP Host.example.com', 'UDP', 'host.example.com', 0, ''],
  ['SIP/2.0/UDP 1.2.3.4:5060;branch=z9hG4bK1;rport', 'UDP', '1.2.3.4', 5060, ';branch=z9hG4bK1;rport'],
  ['SIP/2.0/TLS-SCTP [2001:DB8::1]:5061;x="a,b"', 'TLS-SCTP', '[2001:db8::1]', 5061, ';x="a,b"'],
  [
    'SIP / 2.0 / TCP  h : 5070 ; received=[2001:db8::9] ;branch= z',
    'TCP',
    'h',
    5070,
    '; received=[2001:db8::9] ;branch= z',
  ],
  ['sip/2.0/udp h;received=2001:db8::9:255', 'udp', 'h', 0, ';received=2001:db8::9:255'],
  ['SIP/2.0/WSS df7jal23ls0d.invalid;branch=z', 'WSS', 'df7jal23ls0d.invalid', 0, ';branch=z'],
];

for (const [row, transport, host, port, params] of VALUES) {
  void t.test(`the Via ${row} is taken apart`, (t) => {
    t.same(parseVia(row), { transport, host, port, params, length: row.length, isWellFormed: true });
    t.end();
  });
}

void t.test('the first of several values ends at its comma', (t) => {
  t.match(parseVia('SIP/2.0/UDP a;x="1,2" , SIP/2.0/UDP b'), { host: 'a', params: ';x="1,2"', length: 21 });
  t.end();
});

void t.test('malformed parameters leave the way back known', (t) => {
  for (const row of ['SIP/2.0/UDP a;;', 'SIP/2.0/UDP a;x="', 'SIP/2.0/UDP a b', 'SIP/2.0/UDP a/b']) {
    t.match(parseVia(row), { host: 'a', isWellFormed: false, length: row.length }, row);
  }
  t.end();
});

void t.test('without transport and sent-by there is no way back', (t) => {
  const rows = [
    '',
    'UDP a',
    'SIP/2.0',
    'SIP/2.0/UDP',
    'SIP/2.0/ a',
    'SIP/2.0/UDP;x',
    'SIP/2.0/UDP a:',
    'SIP/2.0/UDP a:0',
    'HTTP/1.1/UDP a',
  ];
  for (const row of [
    ...rows,
    'SIP/2.0/UDP a:65536',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP [x]',
    'SIP//UDP a',
    'SIP/2.0/U@P a',
  ]) {
    t.match(parseVia(row), { status: 400 }, row);
  }
  t.end();
});
