import t from 'tap';
import { OperationalError } from '../../lib/core/errors.ts';
import { CommandTable } from '../../lib/mi/command-table.ts';
import { miError, recipe, result, type MiCommand } from '../../lib/mi/mi-command.ts';
import { RpcDispatcher, type WholeReply } from '../../lib/mi/rpc-dispatcher.ts';

const calls: unknown[] = [];

const COMMANDS: readonly MiCommand[] = [
  { name: 'hello', recipes: [recipe([], () => result('OK'))] },
  {
    name: 'add',
    recipes: [
      recipe(
        [
          { name: 'a', type: 'int' },
          { name: 'b', type: 'int' },
        ],
        ({ a, b }) => result(a + b),
      ),
      recipe([{ name: 'a', type: 'int' }], ({ a }) => result(a)),
    ],
  },
  {
    name: 'find',
    recipes: [
      recipe([{ name: 'aor', type: 'string' }], ({ aor }) => result({ aor })),
      recipe([{ name: 'contact', type: 'string' }], ({ contact }) => result({ contact })),
    ],
  },
  { name: 'list', recipes: [recipe([{ name: 'names', type: 'strings' }], ({ names }) => result(names))] },
  { name: 'missing', recipes: [recipe([], () => miError(404, 'AOR not found'))] },
  { name: 'later', recipes: [recipe([], () => Promise.resolve(result({ done: true, left: undefined })))] },
  { name: 'full', recipes: [recipe([], () => Promise.reject(new OperationalError('the disk is full')))] },
  { name: 'broken', recipes: [recipe([], () => Promise.reject(new TypeError('no such thing')))] },
  {
    name: 'note',
    recipes: [recipe([{ name: 'text', type: 'string' }], ({ text }) => (calls.push(text), result('OK')))],
  },
  { name: 'dump', recipes: [recipe([], () => ({ kind: 'stream', chunks: ['{"a":', '[1,2', ']}'] }))] },
];

const dispatcher = new RpcDispatcher(new CommandTable(COMMANDS));

function textOf(reply: WholeReply): string {
  return reply.kind === 'none' ? '' : reply.kind === 'text' ? reply.text : [...reply.chunks].join('');
}

async function ask(request: unknown): Promise<unknown> {
  const text = textOf(await dispatcher.answerWhole(typeof request === 'string' ? request : JSON.stringify(request)));
  return text === '' ? undefined : JSON.parse(text);
}

const call = (method: string, params?: unknown, id: unknown = 1) => ask({ jsonrpc: '2.0', method, params, id });
const ok = (result: unknown, id: unknown = 1) => ({ jsonrpc: '2.0', result, id });
const failed = (code: number, message: string, data?: string, id: unknown = 1) => ({
  jsonrpc: '2.0',
  error: data === undefined ? { code, message } : { code, message, data },
  id,
});
const badParams = (data: string) => failed(-32602, 'Invalid params', data);

t.test('a result comes back with the id of the request, in the key order of OpenSIPS', async (t) => {
  t.equal(
    textOf(await dispatcher.answerWhole('{"jsonrpc":"2.0","method":"hello","id":"x7"}')),
    '{"jsonrpc":"2.0","result":"OK","id":"x7"}',
  );
  t.same(await call('hello', undefined, null), ok('OK', null), 'null is an id, not a notification');
  t.same(await call('hello', undefined, 3.9), ok('OK', 3), 'fractions are cut');
  t.same(await call('later'), ok({ done: true }), 'a result may come later');
});

t.test('a request without an id is carried out and not answered', async (t) => {
  t.equal(await ask({ jsonrpc: '2.0', method: 'note', params: ['seen'] }), undefined);
  t.same(calls, ['seen']);
  t.equal(await ask({ jsonrpc: '2.0', method: 'nonesuch' }), undefined, 'nor is one that fails');
});

t.test('what is no request gets Parse error or Invalid Request', async (t) => {
  for (const text of ['', '{', 'ul_dump', '{"jsonrpc":"2.0",}']) {
    t.same(await ask(text), failed(-32700, 'Parse error', undefined, null), text);
  }
  const invalid = (id: unknown) => failed(-32600, 'Invalid Request', undefined, id);
  t.same(await ask([{ jsonrpc: '2.0', method: 'hello', id: 1 }]), invalid(null), 'a batch');
  t.same(await ask('7'), invalid(null));
  t.same(await ask('null'), invalid(null));
  t.same(await ask({ method: 'hello', id: 1 }), invalid(1), 'no jsonrpc');
  t.same(await ask({ jsonrpc: 2.0, method: 'hello', id: 1 }), invalid(1), 'jsonrpc is a number');
  t.same(await ask({ jsonrpc: '2.0', method: 5, id: 1 }), invalid(1), 'method is a number');
  t.same(await ask({ jsonrpc: '2.0', method: 'hello', params: 'x', id: 1 }), invalid(1), 'params is a text');
  t.same(await ask({ jsonrpc: '2.0', method: 'hello', id: {} }), invalid(null), 'id is an object');
});

t.test('an unknown method is not found, whatever Object.prototype has', async (t) => {
  for (const method of ['nonesuch', 'constructor', '__proto__', '']) {
    t.same(await call(method), failed(-32601, 'Method not found'), method);
  }
});

t.test('positional parameters choose the recipe by their count', async (t) => {
  t.same(await call('add', [2, 3]), ok(5));
  t.same(await call('add', [2]), ok(2));
  t.same(await call('add', [1, 2, 3]), badParams('Too few or too many parameters'));
  t.same(await call('add'), badParams('Too few or too many parameters'));
  t.same(await call('hello', ['x']), badParams('Too few or too many parameters'));
  t.same(await call('find', ['x']), badParams('Ambiguous call, use named parameters instead'));
});

t.test('named parameters choose the recipe that has all of their names and no other', async (t) => {
  t.same(await call('add', { b: 3, a: 2 }), ok(5));
  t.same(await call('find', { contact: 'sip:a@b' }), ok({ contact: 'sip:a@b' }));
  t.same(await call('add', { a: 1, c: 2 }), badParams('Named parameters do not match'));
  t.same(await call('add', { toString: 1 }), badParams('Named parameters do not match'));
  t.same(await call('hello', { a: 1 }), badParams('Named parameters do not match'));
});

t.test('empty parameters are none', async (t) => {
  t.same(await call('hello', []), ok('OK'));
  t.same(await call('hello', {}), ok('OK'));
});

t.test('integers may arrive as numeric strings; any other type names the parameter', async (t) => {
  t.same(await call('add', ['2', '-3']), ok(-1));
  for (const wrong of ['', '1x', '0x10', '1.5', 1.5, true, null, [], '9'.repeat(16), 1e300]) {
    t.same(await call('add', [1, wrong]), badParams("Bad type for parameter 'b'"), JSON.stringify(wrong));
  }
  t.same(await call('note', [7]), badParams("Bad type for parameter 'text'"));
  t.same(await call('list', [['a', 'b']]), ok(['a', 'b']));
  t.same(await call('list', [['a', 1]]), badParams("Bad type for parameter 'names'"));
  t.same(await call('list', ['a']), ok(['a']), 'a list of one');
  t.same(await call('list', { names: 'a' }), ok(['a']));
  t.same(await call('list', ['a', 'b']), ok(['a', 'b']), 'as lines of the text form');
  t.same(await call('list', ['a', 1]), badParams("Bad type for parameter 'names'"));
  t.same(await call('list', [1]), badParams("Bad type for parameter 'names'"));
});

t.test("a command's own error has the command's code; what an operator can mend is 500 with the reason", async (t) => {
  t.same(await call('missing'), failed(404, 'AOR not found'));
  t.same(await call('full'), failed(500, 'the disk is full'));
});

t.test('a defect in a command is not answered away', async (t) => {
  await t.rejects(call('broken'), new TypeError('no such thing'));
});

t.test('a streamed result is one JSON-RPC reply', async (t) => {
  t.same(await call('dump', undefined, 'd"1'), ok({ a: [1, 2] }, 'd"1'));
});

t.test('the table refuses two commands of one name', (t) => {
  const twice = COMMANDS.slice(0, 1);
  t.throws(() => new CommandTable([...twice, ...twice]), /hello is there twice/);
  t.end();
});
