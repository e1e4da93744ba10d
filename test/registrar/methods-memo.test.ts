import t from 'tap';
import { METHODS_UNKNOWN } from '../../lib/location/record.ts';
import { MethodsMemo } from '../../lib/registrar/methods-memo.ts';

t.test('a list of methods gives the same bitmask each time', async (t) => {
  const memo = new MethodsMemo();
  for (let i = 0; i < 2; i++) {
    t.equal(memo.bitmaskOf(['INVITE, ACK']), 5);
    t.equal(memo.bitmaskOf(['INVITE', 'ACK', 'BYE']), 13);
    t.equal(memo.bitmaskOf([]), METHODS_UNKNOWN);
  }
});

t.test('lists in any number and length are read, and nothing is mixed up', async (t) => {
  const memo = new MethodsMemo();
  const long = 'X'.repeat(600);
  for (let i = 0; i < 600; i++) memo.bitmaskOf([`X${String(i)}`]);
  t.equal(memo.bitmaskOf([`${long}, BYE`]), 8);
  t.equal(memo.bitmaskOf([`${long}, ACK`]), 4);
  t.equal(memo.bitmaskOf(['X1, INVITE']), 1);
});
