import t, { type Test } from 'tap';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connectError } from '../../lib/cli/connect-error.ts';
import { callMi, replyChunks } from '../../lib/cli/mi-client.ts';
import { resultChunks } from '../../lib/cli/result-chunks.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Longer than a daemon may be silent. */
const LONG_MS = 60_000;

/** A daemon of which the test says when it answers what. */
async function puppet(t: Test): Promise<{ readonly path: string; readonly client: Promise<Socket> }> {
  const path = join(tempFolder(t), 'mi.sock');
  const server = createServer().listen(path);
  const client = Promise.withResolvers<Socket>();
  server.once('connection', (socket) => {
    t.teardown(() => socket.destroy());
    client.resolve(socket);
  });
  t.teardown(() => server.close());
  await once(server, 'listening');
  return { path, client: client.promise };
}

t.test('a daemon that says nothing is given up', async (t) => {
  const { path, client } = await puppet(t);
  const clock = new ManualClock();
  const answer = callMi(path, 'status', {}, clock);
  await client;
  clock.advance(LONG_MS);
  await t.rejects(answer, { name: 'OperationalError', message: `the daemon behind ${path} did not answer for 10 s` });
});

t.test('a reader who takes his time, a pager, is no silence of the daemon', async (t) => {
  const { path, client } = await puppet(t);
  const clock = new ManualClock();
  const chunks = replyChunks(path, 'ul_dump', {}, clock);
  void client.then((socket) => socket.write('{"result":'));
  t.match((await chunks.next()).value, Buffer.from('{"result":'));
  clock.advance(LONG_MS);
  (await client).write('[]}\n');
  t.match((await chunks.next()).value, Buffer.from('[]}'));
  t.match(await chunks.next(), { done: true });
});

t.test('a large result is passed on as it comes, without what stands around it', async (t) => {
  const { path, client } = await puppet(t);
  const chunks = resultChunks(path, 'ul_dump', {}, new ManualClock());
  void client.then((socket) => socket.write('{"jsonrpc":"2.0","result":{"a":["é first part'));
  const first = await chunks.next();
  t.match(first, { value: '{"a":["é fi', done: false }, 'before the second part is there');
  (await client).write('"]},"id":1}\n');
  let text = String(first.value);
  for await (const chunk of chunks) text += chunk;
  t.equal(text, '{"a":["é first part"]}');
});

t.test('an error in place of a large result is thrown', async (t) => {
  const { path, client } = await puppet(t);
  const chunks = resultChunks(path, 'ul_dump', {}, new ManualClock());
  void client.then((socket) => socket.write('{"jsonrpc":"2.0","error":{"code":404,"message":"No"},"id":1}\n'));
  await t.rejects(chunks.next(), { name: 'OperationalError', code: 404, coded: '404 No' });
});

t.test('a socket that is for others only is said to be so', async (t) => {
  const { path } = await puppet(t);
  const refused = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
  t.match(connectError(path, refused), {
    message: `${path} is for the daemon's user and group only; run this as one of them`,
  });
});
