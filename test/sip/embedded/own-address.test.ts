import t from 'tap';
import { ownAddress } from '../../../lib/sip/embedded/own-address.ts';

const LOOPBACK = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
];
const OTHERS = [
  { address: 'fe80::5', internal: false },
  { address: '169.254.3.4', internal: false },
  { address: '192.0.2.5', internal: false },
  { address: '2001:db8::5', internal: false },
];

t.test('a wildcard socket goes by an address that others can reach, of its family', (t) => {
  t.equal(ownAddress(4, [...LOOPBACK, ...OTHERS]), '192.0.2.5');
  t.equal(ownAddress(6, [...LOOPBACK, ...OTHERS]), '2001:db8::5');
  t.end();
});

t.test('a host without such an address goes by loopback', (t) => {
  t.equal(ownAddress(4, LOOPBACK), '127.0.0.1');
  t.equal(ownAddress(6, [...LOOPBACK, ...OTHERS.slice(0, 3)]), '::1');
  t.end();
});
