import t, { type Test } from 'tap';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { loopbackAddress } from './free-port.ts';
import { Relay } from './relay.ts';

/** A server that keeps what it reads, and a client that reached it through a relay. */
async function throughRelay(t: Test) {
  const address = loopbackAddress();
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, address);
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  const relay = await Relay.start(t, { address, port: (server.address() as AddressInfo).port });
  const near = await connected(t, relay);
  while (accepted.length === 0) await once(server, 'connection');
  return { relay, server, near, far: accepted[0]!, accepted };
}

async function connected(t: Test, relay: Relay): Promise<Socket> {
  const socket = createConnection({ host: relay.address, port: relay.port, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** The next so many bytes that arrive. */
async function arrives(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const found: Buffer | null = socket.read();
    if (found === null) await once(socket, 'readable');
    else text += found.toString('latin1');
  }
  if (text.length > bytes) socket.unshift(Buffer.from(text.slice(bytes), 'latin1'));
  return text.slice(0, bytes);
}

/** Whatever was sent before is where it can get to once this has gone there and back. */
async function roundTrip(t: Test, relay: Relay, accepted: readonly Socket[]): Promise<void> {
  const count = accepted.length;
  const near = await connected(t, relay);
  near.write('ping');
  while (accepted.length === count) await new Promise((resolve) => setImmediate(resolve));
  await arrives(accepted[count]!, 4);
}

t.test('bytes go there and back, and an end is an end of one direction only', async (t) => {
  const { near, far } = await throughRelay(t);
  near.end('there');
  t.equal(await arrives(far, 5), 'there');
  far.resume();
  await once(far, 'end');
  far.end('back');
  t.equal(await arrives(near, 4), 'back');
});

t.test('large amounts arrive whole though one end reads late', async (t) => {
  const { near, far } = await throughRelay(t);
  const sent = Buffer.alloc(20 << 20, 'abcdefg');
  near.end(sent);
  const chunks: Buffer[] = [];
  far.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    far.pause();
    setImmediate(() => far.resume());
  });
  await once(far, 'end');
  t.ok(Buffer.concat(chunks).equals(sent));
});

t.test('frozen, nothing arrives and nothing is closed; thawed, all of it arrives in order', async (t) => {
  const { relay, near, far } = await throughRelay(t);
  relay.freeze();
  near.write('one');
  near.end('two');
  far.write('three');
  const other = await connected(t, relay);
  other.write('four');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(far.read(), null);
  t.equal(near.read(), null);
  t.equal(far.readableEnded, false);
  relay.thaw();
  t.equal(await arrives(far, 6), 'onetwo');
  t.equal(await arrives(near, 5), 'three');
  far.resume();
  await once(far, 'end');
  t.equal(relay.connections, 2);
});

t.test('one direction alone can be frozen', async (t) => {
  const { relay, near, far, accepted } = await throughRelay(t);
  relay.freeze('back');
  near.write('there');
  far.write('back');
  t.equal(await arrives(far, 5), 'there');
  await roundTrip(t, relay, accepted);
  t.equal(near.read(), null);
  relay.thaw('back');
  t.equal(await arrives(near, 4), 'back');
});

t.test('a sender that goes on while all is frozen is held up, and loses nothing', async (t) => {
  const { relay, near, far } = await throughRelay(t);
  relay.freeze();
  const sent = Buffer.alloc(32 << 20, 'abc');
  let isFlushed = false;
  near.write(sent, () => (isFlushed = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(isFlushed, false);
  relay.thaw();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of far as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length === sent.length) break;
  }
  t.ok(Buffer.concat(chunks).equals(sent));
});

t.test('cut, both ends are reset and nobody gets in; mended, the same place leads there again', async (t) => {
  const { relay, near, far, accepted } = await throughRelay(t);
  const ends = [near, far].map(async (socket) => {
    const [error] = await once(socket, 'error');
    return (error as NodeJS.ErrnoException).code;
  });
  const { port } = relay;
  await relay.cut();
  t.same(await Promise.all(ends), ['ECONNRESET', 'ECONNRESET']);
  await t.rejects(connected(t, relay), { code: 'ECONNREFUSED' });
  await relay.mend();
  t.equal(relay.port, port);
  await roundTrip(t, relay, accepted);
  t.equal(accepted.length, 2);
});

t.test('a cut ends a freeze of connections, not of the network', async (t) => {
  const { relay, near } = await throughRelay(t);
  relay.freeze();
  const reset = once(near, 'error');
  await relay.cut();
  await reset;
  await relay.mend();
  const other = await connected(t, relay);
  const answers = once(other, 'data');
  other.write('lost');
  const waited = new Promise((resolve) => setTimeout(resolve, 50, 'nothing'));
  t.equal(await Promise.race([answers, waited]), 'nothing');
});

t.test('a target that is not there resets who connects', async (t) => {
  const { relay, server, near, far } = await throughRelay(t);
  near.destroy();
  far.destroy();
  server.close();
  await once(server, 'close');
  const other = await connected(t, relay);
  const [error] = await once(other, 'error');
  t.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
});

t.test('delayed bytes come no sooner, in order, and as fast one after another as they were sent', async (t) => {
  const { relay, near, far } = await throughRelay(t);
  relay.delay(80);
  const beganMs = performance.now();
  for (let count = 0; count < 10; count += 1) {
    near.write(String(count));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.equal(await arrives(far, 10), '0123456789');
  const tookMs = performance.now() - beganMs;
  t.ok(tookMs >= 80, 'the delay of the last at least');
  relay.delay(0);
  near.write('a');
  t.equal(await arrives(far, 1), 'a');
});

t.test('throttled, bytes come no faster than they may', async (t) => {
  const { relay, near, far } = await throughRelay(t);
  relay.throttle(100_000);
  const beganMs = performance.now();
  near.write(Buffer.alloc(20_000, 'x'));
  t.equal((await arrives(far, 20_000)).length, 20_000);
  // The last piece of a fiftieth of a second goes without waiting for its own time.
  t.ok(performance.now() - beganMs >= 170);
  relay.throttle(Infinity);
  near.write(Buffer.alloc(1 << 20, 'y'));
  t.equal((await arrives(far, 1 << 20)).length, 1 << 20);
});
