import t, { type Test } from 'tap';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { systemClock, type Clock } from '../../../lib/core/clock.ts';
import type { Log } from '../../../lib/core/log.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { HttpServer, type HttpLimits } from '../../../lib/mi/http/http-server.ts';
import type { HttpSettings } from '../../../lib/mi/http/http-settings.ts';
import { LINE_BYTES_MAX } from '../../../lib/mi/mi-connection.ts';
import { recipe, result } from '../../../lib/mi/mi-command.ts';
import { RpcDispatcher } from '../../../lib/mi/rpc-dispatcher.ts';
import { freePort, loopbackAddress } from '../../support/free-port.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { silentLog } from '../../support/silent-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const TOKEN = 'a-secret-of-20-chars';
const CHUNK = 'x'.repeat(16_384);
const DUMP_CHUNKS = 400;
const CONNECTIONS_MAX = 32;
const BIG_CHARS = 6_000_000;

const calls: string[] = [];
let pagesAsked = 0;
let chunksTaken = 0;

function* dump(): Generator<string> {
  yield '"';
  for (chunksTaken = 0; chunksTaken < DUMP_CHUNKS; chunksTaken++) yield CHUNK;
  yield '"';
}

const dispatcher = new RpcDispatcher(
  new CommandTable([
    {
      name: 'echo',
      recipes: [recipe([{ name: 'text', type: 'string' }], ({ text }) => (calls.push(text), result(text)))],
    },
    { name: 'dump', recipes: [recipe([], () => ({ kind: 'stream', chunks: dump() }))] },
    { name: 'big', recipes: [recipe([], () => result('x'.repeat(BIG_CHARS)))] },
    { name: 'trace', recipes: [recipe([], () => ({ kind: 'live', method: 'trace', open: () => () => undefined }))] },
  ]),
);
const pages = {
  page: (path: string) => {
    pagesAsked++;
    return ['/metrics', '/health', '/ready'].includes(path)
      ? Promise.resolve({ status: 200, contentType: 'text/plain', body: `page ${path}` })
      : undefined;
  },
};

// A daemon is kept alive by its sockets; the timers of tests do not count.
const alive = setInterval(() => {}, 60_000);
t.teardown(() => clearInterval(alive));

interface Options {
  readonly settings?: Partial<HttpSettings>;
  readonly limits?: HttpLimits;
  readonly log?: Log;
  readonly clock?: Clock;
}

async function served(t: Test, { settings = {}, limits, log = silentLog, clock = systemClock }: Options = {}) {
  const address = settings.address ?? loopbackAddress();
  const port = settings.port ?? (await freePort(address));
  const all: HttpSettings = { isConfigured: true, root: 'mi', token: { kind: 'none' }, ...settings, address, port };
  const server = new HttpServer(all, { dispatcher, pages, clock, log }, limits);
  await server.start();
  t.teardown(() => server.stop());
  // A server on all addresses is asked on loopback.
  return { server, address: address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

type Place = { readonly address: string; readonly port: number };

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: Agent;
}

async function ask({ address, port }: Place, { method = 'POST', path = '/mi', headers, body, agent }: Asked) {
  const type = method === 'POST' ? { 'content-type': 'application/json' } : {};
  const sent = request({ host: address, port, method, path, headers: { ...type, ...headers }, agent: agent ?? false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode, headers: response.headers, text, isSameConnection: sent.reusedSocket };
}

function connected(t: Test, { address, port }: Place): Socket {
  const socket = createConnection({ host: address, port });
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  return socket;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A reset is an end like any other. */
const closing = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

const rpc = (method: string, params: readonly unknown[] = [], id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', method, params, id });
const OK = { body: rpc('echo', ['x']) };

t.test('a call is answered with 200 and JSON, its errors too', async (t) => {
  const place = await served(t);
  const good = await ask(place, OK);
  t.match(good, { status: 200, headers: { 'content-type': 'application/json' } });
  t.equal(good.text, '{"jsonrpc":"2.0","result":"x","id":1}');
  const unknown = await ask(place, { body: rpc('nonesuch') });
  t.match([unknown.status, JSON.parse(unknown.text)], [200, { error: { code: -32601 }, id: 1 }]);
  const garbage = await ask(place, { body: '\u0000{' });
  t.match([garbage.status, JSON.parse(garbage.text)], [200, { error: { code: -32700 }, id: null }]);
  const live = await ask(place, { body: rpc('trace') });
  t.match(JSON.parse(live.text), { error: { code: 400, message: /"trace" .* only over the unix socket/ } });
});

t.test('a notification is carried out and gets 202 without a body', async (t) => {
  const place = await served(t);
  calls.length = 0;
  t.match(await ask(place, { body: '{"jsonrpc":"2.0","method":"echo","params":["quiet"]}' }), {
    status: 202,
    text: '',
  });
  t.same(calls, ['quiet']);
});

t.test('other verbs, other paths and empty bodies are refused', async (t) => {
  const place = await served(t, { settings: { root: 'json' } });
  t.match(await ask(place, { ...OK, path: '/json' }), { status: 200 });
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    t.match(await ask(place, { method, path: '/json' }), { status: 405, headers: { allow: 'POST' } }, method);
  }
  t.match(await ask(place, OK), { status: 404 });
  t.match(await ask(place, { method: 'GET', path: '/nonesuch' }), { status: 404 });
  t.match(await ask(place, { path: '/json', body: ' \n' }), { status: 400 });
});

t.test('the pages for watchers stand beside it', async (t) => {
  const place = await served(t);
  t.match(await ask(place, { method: 'GET', path: '/metrics?x=1' }), { status: 200, text: 'page /metrics' });
  t.match(await ask(place, { method: 'HEAD', path: '/health' }), { status: 200, text: '' });
});

t.test('a body that is too long is refused without being kept', async (t) => {
  const place = await served(t);
  const refused = { status: 413, text: /at most 65536 bytes/ };
  t.match(await ask(place, { body: 'y'.repeat(LINE_BYTES_MAX + 1) }), refused);
  t.match(
    await ask(place, { body: 'y'.repeat(LINE_BYTES_MAX + 1), headers: { 'transfer-encoding': 'chunked' } }),
    refused,
  );
  const socket = connected(t, place);
  socket.write(
    `POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n\r\n`,
  );
  const [head] = await once(socket, 'data');
  t.match(String(head), /^HTTP\/1.1 413 /, 'before it was sent');
  const closed = closing(socket);
  socket.write('y'.repeat(10_485_760));
  await closed;
  t.match(await ask(place, OK), { status: 200 }, 'and others are served');
});

t.test('a browser cannot be used to call commands', async (t) => {
  const place = await served(t);
  const status = async (headers: Record<string, string>) => (await ask(place, { ...OK, headers })).status;
  t.equal(await status({ origin: 'http://evil.example' }), 403);
  t.equal(await status({ host: 'evil.example:8888' }), 403, 'a name that was bound to this address');
  t.equal(await status({ 'content-type': 'text/plain' }), 415, 'what a form can send');
  t.equal(await status({ host: 'localhost:8888' }), 200);
  t.equal(await status({ host: '[::1]:8888', 'content-type': 'application/json; charset=utf-8' }), 200);
  const page = { method: 'GET', path: '/metrics' };
  t.equal((await ask(place, { ...page, headers: { host: 'evil.example' } })).status, 403, 'nor to read a page');
});

t.test('with a token, calls need it on loopback too, and pages do not', async (t) => {
  const place = await served(t, { settings: { token: { kind: 'text', text: TOKEN } } });
  const withToken = (authorization: string) => ask(place, { ...OK, headers: { authorization, host: 'node1.example' } });
  t.match(await ask(place, OK), { status: 401, headers: { 'www-authenticate': /^Bearer/ } });
  for (const wrong of [
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    TOKEN,
    'Bearer ',
  ]) {
    t.equal((await withToken(wrong)).status, 401, wrong);
  }
  t.equal((await withToken(`Bearer ${TOKEN}`)).status, 200);
  const page = (headers = {}) => ask(place, { method: 'GET', path: '/metrics', headers });
  t.equal((await page()).status, 200);
  const host = 'node1.example';
  t.match(await page({ host }), { status: 403, text: /with a token .* a name will do/ });
  t.equal((await page({ host, authorization: `Bearer ${TOKEN}` })).status, 200, 'and so it does');
});

t.test('where other machines can ask, metrics need the token, and health and readiness do not', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'token');
  writeFileSync(path, `${TOKEN}\n`);
  const place = await served(t, { settings: { address: '0.0.0.0', token: { kind: 'file', path } } });
  const status = async (path: string, headers = {}) => (await ask(place, { method: 'GET', path, headers })).status;
  t.equal(await status('/metrics'), 401);
  t.equal(await status('/metrics', { authorization: `Bearer ${TOKEN}` }), 200);
  t.equal(await status('/health', { host: 'lb.example' }), 200);
  t.equal(await status('/ready'), 200);
  t.equal((await ask(place, OK)).status, 401);
});

t.test('a token file that has no token is the fault of the file', async (t) => {
  const path = join(tempFolder(t), 'token');
  const settings = { token: { kind: 'file', path } } as const;
  await t.rejects(served(t, { settings }), {
    name: 'OperationalError',
    message: /mi\.http_token_file: .*token does not exist/,
  });
  writeFileSync(path, 'short\n');
  await t.rejects(served(t, { settings }), { name: 'OperationalError', message: /one line of at least 16/ });
});

t.test('a taken port is an error where it was asked for, and a warning where it was not', async (t) => {
  const address = loopbackAddress();
  const other = createServer().listen(0, address);
  await once(other, 'listening');
  t.teardown(() => other.close());
  const at = other.address();
  const settings = { address, port: typeof at === 'object' && at !== null ? at.port : 0 };
  await t.rejects(served(t, { settings }), {
    name: 'OperationalError',
    message: /^mi\.http: .* another program has this port; set another ADDRESS:PORT there, or off$/,
  });
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
  await served(t, { settings: { ...settings, isConfigured: false }, log });
  t.match(warnings, [/another program has the port/]);
});

t.test('IPv6 loopback is served', async (t) => {
  const place = await served(t, { settings: { address: '::1' } });
  t.match(await ask(place, OK), { status: 200 });
});

t.test('who sends an octet a second, or nothing, is closed', async (t) => {
  const limits = { connectionsMax: 8, headersMs: 100, requestMs: 200, keepAliveMs: 100, checkMs: 50 };
  const place = await served(t, { limits });
  const begin = 'POST /mi HTTP/1.1\r\nHost: localhost\r\n';
  const starts = ['', begin, `${begin}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`];
  for (const start of starts) {
    const socket = connected(t, place);
    socket.resume();
    socket.write(start);
    const drip = setInterval(() => socket.write('x'), 20);
    if (start === '') clearInterval(drip);
    await closing(socket);
    clearInterval(drip);
    t.pass(`closed after ${JSON.stringify(start.slice(-20))}`);
  }
});

t.test('of a thousand connections most are closed at once, and then others are served', async (t) => {
  const place = await served(t);
  const sockets = Array.from({ length: 1000 }, () => createConnection({ host: place.address, port: place.port }));
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  let closed = 0;
  const enough = new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.on('close', () => ++closed === 1000 - CONNECTIONS_MAX && resolve());
      socket.resume();
    }
  });
  await enough;
  const gone = sockets.filter((socket) => !socket.destroyed).map((socket) => (socket.destroy(), closing(socket)));
  t.equal(gone.length, CONNECTIONS_MAX);
  await Promise.all(gone);
  let status: number | undefined;
  for (let tries = 0; tries < 1000 && status !== 200; tries++) {
    status = await ask(place, OK).then(
      (answer) => answer.status,
      () => undefined,
    );
  }
  t.equal(status, 200, 'as soon as the server has heard of their ends');
});

t.test('a client that waits for its answers keeps its connection', async (t) => {
  const place = await served(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const page = { method: 'GET', path: '/metrics', agent };
  t.match(await ask(place, page), { status: 200, isSameConnection: false });
  for (let i = 0; i < 20; i++) {
    t.match(await ask(place, i % 2 === 0 ? page : { ...OK, agent }), { status: 200, isSameConnection: true });
  }
});

t.test(
  'a client that does not wait for its answers is cut off, and its other requests are not even made',
  async (t) => {
    let lost = 0;
    const place = await served(t, { log: { ...silentLog, debug: () => void lost++ } });
    pagesAsked = 0;
    const socket = connected(t, place);
    socket.pause();
    const closed = closing(socket);
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1000));
    socket.resume();
    await closed;
    t.match(await ask(place, OK), { status: 200 }, 'others are served');
    t.equal(pagesAsked, 1);
    t.ok(lost < 20, `${lost} requests of 1000 were read`);
  },
);

t.test('a client that does not take its answer is cut off', async (t) => {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
  const place = await served(t, { clock, log });
  const body = rpc('big');
  const socket = connected(t, place);
  socket.pause();
  socket.write(
    `POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  for (let turns = 0; turns < 10_000 && clock.timerCount === 0; turns++) await turn();
  clock.advance(30_000);
  let taken = 0;
  socket.on('data', (part: Buffer) => (taken += part.length));
  const closed = closing(socket);
  socket.resume();
  await closed;
  t.ok(taken < BIG_CHARS, `${taken} octets of ${BIG_CHARS}`);
  t.same(warnings, ['management client does not read its reply']);
});

t.test('clients that break off at any moment, or want another protocol, harm nobody', async (t) => {
  const place = await served(t);
  const host = 'Host: localhost\r\n';
  const post = (body: string) =>
    `POST /mi HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const starts = [
    'POST /mi HT',
    post(rpc('echo', ['x'])).slice(0, -5),
    post(rpc('big')),
    post(rpc('dump')),
    `GET /health HTTP/1.1\r\n${host}\r\n`,
    `CONNECT localhost:22 HTTP/1.1\r\n${host}\r\n`,
    `GET /health HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    `POST /mi HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ];
  for (const start of starts) {
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = connected(t, place);
      await once(socket, 'connect');
      const closed = closing(socket);
      socket.write(start);
      socket.resume();
      await turn();
      socket[leave]();
      await closed;
    }
    t.match(await ask(place, OK), { status: 200 }, JSON.stringify(start.slice(0, 30)));
  }
});

t.test('a dump waits for its reader', async (t) => {
  const place = await served(t);
  const sent = request({
    ...{ host: place.address, port: place.port, method: 'POST', path: '/mi', agent: false },
    headers: { 'content-type': 'application/json' },
  });
  sent.end(rpc('dump'));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  t.match(response.headers, { 'transfer-encoding': 'chunked' });
  for (let before = -1; chunksTaken !== before || chunksTaken === 0;) {
    before = chunksTaken;
    for (let i = 0; i < 30; i++) await ask(place, OK);
  }
  t.ok(chunksTaken < DUMP_CHUNKS, `${chunksTaken} of ${DUMP_CHUNKS} chunks were made`);
  let text = '';
  for await (const part of response) text += String(part);
  t.equal(JSON.parse(text).result.length, DUMP_CHUNKS * CHUNK.length, 'it all comes in the end');
});
