import t from 'tap';
import { nextHop } from '../../lib/sip/next-hop.ts';

t.test('a URI says where a request goes: host, port or the default of its transport', async (t) => {
  const cases: Readonly<Record<string, readonly [string, string, number]>> = {
    'sip:a@192.0.2.1': ['udp', '192.0.2.1', 5060],
    'sip:192.0.2.1:5070': ['udp', '192.0.2.1', 5070],
    'sip:a@192.0.2.1;transport=TCP': ['tcp', '192.0.2.1', 5060],
    'sip:a@192.0.2.1:7;transport=udp;lr': ['udp', '192.0.2.1', 7],
    'sip:a@Example.COM;transport=tls': ['tls', 'example.com', 5061],
    'sip:a@192.0.2.1;transport=ws': ['ws', '192.0.2.1', 80],
    'sip:a@192.0.2.1;transport=wss': ['wss', '192.0.2.1', 443],
    'sip:a@192.0.2.1;transport': ['udp', '192.0.2.1', 5060],
    'sips:a@192.0.2.1': ['tls', '192.0.2.1', 5061],
    'sips:a@192.0.2.1;transport=tcp': ['tls', '192.0.2.1', 5061],
    'sips:a@192.0.2.1:9;transport=ws': ['wss', '192.0.2.1', 9],
    'sip:a@[2001:DB8::1]:5070': ['udp', '2001:db8::1', 5070],
    'sip:a@192.0.2.1;maddr=203.0.113.9': ['udp', '192.0.2.1', 5060],
  };
  for (const [uri, [transport, host, port]] of Object.entries(cases)) {
    t.strictSame(nextHop(uri), { transport, host, port }, uri);
  }
});

t.test('what is no SIP URI, or names a transport that nobody here speaks, has no next hop', async (t) => {
  for (const uri of ['tel:+1', 'sip:', 'sip:a@b:0', 'nonsense', '', 'sip:a@192.0.2.1;transport=sctp', '<sip:a@b>']) {
    t.equal(nextHop(uri), undefined, uri);
  }
});
