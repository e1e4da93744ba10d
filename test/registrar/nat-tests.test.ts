import t from 'tap';
import { isPrivateIpv4, NAT_TESTS, parseNatUacTest } from '../../lib/registrar/nat-tests.ts';

t.test('nat_uac_test is read as a sum of bits and as names', async (t) => {
  t.equal(parseNatUacTest('19'), 19);
  t.equal(parseNatUacTest('private-contact,diff-ip-src-via, diff-port-src-via'), 19);
  t.equal(parseNatUacTest(''), 0);
  t.equal(parseNatUacTest(Object.keys(NAT_TESTS).join(',')), 255);
});

t.test('a NAT test that does not exist is named', async (t) => {
  t.same(parseNatUacTest('private-contact,diff-ip'), { badTest: 'diff-ip' });
  t.same(parseNatUacTest('256'), { badTest: '256' });
  t.same(parseNatUacTest('-1'), { badTest: '-1' });
  t.same(parseNatUacTest('1.5'), { badTest: '1.5' });
});

t.test('private are the addresses of RFC 1918, and nothing else that looks like one', async (t) => {
  for (const host of ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.1', '192.168.1.1']) {
    t.ok(isPrivateIpv4(host, false), host);
  }
  const others = [
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '100.64.0.1',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
  ];
  for (const host of [...others, '10..0.1', '10.0.0.', '', '10.example.com', '[fd00::1]']) {
    t.notOk(isPrivateIpv4(host, false), host);
  }
});

t.test('with carrier-grade-nat the addresses of RFC 6598 are private too', async (t) => {
  t.ok(isPrivateIpv4('100.64.0.1', true));
  t.ok(isPrivateIpv4('100.127.255.255', true));
  t.notOk(isPrivateIpv4('100.63.0.1', true));
  t.notOk(isPrivateIpv4('100.128.0.1', true));
});
