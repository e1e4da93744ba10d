import t from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort, loopbackAddress } from './free-port.ts';

t.test('each call gives another loopback address', (t) => {
  const addresses = Array.from({ length: 20 }, () => loopbackAddress());
  t.equal(new Set(addresses).size, 20);
  for (const address of addresses) t.match(address, /^127\.\d+\.\d+\.\d+$/);
  t.end();
});

t.test('processes with neighbouring ids have different networks', (t) => {
  const network = (pid: number) => loopbackAddress(pid).replace(/\d+$/, '');
  t.not(network(4000), network(4001));
  t.not(network(4000), network(4256));
  t.equal(network(4194303), '127.255.255.', 'the greatest process id of Linux still gives an address');
  t.end();
});

t.test('a free port can be bound for UDP and for TCP', async (t) => {
  const address = loopbackAddress();
  const port = await freePort(address);
  const udp = createSocket('udp4').bind(port, address);
  const tcp = createServer().listen(port, address);
  t.teardown(() => {
    udp.close();
    tcp.close();
  });
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  t.match(udp.address(), { address, port });
  t.match(tcp.address(), { address, port });
});

t.test('nobody gets the port of somebody who has not bound it yet', async (t) => {
  const address = loopbackAddress();
  const ports: number[] = [];
  while (ports.length < 1000) ports.push(await freePort(address));
  t.equal(new Set(ports).size, ports.length);
});
