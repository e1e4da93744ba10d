import t from 'tap';
import fc from 'fast-check';
import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { LINE_BYTES_MAX } from '../../lib/mi/mi-connection.ts';
import { Daemon } from '../support/daemon.ts';

const RUNS = 2000;

/** What reaches far into the commands, beside values that are merely strange. */
const TELLING = [
  ...[
    'location',
    'alice@example.com',
    'al%69ce@example.com',
    '%zz@x',
    '@',
    'a@',
    '@b',
    'all',
    'usrloc:',
    ':',
    'status',
  ],
  ...[
    'sip:alice@192.0.2.1:5060',
    'sip:',
    'sip:a@[::1',
    'sip:é@192.0.2.1;x="',
    '*',
    '<sip:a@b>',
    '\u0000',
    '\ud800',
    '\ufeff',
  ],
  ...['0', '-1', '1', '0.5', '1e400', '999999999999999', '__proto__', 'constructor', 'x'.repeat(40_000)],
];

const telling = fc.constantFrom(...TELLING);
const anyNumber = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double(), fc.constantFrom(-1, 0, 1, 2 ** 31, 2 ** 53));
const anyText = fc.oneof(telling, fc.string({ unit: 'binary' }), fc.string());
const anyValue = fc.oneof(
  { arbitrary: telling, weight: 4 },
  { arbitrary: anyNumber, weight: 3 },
  { arbitrary: anyText, weight: 2 },
  { arbitrary: fc.array(anyText), weight: 1 },
  { arbitrary: fc.anything({ maxDepth: 4 }), weight: 1 },
);

/** Without the right table and AoR no other parameter is looked at. */
const USUAL: Readonly<Record<string, unknown>> = {
  table_name: 'location',
  aor: 'alice@example.com',
  contact: 'sip:alice@192.0.2.1:5060',
  expires: 60,
  q: '0.5',
  flags: 0,
  cflags: '',
  methods: 0,
};

function valueOf(name: string): fc.Arbitrary<unknown> {
  if (!(name in USUAL)) return anyValue;
  return fc.oneof({ arbitrary: fc.constant(USUAL[name]), weight: 3 }, { arbitrary: anyValue, weight: 1 });
}

/** Values for one of a command's parameter lists, by place or by name; now and then anything. */
function anyParams(lists: readonly (readonly string[])[]): fc.Arbitrary<unknown> {
  const fitting = fc.constantFrom(...lists).chain((names) => {
    const byPlace = fc.tuple(...names.map(valueOf));
    const byName = byPlace.map((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])));
    return fc.oneof(byPlace, byName);
  });
  const loose = fc.oneof(fc.array(anyValue, { maxLength: 10 }), fc.dictionary(anyText, anyValue), anyValue);
  return fc.oneof({ arbitrary: fitting, weight: 9 }, { arbitrary: loose, weight: 1 });
}

t.test('whatever the parameters of a command are, it is answered', async (t) => {
  const daemon = await Daemon.start(t, { http: true });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const names = ((await daemon.mi('which')) as readonly string[]).filter((name) => name !== 'kill');
  const lists = new Map<string, readonly (readonly string[])[]>();
  for (const name of names) lists.set(name, (await daemon.mi('which', [name])) as readonly (readonly string[])[]);

  const anyCall = fc
    .constantFrom(...lists)
    .chain(([method, lists]) => fc.record({ method: fc.constant(method), params: anyParams(lists) }));
  let results = 0;
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ method, params }) => {
      const text = textOf({ jsonrpc: '2.0', method, params, id: 7 });
      fc.pre(Buffer.byteLength(text) <= LINE_BYTES_MAX);
      const { result, error, id } = JSON.parse(await post(daemon, agent, text));
      if (result !== undefined) results++;
      return id === 7 && (result !== undefined || (Number.isInteger(error.code) && typeof error.message === 'string'));
    }),
    { numRuns: RUNS },
  );
  t.ok(results > RUNS / 10, `${results} of ${RUNS} calls were carried out`);
  t.match(await daemon.status(), { pings: Object }, 'and the daemon goes on');
  t.match(await daemon.stop(), { code: 0 });
});

/** What JSON has no word for becomes a text. */
function textOf(call: object): string {
  return JSON.stringify(call, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

async function post({ address, httpPort }: Daemon, agent: Agent, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const sent = request({ host: address, port: httpPort, path: '/mi', method: 'POST', headers, agent });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response) text += String(part);
  return text;
}
