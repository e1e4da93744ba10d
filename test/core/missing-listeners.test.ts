import t from 'tap';
import { missingListeners } from '../../lib/core/missing-listeners.ts';

const lowerCase = (address: string) => address.toLowerCase();

function place(text: string) {
  const [, transport = '', address = '', port] = /^([a-z]+):(.*):(\d+)$/.exec(text) ?? [];
  return { transport, address, port: Number(port) };
}

function missing(listen: readonly string[], sockets: readonly string[]): readonly string[] {
  const found = missingListeners(listen.map(place), sockets.map(place), lowerCase);
  return found.map(({ transport, address, port }) => `${transport}:${address}:${port}`);
}

const UDP = 'udp:10.0.0.150:5060';
const TCP = 'tcp:10.0.0.150:5060';

t.test('a listener is there with its transport, address and port', async (t) => {
  t.strictSame(missing([UDP, TCP], [TCP, UDP]), []);
  t.strictSame(missing([UDP, TCP], [UDP]), [TCP]);
  for (const other of ['udp:10.0.0.150:5070', 'udp:10.0.0.177:5060', TCP]) t.strictSame(missing([UDP], [other]), [UDP]);
  t.strictSame(missing([UDP], []), [UDP]);
});

t.test('addresses are compared in one spelling, and a wildcard is any address of its family', async (t) => {
  t.strictSame(missing(['udp:2001:DB8::1:5060'], ['udp:2001:db8::1:5060']), []);
  t.strictSame(missing(['udp:0.0.0.0:5060', 'udp::::5060'], ['udp:10.0.0.150:5060']), ['udp::::5060']);
  t.strictSame(missing([UDP, 'udp:2001:db8::1:5060'], ['udp:0.0.0.0:5060']), ['udp:2001:db8::1:5060']);
});

t.test('what listen cannot name counts where there is nothing else', async (t) => {
  t.strictSame(missing([UDP, TCP], ['wss:10.0.0.150:443']), []);
  t.strictSame(missing([UDP, TCP], ['wss:10.0.0.177:443']), [UDP, TCP]);
  t.strictSame(missing([UDP, TCP], ['ws:10.0.0.150:5070', 'udp:10.0.0.150:5070']), [UDP, TCP]);
});
