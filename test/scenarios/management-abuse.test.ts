import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { CONNECTIONS_MAX } from '../../lib/mi/unix-socket-server.ts';
import { Daemon } from '../support/daemon.ts';
import { askFifo, makeReplyFifo, replyName, writeFifo } from '../support/fifo-client.ts';
import { RecordingPhones } from '../support/recording-phones.ts';

const LOAD = { perSecond: 400, phones: 400 };

const CONNECTIONS = 1000;
/** What the HTTP server holds of them. */
const HELD_MAX = 32;
const SLOW_CLIENTS = 200;
const BODIES = 30;
const BODY_BYTES = 10_000_000;

/** All of this together: read buffers that wait for the garbage collector. The bodies, if they were kept, are 300 MB. */
const RESIDENT_GROWTH_MAX_MB = 256;

/** Warnings and errors of the log for thousands of wrong requests: the same one at most once a minute. */
const WARNINGS_MAX = 8;

type Way = (daemon: Daemon, request: string) => Promise<string>;

const call = (method: string, params?: unknown, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', method, params, id });

const refusal = (code: number, message: string, data?: string) =>
  JSON.stringify({ jsonrpc: '2.0', error: { code, message, data }, id: 1 });
const unread = (code: number, message: string) =>
  JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null });

const ALICE = ['location', 'alice@example.com'];

/** What is wrong in itself, whatever way it comes, with the reference's answer. */
const WRONG: readonly (readonly [request: string, reply: string])[] = [
  ['{"jsonrpc":"2.0","method":', unread(-32700, 'Parse error')],
  ['{"jsonrpc":"2.0","method":"ps","id":{}}', unread(-32600, 'Invalid Request')],
  ['{"jsonrpc":"1.0","method":"ps","id":1}', refusal(-32600, 'Invalid Request')],
  ['{"jsonrpc":"2.0","method":7,"id":1}', refusal(-32600, 'Invalid Request')],
  [call('ps', 'all'), refusal(-32600, 'Invalid Request')],
  [call('nonesuch'), refusal(-32601, 'Method not found')],
  [call('__proto__'), refusal(-32601, 'Method not found')],
  [call('ul_rm', ['location']), refusal(-32602, 'Invalid params', 'Too few or too many parameters')],
  [
    call('ul_rm', { table: 'location', aor: 'x@y' }),
    refusal(-32602, 'Invalid params', 'Named parameters do not match'),
  ],
  [call('nh_enable_ping', ['on']), refusal(-32602, 'Invalid params', "Bad type for parameter 'status'")],
  [call('ul_show_contact', ['location', {}]), refusal(-32602, 'Invalid params', "Bad type for parameter 'aor'")],
  [call('ul_rm', ['nonesuch', 'alice@example.com']), refusal(404, 'Table not found')],
  [call('ul_rm', ALICE), refusal(404, 'AOR not found')],
  [call('ul_show_contact', ['location', 'alice']), refusal(400, 'Domain missing in AOR')],
  [call('get_statistics', [['nonesuch']]), refusal(404, 'Statistics Not Found')],
];

const WAYS: readonly (readonly [name: string, way: Way])[] = [
  ['HTTP', overHttp],
  ['unix socket', overSocket],
  ['FIFO', (daemon, request) => askFifo(daemon, (reply) => `:${reply}:${request}\n`)],
];

t.test('phones, operators and memory do not feel what is done to management', async (t) => {
  const daemon = await Daemon.start(t, { http: true, fifo: true, config: 'nathelper:\n  natping_interval: 0\n' });
  const phones = await RecordingPhones.start(t, daemon, LOAD);
  await phones.answers(LOAD.phones);
  const earliest = phones.records();
  const before = (await daemon.status()).resident_mb;
  let highest = before;
  const look = async (t: Test) => {
    const { code, out } = await daemon.twinreg('status', '--json');
    t.equal(code, 0, 'twinreg status works');
    highest = Math.max(highest, (JSON.parse(out) as { readonly resident_mb: number }).resident_mb);
  };

  for (const [name, way] of WAYS) {
    await t.test(`what is wrong in itself, over ${name}`, (t) => wrongRequests(t, daemon, way));
  }
  await t.test('HTTP that is wrong', (t) => wrongHttp(t, daemon));
  await t.test('bodies of 10 MB', async (t) => {
    const bodies = Array.from({ length: BODIES }, () => longBody(daemon));
    await look(t);
    for (const reply of await Promise.all(bodies)) t.match(reply, /^HTTP\/1\.1 413 /);
  });
  await t.test('a thousand connections that say nothing', (t) => silentHttp(t, daemon, look));
  await t.test('clients that ask without end and take no answer', (t) => impatientHttp(t, daemon, look));
  await t.test('clients that send an octet a second', (t) => slowHttp(t, daemon, look));
  await t.test('the unix socket', (t) => crowdedSocket(t, daemon, look));
  await t.test('the FIFO', (t) => wrongFifo(t, daemon, look));

  // A phone goes on only when it was answered: each of them has gone on since.
  await phones.answers(phones.answeredCount + 2 * LOAD.phones);
  const latest = phones.records();
  const left = earliest.filter(({ asked }, index) => (latest[index]?.answered ?? 0) < asked + 1);
  t.same(left, [], 'every phone was answered');
  t.same(phones.refusals, [], 'with 200');
  await look(t);
  t.ok(highest - before < RESIDENT_GROWTH_MAX_MB, `${before} MB became ${highest} MB`);
  const warnings = daemon.log.filter(({ level }) => level >= 40).map(({ msg }) => msg);
  t.ok(warnings.length <= WARNINGS_MAX, `the log is not flooded: ${warnings.join('; ')}`);
  for (const [name, way] of WAYS) {
    const added = [...ALICE, 'sip:alice@127.0.0.1:9', 60, '1', 0, '0', 5951];
    t.equal(
      (await way(daemon, call('ul_add', added))).trim(),
      '{"jsonrpc":"2.0","result":"OK","id":1}',
      `${name} works`,
    );
  }
});

async function wrongRequests(t: Test, daemon: Daemon, way: Way): Promise<void> {
  for (const [request, reply] of WRONG) t.equal((await way(daemon, request)).trim(), reply, request);
}

async function wrongHttp(t: Test, daemon: Daemon): Promise<void> {
  const host = `Host: ${daemon.address}\r\nConnection: close`;
  const json = `${host}\r\nContent-Type: application/json`;
  const wrong: readonly (readonly [status: number, request: string])[] = [
    [405, `GET /mi HTTP/1.1\r\n${host}\r\n\r\n`],
    [405, `DELETE /mi HTTP/1.1\r\n${host}\r\n\r\n`],
    [404, `POST /nonesuch HTTP/1.1\r\n${json}\r\nContent-Length: 2\r\n\r\n{}`],
    [415, `POST /mi HTTP/1.1\r\n${host}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`],
    [400, `POST /mi HTTP/1.1\r\n${json}\r\nContent-Length: 0\r\n\r\n`],
    [400, `POST /mi HTTP/1.1\r\n${json}\r\nContent-Length: many\r\n\r\n{}`],
    [400, `${'\u0000\u0001 garbage \r\n'.repeat(10)}\r\n`],
    [431, `GET /mi HTTP/1.1\r\n${host}\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`],
  ];
  for (const [status, request] of wrong) {
    const [line] = (await exchange(daemon, [request])).split('\r\n');
    t.match(line, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(request.slice(0, 60)));
  }
  const nested = '['.repeat(30_000) + ']'.repeat(30_000);
  t.equal(await overHttp(daemon, nested), unread(-32600, 'Invalid Request'), 'arrays in arrays');
}

/** All of it is sent, whatever the daemon says meanwhile. */
function longBody(daemon: Daemon): Promise<string> {
  const head = `POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  return exchange(daemon, [head, ...Array.from({ length: Math.ceil(BODY_BYTES / 65_536) }, () => chunk), '0\r\n\r\n']);
}

async function silentHttp(t: Test, daemon: Daemon, look: (t: Test) => Promise<void>): Promise<void> {
  let open = CONNECTIONS;
  let outOfTime = 0;
  const enough = Promise.withResolvers<void>();
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connected(daemon);
    socket.once('data', () => (outOfTime += 1));
    socket.once('close', () => {
      open -= 1;
      if (open <= HELD_MAX) enough.resolve();
    });
    return socket;
  });
  await enough.promise;
  await look(t);
  t.equal(outOfTime, 0, 'the others were closed at once, not with a 408 when their time was over');
  await Promise.all(sockets.filter(({ closed }) => !closed).map((socket) => closing(socket.destroy())));
}

/** One after the other is cut off; each comes back a few times. */
async function impatientHttp(t: Test, daemon: Daemon, look: (t: Test) => Promise<void>): Promise<void> {
  const requests = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1500);
  for (let round = 0; round < 10; round += 1) {
    const sockets = Array.from({ length: HELD_MAX }, () => connected(daemon));
    const closed = Promise.all(sockets.map(closing));
    for (const socket of sockets) socket.write(requests);
    await closed;
  }
  await look(t);
  t.match(await overHttp(daemon, call('ps')), /"result"/, 'and others are served');
}

/** They go on until the daemon closes them. */
async function slowHttp(t: Test, daemon: Daemon, look: (t: Test) => Promise<void>): Promise<void> {
  const sockets = Array.from({ length: SLOW_CLIENTS }, () => connected(daemon));
  const closed = Promise.all(sockets.map(closing));
  const text = `POST /mi HTTP/1.1\r\nX-Slow: ${'x'.repeat(1000)}`;
  let sent = 0;
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(text.charAt(sent));
    sent += 1;
  }, 1000);
  t.teardown(() => clearInterval(drip));
  await look(t);
  await closed;
  t.ok(sent < 20, `the last was closed after ${sent} octets`);
  t.match(await overHttp(daemon, call('ps')), /"result"/, 'and others are served');
}

async function crowdedSocket(t: Test, daemon: Daemon, look: (t: Test) => Promise<void>): Promise<void> {
  const crowd = Array.from({ length: 4 * CONNECTIONS_MAX }, () => createConnection(daemon.socketPath));
  for (const socket of crowd) {
    socket.on('error', () => undefined);
    socket.write('{"jsonrpc"');
    socket.resume();
  }
  await look(t);
  t.ok(crowd.filter(({ closed }) => !closed).length < CONNECTIONS_MAX, 'the silent ones made room');
  for (const socket of crowd) socket.destroy();

  const tooLong = await overSocket(daemon, `${'y'.repeat(BODY_BYTES)}`);
  t.match(JSON.parse(tooLong), { error: { code: -32700, message: 'Parse error' } }, 'a line of 10 MB');
}

async function wrongFifo(t: Test, daemon: Daemon, look: (t: Test) => Promise<void>): Promise<void> {
  const victim = join(daemon.folder, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(daemon.folder, 'link'));
  const fifo = await makeReplyFifo(daemon, 'linked');
  symlinkSync(fifo, join(daemon.folder, 'linked_too'));
  const behindLink = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(behindLink));
  await makeReplyFifo(daemon, 'unread');
  // A reader that opens its FIFO and takes nothing.
  const stalled = replyName();
  const path = await makeReplyFifo(daemon, stalled);
  const sleeper = spawn('sh', ['-c', 'exec 3<>"$0"; echo open; read never', path], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => sleeper.kill('SIGKILL'));
  await once(sleeper.stdout, 'data');
  await writeFifo(daemon, `:${stalled}:${call('ul_dump')}\n`);

  for (let round = 0; round < 50; round += 1) {
    for (const name of ['../victim', 'a/b', '/etc/passwd', 'victim', 'link', 'linked_too', 'nonesuch', 'unread']) {
      await writeFifo(daemon, `:${name}:${call('ul_dump')}\n:ul_dump:${name}\n\n`);
    }
    await writeFifo(daemon, Buffer.alloc(4000, `\u0000\u00ff garbage ${round} :\n`, 'latin1'));
  }
  await writeFifo(daemon, `:r:{${'"x":'.repeat(100_000)}\n`);
  await look(t);
  t.match(await askUntilAnswered(t, daemon, call('ps')), /"result"/, 'others are answered');
  t.equal(readSync(behindLink, Buffer.alloc(10)), 0, 'nothing goes through a link');
  t.equal(readFileSync(victim, 'utf8'), 'precious');
}

/** While many replies wait for readers that never come, others are left out for a moment: the client asks again. */
function askUntilAnswered(t: Test, daemon: Daemon, request: string): Promise<string> {
  return askFifo(daemon, (reply) => {
    const text = `:${reply}:${request}\n`;
    const again = setInterval(() => void writeFifo(daemon, text), 250);
    t.teardown(() => clearInterval(again));
    return text;
  });
}

/** A connection to HTTP that may break at any time. */
function connected(daemon: Daemon): Socket {
  const socket = createConnection({ host: daemon.address, port: daemon.httpPort });
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

/** Whatever ends it. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}

/** Sends all of it and gives what came until the connection was over. */
async function exchange(daemon: Daemon, parts: readonly string[]): Promise<string> {
  const socket = connected(daemon);
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
  const closed = closing(socket);
  for (const part of parts) if (socket.writable && !socket.write(part)) await Promise.race([drained(socket), closed]);
  await closed;
  return text;
}

async function overHttp(daemon: Daemon, body: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`http://${daemon.address}:${daemon.httpPort}/mi`, { method: 'POST', headers, body });
  return response.text();
}

async function overSocket(daemon: Daemon, request: string): Promise<string> {
  const socket = createConnection(daemon.socketPath);
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString('utf8')));
  socket.end(`${request}\n`);
  await once(socket, 'close');
  return text.trim();
}
