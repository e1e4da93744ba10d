import t, { type Test } from 'tap';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock, type Clock } from '../../lib/core/clock.ts';
import { OperationalError } from '../../lib/core/errors.ts';
import { CommandTable } from '../../lib/mi/command-table.ts';
import { LINE_BYTES_MAX } from '../../lib/mi/mi-connection.ts';
import type { JsonObject } from '../../lib/mi/json.ts';
import { recipe, result } from '../../lib/mi/mi-command.ts';
import { RpcDispatcher } from '../../lib/mi/rpc-dispatcher.ts';
import { silentLog } from '../support/silent-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { CONNECTIONS_MAX, UnixSocketServer } from '../../lib/mi/unix-socket-server.ts';

const DUMP_CHUNKS = 400;
const CHUNK = 'x'.repeat(16_384);

let chunksTaken = 0;
let turns = 0;
const turnsOfWork: number[] = [];
let slowBegun = 0;
let release = () => {};
let sendEvent: (event: JsonObject) => void = () => {};
let ended: (() => void) | undefined;

function* endlessLooking(): Generator<string> {
  yield '"';
  for (let i = 0; i < DUMP_CHUNKS; i++) {
    chunksTaken++;
    yield CHUNK;
  }
  yield '"';
}

const dispatcher = new RpcDispatcher(
  new CommandTable([
    { name: 'echo', recipes: [recipe([{ name: 'text', type: 'string' }], ({ text }) => result(text))] },
    { name: 'dump', recipes: [recipe([], () => ({ kind: 'stream', chunks: endlessLooking() }))] },
    {
      name: 'watch',
      recipes: [
        recipe([], () => ({
          kind: 'live',
          method: 'watch',
          open(send) {
            sendEvent = send;
            return () => ended?.();
          },
        })),
      ],
    },
    {
      name: 'slow',
      recipes: [
        recipe([], () => {
          slowBegun++;
          return new Promise((resolve) => (release = () => resolve(result('at last'))));
        }),
      ],
    },
    { name: 'work', recipes: [recipe([], () => (turnsOfWork.push(turns), result('OK')))] },
  ]),
);

// A daemon is kept alive by its sockets; what is left here while a client is cut off are timers that do not count.
const alive = setInterval(() => {}, 60_000);
t.teardown(() => clearInterval(alive));

async function started(t: Test, path = join(tempFolder(t), 'mi.sock'), clock: Clock = systemClock) {
  const server = new UnixSocketServer(path, dispatcher, clock, silentLog);
  await server.start();
  t.teardown(() => server.stop());
  return { server, path };
}

/** A client that sends lines and awaits replies in order. */
async function connected(t: Test, path: string) {
  const socket = createConnection({ path, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    socket,
    send: (line: string) => socket.write(`${line}\n`),
    async reply(): Promise<unknown> {
      const next = await lines.next();
      return next.done ? undefined : JSON.parse(next.value);
    },
  };
}

const WATCH = JSON.stringify({ jsonrpc: '2.0', method: 'watch', id: 7 });
const echo = (text: string, id = 1) => JSON.stringify({ jsonrpc: '2.0', method: 'echo', params: [text], id });

t.test('one line is one request, and replies come in the order of the requests', async (t) => {
  const { path } = await started(t);
  const client = await connected(t, path);
  client.socket.write(
    `${echo('a', 1)}\n${echo('b', 2)}\n${JSON.stringify({ jsonrpc: '2.0', method: 'echo', params: ['c'] })}\n${echo('d', 4)}\n`,
  );
  t.same(await client.reply(), { jsonrpc: '2.0', result: 'a', id: 1 });
  t.same(await client.reply(), { jsonrpc: '2.0', result: 'b', id: 2 });
  t.same(await client.reply(), { jsonrpc: '2.0', result: 'd', id: 4 }, 'the notification is not answered');
});

t.test('only the owner and the group may use the socket', async (t) => {
  const { path } = await started(t);
  t.equal(statSync(path).mode & 0o777, 0o660);
});

t.test('a request without a line end counts when the client has said all', async (t) => {
  const { path } = await started(t);
  const client = await connected(t, path);
  client.socket.end(echo('last'));
  t.match(await client.reply(), { result: 'last' });
  t.equal(await client.reply(), undefined, 'and the server closes');
});

t.test('a client that leaves before the reply to a request without a line end harms nobody', async (t) => {
  const { path } = await started(t);
  const other = await connected(t, path);
  const isServed = async () => {
    other.send(echo('served'));
    return t.match(await other.reply(), { result: 'served' });
  };
  const before = slowBegun;
  const early = await connected(t, path);
  early.socket.end(JSON.stringify({ jsonrpc: '2.0', method: 'slow', id: 1 }));
  while (slowBegun === before) await isServed();
  early.socket.destroy();
  await once(early.socket, 'close');
  release();
  await isServed();

  const midway = createConnection({ path, allowHalfOpen: true });
  midway.end(JSON.stringify({ jsonrpc: '2.0', method: 'dump', id: 1 }));
  await once(midway, 'data');
  midway.destroy();
  await once(midway, 'close');
  await isServed();
});

t.test('what nobody waits for is carried out without keeping others waiting', async (t) => {
  let nowMs = 0;
  const { path } = await started(t, undefined, { ...systemClock, monotonicMs: () => nowMs++ });
  const client = await connected(t, path);
  const next = () => {
    turns++;
    ticking = setImmediate(next);
  };
  let ticking = setImmediate(next);
  t.teardown(() => clearImmediate(ticking));
  turnsOfWork.length = 0;
  client.socket.write(`${'{"jsonrpc":"2.0","method":"work"}\n'.repeat(900)}${echo('done')}\n`);
  t.match(await client.reply(), { result: 'done' });
  t.equal(turnsOfWork.length, 900);
  t.ok(new Set(turnsOfWork).size > 100, `in ${new Set(turnsOfWork).size} turns`);
});

t.test('a client that leaves in the middle of a line harms nobody', async (t) => {
  const { path } = await started(t);
  for (let i = 0; i < 100; i++) {
    const client = await connected(t, path);
    client.socket.write('{"jsonrpc"');
    client.socket.destroy();
  }
  const other = await connected(t, path);
  other.send(echo('served'));
  t.match(await other.reply(), { result: 'served' });
});

t.test('garbage and a line that is too long are answered, and the connection goes on', async (t) => {
  const { path } = await started(t);
  const client = await connected(t, path);
  client.send('\u0000\u0001 garbage');
  t.match(await client.reply(), { error: { code: -32700, message: 'Parse error' }, id: null });
  client.send('y'.repeat(LINE_BYTES_MAX + 1));
  t.match(await client.reply(), { error: { code: -32700, data: `A request has at most ${LINE_BYTES_MAX} bytes` } });
  client.send(echo('still here'));
  t.match(await client.reply(), { result: 'still here' });
});

t.test('a client that does not read stops the dump instead of filling the memory', async (t) => {
  const { path } = await started(t);
  const slow = createConnection(path);
  t.teardown(() => slow.destroy());
  slow.pause();
  chunksTaken = 0;
  slow.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'dump', id: 1 })}\n`);

  // While it waits, others are served; by then the dump has come as far as the kernel's buffers let it.
  const other = await connected(t, path);
  let before = -1;
  while (chunksTaken === 0 || chunksTaken !== before) {
    before = chunksTaken;
    for (let i = 0; i < 50; i++) {
      other.send(echo('ping'));
      t.match(await other.reply(), { result: 'ping' });
    }
  }
  t.ok(chunksTaken < 100, `${chunksTaken} chunks of ${DUMP_CHUNKS} were made`);

  let bytes = 0;
  slow.on('data', (data) => (bytes += data.length));
  slow.resume();
  while (bytes < DUMP_CHUNKS * CHUNK.length) await once(slow, 'data');
  t.equal(chunksTaken, DUMP_CHUNKS, 'once it reads, it gets everything');
});

t.test('a client that goes away in the middle of a dump ends it', async (t) => {
  const { path, server } = await started(t);
  const client = createConnection(path);
  chunksTaken = 0;
  client.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'dump', id: 1 })}\n`);
  await once(client, 'data');
  client.destroy();
  await once(client, 'close');
  await server.stop();
  t.ok(chunksTaken < DUMP_CHUNKS);
});

t.test('for one client more than allowed, the one that was silent longest makes room', async (t) => {
  const { path } = await started(t);
  const clients = [];
  for (let i = 0; i < CONNECTIONS_MAX; i++) {
    const client = await connected(t, path);
    client.send(echo('x'));
    await client.reply();
    clients.push(client);
  }
  const [first, second] = clients;
  first?.send(echo('again'));
  await first?.reply();

  const late = await connected(t, path);
  late.send(echo('late'));
  t.match(await late.reply(), { result: 'late' });
  t.equal(await second?.reply(), undefined, 'closed');
  first?.send(echo('still here'));
  t.match(await first?.reply(), { result: 'still here' });
});

t.test('while all are being answered, one client more than allowed is told so', async (t) => {
  const { path } = await started(t);
  for (let i = 0; i < CONNECTIONS_MAX; i++) {
    const client = await connected(t, path);
    client.send(WATCH);
    t.match(await client.reply(), { result: 'OK' });
  }
  const late = await connected(t, path);
  t.match(await late.reply(), { error: { code: 503 }, id: null });
  t.equal(await late.reply(), undefined);
});

t.test('stopping answers what is in progress, takes no new client, and removes the socket', async (t) => {
  const { path, server } = await started(t);
  const client = await connected(t, path);
  client.send(echo('served'));
  await client.reply();
  client.send(JSON.stringify({ jsonrpc: '2.0', method: 'slow', id: 9 }));
  const idle = await connected(t, path);
  idle.send(echo('x'));
  await idle.reply();

  const stopped = server.stop();
  t.equal(await idle.reply(), undefined, 'an idle client is closed');
  await t.rejects(once(createConnection(path), 'connect'), { code: /ENOENT|ECONNREFUSED/ });
  release();
  t.match(await client.reply(), { result: 'at last', id: 9 });
  await stopped;
  t.notOk(existsSync(path));
});

const hasEnded = () => new Promise<void>((resolve) => (ended = resolve));

t.test('an answer that goes on sends its events until the client leaves', async (t) => {
  const { path } = await started(t);
  const client = await connected(t, path);
  client.send(WATCH);
  t.same(await client.reply(), { jsonrpc: '2.0', result: 'OK', id: 7 });
  sendEvent({ n: 1 });
  sendEvent({ n: 2 });
  t.same(await client.reply(), { jsonrpc: '2.0', method: 'watch', params: { n: 1 } });
  t.same(await client.reply(), { jsonrpc: '2.0', method: 'watch', params: { n: 2 } });
  client.send(echo('not answered'));
  const end = hasEnded();
  client.socket.end();
  await end;
  sendEvent({ n: 3 });
  t.equal(await client.reply(), undefined);
});

t.test('what a watcher does not read is dropped, and it is told how much', async (t) => {
  const { path } = await started(t);
  const socket = createConnection(path);
  t.teardown(() => socket.destroy());
  socket.write(`${WATCH}\n`);
  await once(socket, 'data');
  socket.pause();
  for (let n = 0; n < 1000; n++) sendEvent({ n, text: CHUNK });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  socket.resume();
  let next = 0;
  for (; next < 1000; next++) {
    sendEvent({ n: 1000 + next });
    const { params } = JSON.parse((await lines.next()).value ?? '{}');
    if (params.dropped === undefined) continue;
    t.equal(next + params.dropped, params.n, `${params.dropped} were dropped`);
    break;
  }
  t.ok(next < 100, `${next} were kept`);
});

t.test('stopping ends an answer that goes on', async (t) => {
  const { path, server } = await started(t);
  const client = await connected(t, path);
  client.send(WATCH);
  await client.reply();
  const end = hasEnded();
  await server.stop();
  await end;
  t.equal(await client.reply(), undefined);
});

t.test('the socket of a killed daemon is replaced', async (t) => {
  const path = join(tempFolder(t), 'mi.sock');
  leaveStaleSocket(path);
  t.ok(existsSync(path), 'it was left behind');
  await started(t, path);
  const client = await connected(t, path);
  client.send(echo('new'));
  t.match(await client.reply(), { result: 'new' });
});

t.test('a socket that is answered belongs to a running daemon', async (t) => {
  const { path } = await started(t);
  const second = new UnixSocketServer(path, dispatcher, systemClock, silentLog);
  await t.rejects(
    second.start(),
    new OperationalError(
      `twinreg is already running: a daemon answers on its management socket ${path}; stop it first, or give this one its own data folder`,
    ),
  );
  const client = await connected(t, path);
  client.send(echo('first'));
  t.match(await client.reply(), { result: 'first' }, 'and it is left alone');
});

t.test('a path that cannot be a socket is refused with the reason', async (t) => {
  const folder = tempFolder(t);
  const at = (path: string) => new UnixSocketServer(path, dispatcher, systemClock, silentLog).start();

  const file = join(folder, 'precious');
  writeFileSync(file, 'data');
  await t.rejects(at(file), { name: 'OperationalError', message: /precious: a file that is no socket is there/ });
  t.ok(existsSync(file), 'the file stays');

  await t.rejects(at(join(folder, 'x'.repeat(110))), {
    name: 'OperationalError',
    message: /the system allows at most 107/,
  });
  await t.rejects(at(join(folder, 'no', 'such', 'mi.sock')), {
    name: 'OperationalError',
    message: /cannot be opened: .*ENOENT|EACCES/,
  });
  mkdirSync(join(folder, 'dir'));
  await t.rejects(at(join(folder, 'dir')), { name: 'OperationalError', message: /no socket is there/ });
});

/** A process that binds and is killed leaves its socket file behind. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, path]);
}
