import t from 'tap';
import { isLoopback } from '../../lib/core/is-loopback.ts';

t.test('loopback is told from what other machines reach, however it is written', (t) => {
  for (const address of ['127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']) {
    t.equal(isLoopback(address), true, address);
  }
  for (const address of ['0.0.0.0', '10.127.0.1', '128.0.0.1', '::', '::2', '::ffff:10.0.0.1', 'fe80::1']) {
    t.equal(isLoopback(address), false, address);
  }
  t.end();
});
