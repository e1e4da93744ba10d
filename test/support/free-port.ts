import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

let addressesGiven = 0;

/**
 * A loopback address that no other test process uses and that this one has not used before (a process that asks more
 * than 254 times starts over). Two tests on two addresses can both have port 5060.
 */
export function loopbackAddress(pid: number = process.pid): string {
  // 127.128/9 leaves the low addresses to whatever else runs on the machine. Process ids that share their lowest 15 bits
  // share addresses; two such processes do not run at one time.
  const high = 128 + ((pid >> 8) & 0x7f);
  const host = 1 + (addressesGiven++ % 254);
  return `127.${String(high)}.${String(pid & 0xff)}.${String(host)}`;
}

const ATTEMPTS_MAX = 20;
const given = new Set<string>();

/**
 * A port of this address that is free for UDP and for TCP, as it was a moment ago: bind it before something else does. The kernel may have the
 * same one free twice before anybody binds it; here nobody gets a port that somebody else has got.
 */
export async function freePort(address: string): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const server = createServer();
    server.listen(0, address);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const free = await isFreeForUdp(address, port);
    server.close();
    await once(server, 'close');
    const place = JSON.stringify([address, port]);
    if (!free || given.has(place)) continue;
    given.add(place);
    return port;
  }
  throw new Error(`no port of ${address} is free for both UDP and TCP after ${String(ATTEMPTS_MAX)} attempts`);
}

async function isFreeForUdp(address: string, port: number): Promise<boolean> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
