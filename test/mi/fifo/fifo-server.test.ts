import t, { type Test } from 'tap';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../lib/core/clock.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { COMMANDS_MAX, FifoServer, REPLIES_MAX } from '../../../lib/mi/fifo/fifo-server.ts';
import { ReplyFifo } from '../../../lib/mi/fifo/reply-fifo.ts';
import { LINE_BYTES_MAX } from '../../../lib/mi/mi-connection.ts';
import { miError, recipe, result } from '../../../lib/mi/mi-command.ts';
import { RpcDispatcher } from '../../../lib/mi/rpc-dispatcher.ts';
import { TurnBudget } from '../../../lib/mi/turn-budget.ts';
import { silentLog } from '../../support/silent-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const AORS = 5000;

const calls: string[] = [];
let called = () => {};

/** A command that is in progress until it is released. */
const slow = { begun: 0, most: 0, waiting: [] as (() => void)[] };

function* dump(): Generator<string> {
  yield '{"AORs":[{"AOR":"a0"}';
  for (let i = 1; i < AORS; i++) yield `,{"AOR":"a${i}","Expires":${i}}`;
  yield ']}';
}

const dispatcher = new RpcDispatcher(
  new CommandTable([
    {
      name: 'echo',
      recipes: [recipe([{ name: 'text', type: 'text' }], ({ text }) => (calls.push(text), called(), result(text)))],
    },
    {
      name: 'slow',
      recipes: [
        recipe([], async () => {
          slow.begun++;
          await new Promise<void>((resolve) => {
            slow.most = Math.max(slow.most, slow.waiting.push(resolve));
          });
          return result('OK');
        }),
      ],
    },
    { name: 'lines', recipes: [recipe([], () => ({ ...miError(400, 'two\nlines'), data: 'and\r\nmore' }))] },
    {
      name: 'status',
      recipes: [recipe([], () => result({ Status: 1 })), recipe([{ name: 'on', type: 'int' }], () => result('OK'))],
    },
    { name: 'missing', recipes: [recipe([], () => miError(404, 'AOR not found'))] },
    { name: 'sum', recipes: [recipe([{ name: 'names', type: 'strings' }], ({ names }) => result({ names }))] },
    { name: 'dump', recipes: [recipe([], () => ({ kind: 'stream', chunks: dump() }))] },
    { name: 'trace', recipes: [recipe([], () => ({ kind: 'live', method: 'trace', open: () => () => undefined }))] },
  ]),
);

// A daemon is kept alive by its sockets; the timers of tests do not count.
const alive = setInterval(() => {}, 60_000);
t.teardown(() => clearInterval(alive));

async function served(
  t: Test,
  folder = tempFolder(t),
  path: string | undefined = join(folder, 'fifo'),
  clock: Clock = systemClock,
) {
  const warnings: { readonly message: string; readonly fields: object }[] = [];
  let warned = () => {};
  const log = {
    ...silentLog,
    warn: (fields: object, message: string) => {
      warnings.push({ fields, message });
      warned();
    },
  };
  const server = new FifoServer({ path, mode: 0o660, replyFolder: folder }, { dispatcher, clock, log });
  await server.start();
  t.teardown(() => server.stop());
  const warning = () => new Promise<void>((resolve) => (warned = resolve));
  return { server, folder, path, warnings, warning };
}

/** A request in one write, as a client makes it. */
function write(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY);
  writeSync(fd, text);
  closeSync(fd);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Resolves when a command that this writes is carried out. */
async function carriedOut(path: string, text: string): Promise<void> {
  const done = new Promise<void>((resolve) => (called = () => calls.at(-1) === text && resolve()));
  write(path, `::${rpc('echo', [text])}\n`);
  await done;
}

/** Makes a reply FIFO and reads it to its end. */
function replyFifo(folder: string, name: string): Promise<string> {
  execFileSync('mkfifo', [join(folder, name)]);
  const reader = spawn('cat', [join(folder, name)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  reader.stdout.on('data', (part: Buffer) => (text += part.toString()));
  return once(reader, 'close').then(() => text);
}

const rpc = (method: string, params: readonly unknown[] = []) =>
  JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 });

t.test('a JSON request is answered into the FIFO that it names, which is then closed', async (t) => {
  const { folder, path } = await served(t);
  t.equal(statSync(path).mode & 0o777, 0o660);
  const reply = replyFifo(folder, 'r1');
  write(path, `:r1:${rpc('echo', ['x'])}`);
  t.equal(await reply, '{"jsonrpc":"2.0","result":"x","id":1}\n');
  const live = replyFifo(folder, 'r2');
  write(path, `:r2:${rpc('trace')}\n`);
  t.match(JSON.parse(await live), { error: { code: 400, message: /only over the unix socket/ } });
});

t.test('the text form of 2.4 is answered in its own words', async (t) => {
  const { folder, path } = await served(t);
  const ask = (name: string, command: string, ...params: string[]) => {
    const reply = replyFifo(folder, name);
    write(path, `:${command}:${name}\n${params.map((param) => `${param}\n`).join('')}\n`);
    return reply;
  };
  t.equal(await ask('t1', 'status'), '200 OK\nStatus:: 1\n');
  t.equal(await ask('t2', 'status', '1'), '200 OK\n');
  t.equal(await ask('t3', 'echo', '"a b"'), '200 OK\n:: a b\n');
  t.equal(await ask('t4', 'sum', 'a', 'b'), '200 OK\nnames:: a\nnames:: b\n');
  t.equal(await ask('t5', 'missing'), '404 AOR not found\n');
  t.match(await ask('t6', 'nonesuch'), /^500 /);
  t.match(await ask('t7', 'status', 'x'), /^400 .*Bad type for parameter 'on'\n$/);
  t.match(await ask('t8', 'trace'), /^400 .*only over the unix socket/);
  t.equal(await ask('t9', 'lines'), '400 two lines: and  more\n', 'an error is one line');
});

t.test('dumps stream in both forms', async (t) => {
  const { folder, path } = await served(t);
  const replies = [replyFifo(folder, 'd1'), replyFifo(folder, 'd2')];
  write(path, `:d1:${rpc('dump')}:dump:d2\n\n`);
  const [json = '', text = ''] = await Promise.all(replies);
  t.equal(JSON.parse(json).result.AORs.length, AORS);
  t.equal(text.split('\n').length, 2 + AORS + (AORS - 1));
  t.match(text, /^200 OK\nAOR:: a0\nAOR:: a1\n\tExpires:: 1\nAOR:: a2\n/);
});

t.test('requests of several clients, and what is none, may come as one piece', async (t) => {
  const { folder, path, warnings } = await served(t);
  const replies = ['i1', 'i2', 'i3'].map((name) => replyFifo(folder, name));
  calls.length = 0;
  write(
    path,
    `:i1:${rpc('echo', ['1'])}::${rpc('echo', ['quiet'])}\njunk\n:echo:i2\n2\n\n${'y'.repeat(300)}\n:i3:${rpc('echo', ['3'])}`,
  );
  const texts = await Promise.all(replies);
  t.match(texts, [/"result":"1"/, /^200 OK/, /"result":"3"/]);
  t.same(calls, ['1', 'quiet', '2', '3']);
  t.match(warnings, [{ message: /is no request; skipped/ }], 'said once');
});

t.test('a request that is too long, or that its writer left unfinished, does not swallow the next', async (t) => {
  const { folder, path, warning } = await served(t);
  const skipped = warning();
  const writer = spawn('sh', [
    '-c',
    `head -c ${LINE_BYTES_MAX * 2} /dev/zero | tr '\\0' '{' | sed 's/^/:r:/' > ${path}`,
  ]);
  await Promise.all([skipped, once(writer, 'close')]);
  const reply = replyFifo(folder, 'after');
  write(path, `\n:after:${rpc('echo', ['x'])}`);
  t.match(await reply, /"result":"x"/);

  write(path, ':gone:{"jsonrpc":"2.0","method":"ec');
  const again = replyFifo(folder, 'again');
  // It is given up a second later, and what came before that with it.
  const retry = setInterval(() => write(path, `:again:${rpc('echo', ['y'])}\n`), 300);
  t.match(await again, /"result":"y"/);
  clearInterval(retry);
});

t.test('a reply goes only to a FIFO in the reply folder', async (t) => {
  const { folder, path, warnings, warning } = await served(t);
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'two'), join(folder, 'unread')]);
  linkSync(join(folder, 'two'), join(folder, 'names'));
  const second = openSync(join(folder, 'two'), constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(second));
  calls.length = 0;
  const named = warning();
  for (const name of ['../victim', 'a/b', 'a.b', 'a\\b']) write(path, `:${name}:${rpc('echo', [name])}\n`);
  await named;
  t.match(warnings, [{ message: /the name of a reply FIFO/ }], 'warned once');
  t.same(calls, [], 'nothing is carried out');

  const refused = warning();
  for (const name of ['victim', 'link', 'two', 'nonesuch', 'unread']) write(path, `:${name}:${rpc('echo', [name])}\n`);
  await refused;
  const reply = replyFifo(folder, 'good');
  write(path, `:good:${rpc('echo', ['good'])}`);
  t.match(await reply, /"result":"good"/, 'others are served meanwhile');
  t.equal(readSync(second, Buffer.alloc(10)), 0, 'nothing goes to a FIFO with two names');
  t.equal(readFileSync(victim, 'utf8'), 'precious');
  t.same(calls, ['victim', 'link', 'two', 'nonesuch', 'unread', 'good']);
  t.equal(warnings.length, 2);
});

t.test('readers that take nothing have so many places, and block no command', async (t) => {
  const { folder, path, warnings, warning } = await served(t);
  const names = Array.from({ length: REPLIES_MAX + 1 }, (_, index) => `stalled${index}`);
  execFileSync(
    'mkfifo',
    names.map((name) => join(folder, name)),
  );
  const stalled = names.map((name) => openSync(join(folder, name), constants.O_RDONLY | constants.O_NONBLOCK));
  const closeAll = () => stalled.splice(0).forEach((fd) => closeSync(fd));
  t.teardown(closeAll);
  const busy = warning();
  for (const name of names) write(path, `:${name}:${rpc('dump')}\n`);
  await busy;
  t.match(warnings, [{ message: /^too many replies wait/, fields: { replyName: `stalled${REPLIES_MAX}` } }]);
  await carriedOut(path, 'meanwhile');

  closeAll();
  const reply = replyFifo(folder, 'quick');
  const again = setInterval(() => write(path, `:quick:${rpc('echo', ['quick'])}\n`), 50);
  t.match(await reply, /"result":"quick"/, 'who asks once they have left is answered');
  clearInterval(again);
});

t.test('one reader that takes nothing leaves room for others', async (t) => {
  const { folder, path } = await served(t);
  execFileSync('mkfifo', [join(folder, 'stalled')]);
  const stalled = openSync(join(folder, 'stalled'), constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(stalled));
  write(path, `:stalled:${rpc('dump')}`);
  const reply = replyFifo(folder, 'quick');
  write(path, `:quick:${rpc('echo', ['quick'])}`);
  t.match(await reply, /"result":"quick"/);
});

t.test('so many commands are in progress at a time, and the others come in their turn', async (t) => {
  const { path } = await served(t);
  slow.begun = 0;
  slow.most = 0;
  calls.length = 0;
  const some = `${`::${rpc('slow')}\n`.repeat(20)}::${rpc('echo', ['between'])}\n`;
  for (let i = 0; i < 10; i++) write(path, some);
  while (slow.begun < 200) {
    for (let turns = 0; turns < 20; turns++) await turn();
    slow.waiting.splice(0).forEach((release) => release());
  }
  await carriedOut(path, 'the last');
  t.equal(slow.begun, 200);
  t.equal(slow.most, COMMANDS_MAX);
  t.equal(calls.filter((text) => text === 'between').length, 10);
});

t.test('commands that nobody waits for leave turns to everything else', async (t) => {
  let nowMs = 0;
  const { path } = await served(t, undefined, undefined, { ...systemClock, monotonicMs: () => nowMs++ });
  let turns = 0;
  let ticking = setImmediate(next);
  function next() {
    turns++;
    ticking = setImmediate(next);
  }
  t.teardown(() => clearImmediate(ticking));
  write(path, `::${rpc('echo', ['x'])}\n`.repeat(900));
  await carriedOut(path, 'the last');
  t.ok(turns > 100, `${turns} turns`);
});

t.test('a reply does not go into the FIFO that requests come from', async (t) => {
  const { path, warnings, warning } = await served(t);
  const refused = warning();
  write(path, `:fifo:${rpc('echo', ['x'])}\n`);
  await refused;
  t.match(warnings, [{ message: /could not be written/, fields: { reason: /is the management FIFO itself$/ } }]);
});

t.test('a defect in the making of a reply closes its FIFO and ends the process', async (t) => {
  const folder = tempFolder(t);
  function* broken(): Generator<string> {
    yield 'so far';
    throw new TypeError('a defect');
  }
  const reply = replyFifo(folder, 'r');
  const fifo = await ReplyFifo.open(join(folder, 'r'), '', systemClock);
  await t.rejects(fifo.write(broken(), new TurnBudget(systemClock)), { message: 'a defect' });
  t.equal(await reply, 'so far');

  const reader = replyFifo(folder, 'd');
  const daemon = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '-e', defectiveDaemon(folder, `:d:${rpc('defect')}`)],
    { encoding: 'utf8', timeout: 10_000 },
  );
  t.match(daemon.stderr, /TypeError: a defect/);
  t.equal(daemon.status, 1);
  await reader;
});

/** A program with a FIFO whose one command breaks while it is sent. */
function defectiveDaemon(folder: string, request: string): string {
  const from = (path: string) => JSON.stringify(new URL(`../../../lib/${path}`, import.meta.url).href);
  return `
    import { writeFile } from 'node:fs/promises';
    import { systemClock as clock } from ${from('core/clock.ts')};
    import { CommandTable } from ${from('mi/command-table.ts')};
    import { FifoServer } from ${from('mi/fifo/fifo-server.ts')};
    import { recipe } from ${from('mi/mi-command.ts')};
    import { RpcDispatcher } from ${from('mi/rpc-dispatcher.ts')};
    function* chunks() { yield '1'; throw new TypeError('a defect'); }
    const defect = { name: 'defect', recipes: [recipe([], () => ({ kind: 'stream', chunks: chunks() }))] };
    const dispatcher = new RpcDispatcher(new CommandTable([defect]));
    const log = { info() {}, warn() {}, debug() {}, error() {} };
    const path = ${JSON.stringify(join(folder, 'defective'))};
    await new FifoServer({ path, mode: 0o600, replyFolder: ${JSON.stringify(folder)} }, { dispatcher, clock, log }).start();
    await writeFile(path, ${JSON.stringify(request)});
    setTimeout(() => process.exit(0), 3000);
  `;
}

t.test('a FIFO that was left behind is replaced, and goes when the daemon stops', async (t) => {
  const folder = tempFolder(t);
  execFileSync('mkfifo', ['-m', '600', join(folder, 'fifo')]);
  const { server, path } = await served(t, folder);
  t.equal(statSync(path).mode & 0o777, 0o660);
  await server.stop();
  t.notOk(existsSync(path));
});

t.test('a FIFO that somebody reads, and a file that is none, are left alone', async (t) => {
  const { folder, path, server } = await served(t);
  await t.rejects(served(t, folder), {
    name: 'OperationalError',
    message: /^mi\.fifo_name: another program reads the FIFO/,
  });
  const reply = replyFifo(folder, 'first');
  write(path, `:first:${rpc('echo', ['first'])}`);
  t.match(await reply, /"result":"first"/);

  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  await t.rejects(served(t, folder, file), { name: 'OperationalError', message: /a file that is no FIFO is there/ });
  t.equal(readFileSync(file, 'utf8'), 'precious');
  await t.rejects(served(t, folder, join(folder, 'no/such')), {
    name: 'OperationalError',
    message: /^mi\.fifo_name: the FIFO \S+ cannot be made: mkfifo: [^\n]+$/,
  });

  execFileSync('rm', [path]);
  execFileSync('mkfifo', [path]);
  await server.stop();
  t.ok(existsSync(path), 'nor is one removed that another program made in its place');
});
