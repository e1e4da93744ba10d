import t from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { holdersOf } from '../../lib/doctor/open-files.ts';
import { readOpenSockets, readUnixListeners } from '../../lib/doctor/open-sockets.ts';
import { readText } from '../../lib/doctor/read-path.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

const address = loopbackAddress();

t.test('a socket that the kernel leaves out of a list is found in a later one', async (t) => {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const datagrams = createSocket('udp4').bind(0, address);
  await once(datagrams, 'listening');
  t.teardown(() => server.close());
  t.teardown(() => datagrams.close());
  const asked = new Set<string>();
  // While others close the kernel may leave out any line; here it does so the first time.
  const leavesOut = async (path: string, bytesMax: number) => {
    const table = await readText(path, bytesMax);
    if (asked.has(path) || table.kind !== 'text') return table;
    asked.add(path);
    return { ...table, text: table.text.slice(0, table.text.indexOf('\n') + 1) };
  };
  const found = await readOpenSockets(leavesOut);
  const own = (found ?? []).filter((socket) => socket.address === address);
  t.strictSame(own.map(({ protocol }) => protocol).sort(), ['tcp', 'udp'], 'each of them once');
});

t.test('a list that cannot be read is not taken for an empty one', async (t) => {
  const without = (lost: string, kind: 'missing' | 'unreadable') => (path: string, bytesMax: number) =>
    path === lost ? Promise.resolve({ kind, reason: 'ENOMEM' }) : readText(path, bytesMax);
  t.equal(await readOpenSockets(without('/proc/net/tcp', 'unreadable')), undefined);
  t.equal(await readOpenSockets(without('/proc/net/udp', 'missing')), undefined);
  t.ok(await readOpenSockets(without('/proc/net/tcp6', 'missing')), 'a kernel without IPv6');
});

t.test('who takes connections at a path, also when the path is gone', async (t) => {
  const path = join(tempFolder(t), 'with a blank.sock');
  t.strictSame(await readUnixListeners(path), []);
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  for (const look of ['while it is there', 'when it is gone']) {
    const links = await readUnixListeners(path);
    const holders = await holdersOf(new Set(links));
    t.strictSame(
      [...holders.values()].map(({ pid, program }) => ({ pid, program })),
      [{ pid: process.pid, program: 'node' }],
      look,
    );
    rmSync(path, { force: true });
  }
});
