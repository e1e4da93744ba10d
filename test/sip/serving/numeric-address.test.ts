import t from 'tap';
import { numericAddress } from '../../../lib/sip/serving/numeric-address.ts';

const SPELLINGS = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:0201', '192.0.2.1'],
  ['::1:ffff:c000:201', '::1:ffff:c000:201'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::', '::'],
  ['example.com', undefined],
  ['1.2.3', undefined],
  ['1:2', undefined],
] as const;

for (const [text, address] of SPELLINGS) {
  void t.test(`${text} is ${address ?? 'no address'}`, (t) => {
    t.equal(numericAddress(text), address);
    t.end();
  });
}
