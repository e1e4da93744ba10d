import t from 'tap';
import { RegistrarWorld, type Route } from './support/registrar-world.ts';
import type { RegisterText } from './support/register-text.ts';
import type { SettingsChanges } from './support/registrar-settings.ts';

const AOR = 'alice@example.com';
const PUBLIC_PHONE = '<sip:alice@203.0.113.7:5060>';
const PRIVATE_PHONE = '<sip:alice@10.0.0.5:5060>';
const FROM_NAT: Route = { sourceAddress: '203.0.113.7', sourcePort: 1024 };
const FROM_PHONE: Route = { sourceAddress: '203.0.113.7', sourcePort: 5060 };
const PUBLIC_VIA = 'SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-1';

function receivedBy(uacTest: number, request: RegisterText, route: Route): string {
  const world = new RegistrarWorld({ nat: { uacTest } });
  world.register(request, route);
  return bindings(world)[0]?.received ?? 'no binding';
}

function bindings(world: RegistrarWorld): { uri: string; received: string; cflags: string }[] {
  return world.table.read(AOR).records.flatMap((record) => {
    if (record.kind !== 'put') return [];
    return [{ uri: record.contactUri, received: record.binding.received, cflags: record.binding.cflags }];
  });
}

t.test('without NAT tests the source address is not looked at', async (t) => {
  t.equal(receivedBy(0, { contact: PRIVATE_PHONE }, FROM_NAT), '');
});

t.test('each NAT test finds what it is for, and nothing else', async (t) => {
  const clean: RegisterText = { contact: PUBLIC_PHONE, via: PUBLIC_VIA };
  const cases: [string, number, RegisterText, Route][] = [
    ['private-contact', 1, { ...clean, contact: PRIVATE_PHONE }, FROM_PHONE],
    ['diff-ip-src-via', 2, { ...clean, via: 'SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-1' }, FROM_PHONE],
    ['private-via', 4, { ...clean, via: 'SIP/2.0/UDP 192.168.0.9:5060;branch=z9hG4bK-1' }, FROM_PHONE],
    ['diff-port-src-via', 16, clean, FROM_NAT],
    ['diff-ip-src-contact', 32, { ...clean, contact: '<sip:alice@198.51.100.1>' }, FROM_PHONE],
    ['diff-port-src-contact', 64, clean, FROM_NAT],
  ];
  for (const [name, bit, request, route] of cases) {
    const port = String(route.sourcePort);
    t.equal(receivedBy(bit, request, route), `sip:203.0.113.7:${port}`, name);
    t.equal(receivedBy(bit, clean, FROM_PHONE), '', `${name} on a phone without NAT`);
  }
});

t.test('private-sdp means nothing for a REGISTER', async (t) => {
  t.equal(receivedBy(8, { contact: PRIVATE_PHONE }, FROM_NAT), '');
});

t.test('carrier-grade-nat widens the other tests and is none itself', async (t) => {
  const contact = '<sip:alice@100.64.0.1>';
  t.equal(receivedBy(1, { contact }, FROM_NAT), '');
  t.equal(receivedBy(128, { contact }, FROM_NAT), '');
  t.equal(receivedBy(129, { contact }, FROM_NAT), 'sip:203.0.113.7:1024');
});

t.test('a port that is not written is the default one', async (t) => {
  const via = 'SIP/2.0/UDP 203.0.113.7;branch=z9hG4bK-1';
  t.equal(receivedBy(16 + 64, { contact: '<sip:alice@203.0.113.7>', via }, FROM_PHONE), '');
  const secure: RegisterText = {
    contact: '<sips:alice@203.0.113.7>',
    via: 'SIP/2.0/TLS 203.0.113.7;branch=z9hG4bK-1',
  };
  t.equal(receivedBy(16 + 64, secure, { sourceAddress: '203.0.113.7', sourcePort: 5061, transport: 'tls' }), '');
});

t.test('received has the transport, but not UDP, and brackets around IPv6', async (t) => {
  const request = { contact: PRIVATE_PHONE };
  t.equal(receivedBy(1, request, { ...FROM_NAT, transport: 'tcp' }), 'sip:203.0.113.7:1024;transport=tcp');
  t.equal(receivedBy(1, request, { ...FROM_NAT, transport: 'tls' }), 'sip:203.0.113.7:1024;transport=tls');
  t.equal(receivedBy(1, request, { sourceAddress: '2001:db8::9', sourcePort: 7 }), 'sip:[2001:db8::9]:7');
});

t.test('an IPv6 address is the source address in whatever spelling', async (t) => {
  const via = 'SIP/2.0/UDP [2001:DB8:0:0::9]:5060;branch=z9hG4bK-1';
  const route = { sourceAddress: '2001:db8::9', sourcePort: 5060 };
  t.equal(receivedBy(255, { contact: '<sip:alice@[2001:0db8::9]>', via }, route), '');
});

t.test('the zone of a link-local source is no part of a URI, and makes no NAT', async (t) => {
  const route: Route = { sourceAddress: 'fe80::1%eth0', sourcePort: 5062 };
  const contact = '<sip:alice@[FE80::1]>';
  t.equal(receivedBy(32, { contact }, route), '');
  t.equal(receivedBy(64, { contact }, route), 'sip:[fe80::1]:5062');
  const world = new RegistrarWorld({ nat: { uacTest: 64, fix: 'contact' } });
  t.same(world.register({ contact }, route).contactUris, ['sip:alice@[fe80::1]:5062']);
});

t.test('received is shown in the 200', async (t) => {
  const world = new RegistrarWorld({ nat: { uacTest: 1 } });
  t.same(world.register({ contact: PRIVATE_PHONE }, FROM_NAT).contacts, [
    `${PRIVATE_PHONE};expires=3600;received="sip:203.0.113.7:1024"`,
  ]);
});

t.test('received of one Contact does not stick to the next', async (t) => {
  // In OpenSIPS the first Contact's does.
  const world = new RegistrarWorld({ nat: { uacTest: 1 } });
  const given = '<sip:given@203.0.113.9>;received="sip:198.51.100.2:99"';
  world.register({ contact: [given, PRIVATE_PHONE, PUBLIC_PHONE] }, FROM_NAT);
  t.same(bindings(world), [
    { uri: 'sip:given@203.0.113.9', received: 'sip:198.51.100.2:99', cflags: '' },
    { uri: 'sip:alice@10.0.0.5:5060', received: 'sip:203.0.113.7:1024', cflags: '' },
    { uri: 'sip:alice@203.0.113.7:5060', received: '', cflags: '' },
  ]);
});

t.test('what a proxy says of a phone goes before what the source of the request shows', async (t) => {
  const world = new RegistrarWorld({ nat: { uacTest: 1 } });
  world.register({ contact: `${PRIVATE_PHONE};received="sip:198.51.100.2:99"` }, FROM_NAT);
  t.equal(bindings(world)[0]?.received, 'sip:198.51.100.2:99');
});

t.test('the Contact parameter that received comes from can be named otherwise, or switched off', async (t) => {
  const contact = `${PUBLIC_PHONE};received="sip:198.51.100.2:99";rcv="sip:198.51.100.3:98"`;
  const received = (receivedParam: string): string => {
    const world = new RegistrarWorld({ contacts: { receivedParam } });
    world.register({ contact });
    return bindings(world)[0]?.received ?? '';
  };
  t.equal(received('received'), 'sip:198.51.100.2:99');
  t.equal(received('rcv'), 'sip:198.51.100.3:98');
  t.equal(received(''), '');
});

t.test('a received parameter that is no SIP URI, or too long, is 400', async (t) => {
  const world = new RegistrarWorld();
  for (const received of ['nonsense', 'tel:+1', `sip:${'h'.repeat(252)}`]) {
    t.equal(world.register({ contact: `${PUBLIC_PHONE};received="${received}"` }).status, 400, received);
  }
  t.same(bindings(world), []);
});

t.test('a refresh from another NAT binding moves received along', async (t) => {
  const world = new RegistrarWorld({ nat: { uacTest: 1 } });
  world.register({ contact: PRIVATE_PHONE, cseq: 1 }, FROM_NAT);
  world.register({ contact: PRIVATE_PHONE, cseq: 2 }, { ...FROM_NAT, sourcePort: 1025 });
  t.same(bindings(world), [{ uri: 'sip:alice@10.0.0.5:5060', received: 'sip:203.0.113.7:1025', cflags: '' }]);
});

t.test('fix_nated_contact puts the source in place of host and port and drops maddr', async (t) => {
  const world = new RegistrarWorld({ nat: { uacTest: 1, fix: 'contact', bflag: 'NAT' } });
  const contact = '<sip:alice:pw@10.0.0.5:5060;transport=tcp;maddr=10.0.0.6;ob?Subject=Hi>';
  world.register({ contact }, FROM_NAT);
  t.same(bindings(world), [
    { uri: 'sip:alice:pw@203.0.113.7:1024;transport=tcp;ob?Subject=Hi', received: '', cflags: 'NAT' },
  ]);
});

t.test('fix_nated_contact keeps two phones with one private contact apart', async (t) => {
  const settings: SettingsChanges = { nat: { uacTest: 1, fix: 'contact' } };
  const world = new RegistrarWorld(settings);
  world.register({ contact: '<sip:10.0.0.5>', callId: 'a' }, FROM_NAT);
  const answer = world.register(
    { contact: '<sip:10.0.0.5>', callId: 'b' },
    { sourceAddress: '2001:db8::9', sourcePort: 7 },
  );
  t.same(answer.contactUris, ['sip:203.0.113.7:1024', 'sip:[2001:db8::9]:7']);
  t.equal(world.registrar.statistics().contact_collisions, 0);
});

t.test('branch flags follow the policy: all, NATed ones, by domain', async (t) => {
  const world = new RegistrarWorld({
    nat: { uacTest: 1, bflag: 'NAT' },
    branchFlags: [
      { flags: ['SIPPING_RTO', 'SIPPING_ENABLE'], when: 'nated' },
      { flags: ['WATCHED'], when: 'all', domains: ['example.com'] },
    ],
  });
  world.register({ contact: [PRIVATE_PHONE, PUBLIC_PHONE] }, FROM_NAT);
  t.same(
    bindings(world).map(({ cflags }) => cflags),
    ['NAT SIPPING_ENABLE SIPPING_RTO WATCHED', 'WATCHED'],
  );
});

t.test('branch flags of an IPv6 domain do not depend on its spelling', async (t) => {
  const world = new RegistrarWorld({
    branchFlags: [{ flags: ['WATCHED'], when: 'all', domains: ['[2001:db8:0:0::1]'] }],
  });
  world.register({ to: 'sip:alice@[2001:DB8::1]', contact: PUBLIC_PHONE });
  t.match(world.table.read('alice@[2001:db8::1]').records, [{ binding: { cflags: 'WATCHED' } }]);
});

t.test(
  'a contact that another phone takes over from elsewhere before its time is counted, and logged once a minute',
  async (t) => {
    const world = new RegistrarWorld({ nat: { uacTest: 1 } });
    const collide = (callId: string, sourceAddress: string): void =>
      void world.register({ contact: PRIVATE_PHONE, callId }, { sourceAddress, sourcePort: 1024 });
    collide('a', '203.0.113.7');
    collide('b', '203.0.113.8');
    t.equal(world.registrar.statistics().contact_collisions, 1);
    collide('a', '203.0.113.7');
    t.equal(world.registrar.statistics().contact_collisions, 2);
    t.match(world.infoLines, [{ fields: { aor: AOR } }]);
    t.equal(world.infoLines.length, 1);
    world.advance(60);
    collide('b', '203.0.113.8');
    t.equal(world.infoLines.length, 2);
  },
);

t.test(
  'no collision is a refresh, a reboot at the same place, a new place with the same Call-ID, an expired or removed binding',
  async (t) => {
    const world = new RegistrarWorld({ nat: { uacTest: 1 } });
    world.register({ contact: PRIVATE_PHONE, callId: 'a', cseq: 1, expires: 60 }, FROM_NAT);
    world.register({ contact: PRIVATE_PHONE, callId: 'a', cseq: 2, expires: 60 }, FROM_NAT);
    world.register({ contact: PRIVATE_PHONE, callId: 'b', cseq: 1, expires: 60 }, FROM_NAT);
    world.register({ contact: PRIVATE_PHONE, callId: 'b', cseq: 2, expires: 60 }, { ...FROM_NAT, sourcePort: 9 });
    world.advance(60);
    world.register({ contact: PRIVATE_PHONE, callId: 'c', cseq: 1, expires: 60 }, FROM_NAT);
    world.register({ contact: PRIVATE_PHONE, callId: 'd', cseq: 1, expires: 0 }, { ...FROM_NAT, sourcePort: 9 });
    world.register({ contact: PRIVATE_PHONE, callId: 'e', cseq: 1, expires: 60 }, { ...FROM_NAT, sourcePort: 10 });
    t.equal(world.registrar.statistics().contact_collisions, 0);
  },
);

t.test('the log of collisions remembers a bounded number of AoRs', async (t) => {
  const world = new RegistrarWorld({ nat: { uacTest: 1 } }, { aorsMax: 3000 });
  for (let i = 0; i < 1100; i++) {
    const to = `sip:user${String(i)}@example.com`;
    world.register({ to, contact: PRIVATE_PHONE, callId: 'a' }, FROM_NAT);
    world.register({ to, contact: PRIVATE_PHONE, callId: 'b' }, { ...FROM_NAT, sourcePort: 9 });
  }
  t.equal(world.registrar.statistics().contact_collisions, 1100);
  t.equal(world.infoLines.length, 1024);
});
