import t from 'tap';
import { interfaceAddresses } from '../../../lib/sip/embedded/interface-addresses.ts';

t.test('this host has a loopback interface', (t) => {
  t.match(interfaceAddresses(), [{ internal: Boolean }]);
  t.ok(interfaceAddresses().some(({ internal }) => internal));
  t.end();
});
