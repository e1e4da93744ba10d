import t from 'tap';
import { LISTEN_EXPECTED, parseListen, socketName } from '../../lib/config/listen-address.ts';

function addressesOf(text: string) {
  const parsed = parseListen(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

function advertisedBy(text: string) {
  const [first] = addressesOf(text);
  return first !== undefined && 'advertised' in first ? first.advertised : undefined;
}

function refusalOf(text: string): string {
  const parsed = parseListen(text);
  return parsed.ok ? 'accepted' : parsed.message;
}

t.test('sip: means UDP and TCP, port 5060 where none is given', async (t) => {
  t.strictSame(addressesOf('sip:10.0.0.150'), [
    { transport: 'udp', address: '10.0.0.150', port: 5060, advertised: undefined },
    { transport: 'tcp', address: '10.0.0.150', port: 5060, advertised: undefined },
  ]);
});

t.test('an address without a transport means sip:, as --listen takes it', async (t) => {
  t.strictSame(addressesOf('10.0.0.150'), addressesOf('sip:10.0.0.150:5060'));
  t.strictSame(addressesOf('10.0.0.150:5080'), addressesOf('sip:10.0.0.150:5080'));
  t.strictSame(addressesOf('[::1]:5080'), addressesOf('sip:[::1]:5080'));
});

t.test('udp: and tcp: open one socket each', async (t) => {
  t.strictSame(addressesOf('udp:127.0.0.1:5070'), [
    { transport: 'udp', address: '127.0.0.1', port: 5070, advertised: undefined },
  ]);
  t.strictSame(addressesOf('TCP:[2001:DB8::1]:5070'), [
    { transport: 'tcp', address: '2001:db8::1', port: 5070, advertised: undefined },
  ]);
});

t.test('"as" gives the advertised address, with the bound port where it has none of its own', async (t) => {
  t.strictSame(advertisedBy('udp:10.0.0.1:5080 as sip.example.com'), {
    host: 'sip.example.com',
    port: 5080,
  });
  t.strictSame(advertisedBy('udp:10.0.0.1:5080  as  192.0.2.1:5060'), { host: '192.0.2.1', port: 5060 });
  t.strictSame(addressesOf('udp:10.0.0.1:5080 AS x'), addressesOf('udp:10.0.0.1:5080 as x'));
  t.strictSame(advertisedBy('udp:[::1] as [2001:db8::1]:5062'), { host: '2001:db8::1', port: 5062 });
});

t.test('bin: and bins: are where the other node comes to, port 5555 where none is given', async (t) => {
  t.strictSame(addressesOf('bin:10.0.0.177'), [{ transport: 'bin', address: '10.0.0.177', port: 5555 }]);
  t.strictSame(addressesOf('BINS:[::1]:5556'), [{ transport: 'bins', address: '::1', port: 5556 }]);
  t.strictSame(addressesOf('bin:10.0.0.177').map(socketName), ['bin:10.0.0.177:5555']);
});

t.test('"as" makes no sense for replication', async (t) => {
  t.equal(
    refusalOf('bin:10.0.0.177 as 192.0.2.1'),
    '"as" tells phones an address, and no phone comes to a replication listener; remove it',
  );
});

t.test('a socket has a name with brackets around IPv6', async (t) => {
  t.strictSame(addressesOf('sip:[::1]').map(socketName), ['udp:[::1]:5060', 'tcp:[::1]:5060']);
  t.strictSame(addressesOf('udp:127.0.0.1').map(socketName), ['udp:127.0.0.1:5060']);
});

t.test('transports that OpenSIPS has and this version does not are refused by name', async (t) => {
  for (const scheme of ['tls', 'sips', 'ws', 'wss', 'sctp', 'hep_udp', 'hep_tcp']) {
    t.equal(refusalOf(`${scheme}:10.0.0.1`), 'this version serves udp, tcp and sip (both)', scheme);
  }
});

t.test('a refusal says why and what is expected', async (t) => {
  const expected = (hint: string) => `${hint === '' ? '' : `${hint}; `}expected ${LISTEN_EXPECTED}`;
  const refusals: readonly (readonly [string, string])[] = [
    ['', ''],
    ['udp:', ''],
    ['udp:10.0.0.1:0', '0 is no port (port 1 to 65535)'],
    ['udp:10.0.0.1:65536', '65536 is no port (port 1 to 65535)'],
    ['10.0.0.1:506000', '506000 is no port (port 1 to 65535)'],
    ['udp:10.0.0.1:5060x', '5060x is no port (port 1 to 65535)'],
    ['sip:[::1]:99999', '99999 is no port (port 1 to 65535)'],
    ['udp:10.0.0.1:', ''],
    ['udp:10.0.0.1 5060', ''],
    ['udp:10.0.0.1 as', ''],
    ['udp:10.0.0.1 at x', ''],
    ['udp:[::1', ''],
    ['udp:[10.0.0.1]', ''],
    ['udp:localhost', 'localhost is no IP address'],
    ['localhost:5060', 'localhost is no IP address'],
    ['udp:10.0.0.999', '10.0.0.999 is no IP address'],
    ['udp:eth0', 'eth0 is no IP address'],
    ['udp:*:5060', 'write 0.0.0.0 for all IPv4 addresses, [::] for all addresses'],
    ['udp:::1', 'an IPv6 address stands in brackets: [::1]'],
    ['2001:db8::1', 'an IPv6 address stands in brackets: [2001:db8::1]'],
    ['foo:10.0.0.1', 'foo is no transport'],
    ['bin:', ''],
    ['bin:node-a.example', 'node-a.example is no IP address'],
    ['bins:10.0.0.177:0', '0 is no port (port 1 to 65535)'],
    ['bin:::1', 'an IPv6 address stands in brackets: [::1]'],
    ['udp:10.0.0.1 as -x', '-x is no HOST[:PORT]'],
    ['udp:10.0.0.1 as 300.1.1.1', '300.1.1.1 is no HOST[:PORT]'],
    ['udp:10.0.0.1 as x:99999', '99999 is no port (port 1 to 65535)'],
  ];
  for (const [text, hint] of refusals) t.equal(refusalOf(text), expected(hint), JSON.stringify(text));
});
