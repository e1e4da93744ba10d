import t from 'tap';
import { hostPortText, isHost, parseHostPort, portOf } from '../../lib/core/host-port.ts';

t.test('a host is a name as in DNS or an IP address', async (t) => {
  for (const text of ['a', 'sip.example.com', 'xn--bcher-kva.example', '10.0.0.1', '::1', 'a.'])
    t.ok(isHost(text), text);
  for (const text of ['', '-a', 'a b', 'a..b', 'a_b', '1.2.3', '1.2.3.4.5', 'x'.repeat(64), 'ü.example'])
    t.notOk(isHost(text), text);
});

t.test('a port is written behind a colon, or is the usual one', async (t) => {
  const portIn = (text: string) => portOf(parseHostPort(text) ?? { host: '', portText: 'x' }, 5555);
  t.equal(portIn('10.0.0.1'), 5555);
  t.equal(portIn('[::1]:5556'), 5556);
  for (const text of ['a:0', 'a:65536', 'a:x', 'a:-1', 'a:']) t.equal(portIn(text), undefined, text);
  t.equal(hostPortText('::1', 5060), '[::1]:5060');
  t.equal(hostPortText('10.0.0.1', 5060), '10.0.0.1:5060');
});
