import t from 'tap';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { socketsIn, type OpenSocket } from '../../lib/doctor/open-sockets.ts';
import { checkPorts, readPortsFacts } from '../../lib/doctor/ports.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { answer, config, NOT_RUNNING } from './support/healthy.ts';
import { said } from './support/said.ts';

t.test("the kernel's list says which sockets are open", async (t) => {
  const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const udp = '  1: 9600000A:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0\n';
  t.strictSame(socketsIn('udp', heading + udp), [
    { protocol: 'udp', address: '10.0.0.150', port: 5060, link: 'socket:[4711]' },
  ]);
  const tcp = (local: string, state: string) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  0  0 12 1 0 100 0 0 10 0\n`;
  t.match(socketsIn('tcp', tcp('0100007F:22B8', '0A') + tcp('0100007F:22B9', '01')), [
    { address: '127.0.0.1', port: 8888 },
  ]);
  t.match(socketsIn('tcp', tcp('B80D0120000000000000000001000000:15B3', '0A')), [
    { address: '2001:db8::1', port: 5555 },
  ]);
  t.match(socketsIn('tcp', tcp('0000000000000000FFFF00000100007F:22B8', '0A')), [{ address: '127.0.0.1' }]);
  t.equal(
    socketsIn('tcp', tcp('0100007F:22B8', '0A') + tcp('0100007F:22B9', '01')).length,
    1,
    'connections are left out',
  );
  t.strictSame(socketsIn('tcp', 'nonsense\n\n 1: zz'), []);
});

function check(listen: string, open: readonly OpenSocket[]) {
  const { listen: places } = config(`listen: ${listen}`);
  const named = places.map(({ transport: protocol, address, port }) => ({
    setting: 'listen',
    protocol,
    address,
    port,
  }));
  return said(
    checkPorts({ answer: NOT_RUNNING, places: named, open, holders: new Map([['socket:[7]', 'sipp (process 9)']]) }),
  );
}

const taken = (address: string, port = 5060): OpenSocket => ({ protocol: 'udp', address, port, link: 'socket:[7]' });

t.test('a port that another program has', async (t) => {
  t.match(check('udp:10.0.0.1', [taken('10.0.0.1')]), [/^error: listen: sipp \(process 9\) has udp 10.0.0.1:5060/]);
  t.equal(check('udp:10.0.0.1', [taken('0.0.0.0')]).length, 1);
  t.equal(check('udp:10.0.0.1', [taken('::')]).length, 1);
  t.equal(check('udp:0.0.0.0', [taken('10.0.0.1')]).length, 1);
  t.equal(check('"udp:[::]"', [taken('10.0.0.1')]).length, 1);
  t.equal(check('"udp:[2001:DB8::1]"', [taken('2001:db8::1')]).length, 1);
});

t.test('ports that are free', async (t) => {
  t.strictSame(check('udp:10.0.0.1', [taken('10.0.0.2'), taken('10.0.0.1', 5061)]), []);
  t.strictSame(check('tcp:10.0.0.1', [taken('10.0.0.1')]), []);
  t.strictSame(check('udp:0.0.0.0', [taken('2001:db8::1')]), []);
});

t.test('who has it is read from this machine', async (t) => {
  const address = loopbackAddress();
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const own = config(`listen: tcp:${address}:${port}\nmi: {http: off}`);
  const found = said(checkPorts(await readPortsFacts(own, NOT_RUNNING)));
  t.match(found, [new RegExp(`^error: listen: node \\(process ${process.pid}\\) has tcp ${address}:${port}`)]);
  t.strictSame(said(checkPorts(await readPortsFacts(own, answer()))), [], 'a daemon that runs has them itself');
});

t.test('the listeners of drachtio-server are its own', async (t) => {
  const places = async (engine: string) => {
    const own = config(`listen: udp:10.0.0.1\nsip: {engine: ${engine}}\nmi: {http: off}`);
    return (await readPortsFacts(own, NOT_RUNNING)).places;
  };
  t.equal((await places('embedded')).length, 1);
  t.strictSame(await places('drachtio'), []);
});

t.test('a list that cannot be read', async (t) => {
  const facts = { answer: NOT_RUNNING, places: [], open: undefined, holders: new Map<string, string>() };
  t.match(said(checkPorts(facts)), [/^unchecked: whether the ports are free/]);
});
