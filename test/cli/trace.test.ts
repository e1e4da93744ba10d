import t, { type Test } from 'tap';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CliEdges } from '../../lib/cli/cli-command.ts';
import { traceText } from '../../lib/cli/trace-text.ts';
import { traceCommand } from '../../lib/cli/trace.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { MemoryOutput } from '../support/memory-output.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Traced {
  /** Says these lines, and closes unless told otherwise. */
  tell(...lines: readonly object[]): void;
  readonly asked: Promise<unknown>;
  readonly out: MemoryOutput;
  /** The command's end. */
  readonly ended: Promise<number>;
}

/** The command against a daemon that says what the test wants. */
async function traced(t: Test, ...words: readonly string[]): Promise<Traced> {
  const path = join(tempFolder(t), 'mi.sock');
  const server = createServer().listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const client = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const asked = client.then(async (socket) => {
    t.teardown(() => socket.destroy());
    const [line] = (await once(createInterface({ input: socket }), 'line')) as [string];
    return JSON.parse(line);
  });
  const out = new MemoryOutput();
  const edges: CliEdges = {
    version: '1',
    out,
    err: new MemoryOutput(),
    clock: systemClock,
    loadConfig: () => Promise.reject(new Error('not read')),
    runDaemon: () => Promise.reject(new Error('not run')),
  };
  const ended = traceCommand.run([...words, '--socket', path], edges);
  return {
    asked,
    out,
    ended,
    tell: (...lines) =>
      void asked.then(async () => (await client).end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))),
  };
}

const OK = { jsonrpc: '2.0', result: 'OK', id: 1 };
const AT = '2026-11-24T10:00:00.123Z';
const event = (params: object) => ({ jsonrpc: '2.0', method: 'trace', params: { at: AT, ...params } });

const EVENTS = [
  { event: 'watching', aor: 'alice@example.com' },
  {
    event: 'received',
    request: 1,
    source: 'udp:192.0.2.10:5060',
    socket: 'udp:192.0.2.1:5060',
    text: 'REGISTER sip:example.com SIP/2.0\r\nUser-Agent: \u001b[2Jevil\u2028!\r\n\r\n',
  },
  {
    event: 'accepted',
    request: 1,
    outcome: 'stored',
    call_id: 'c1',
    cseq: 7,
    changes: [
      { what: 'added', contact: 'sip:alice@10.0.0.5', expires_s: 3600, received: 'sip:203.0.113.7:1024' },
      { what: 'evicted', contact: 'sip:old@192.0.2.3' },
    ],
  },
  {
    event: 'sent',
    request: 1,
    status: 200,
    reason: 'OK',
    headers: [['Contact', '<sip:a>;expires=3600']],
    waited_ms: 400.7,
    waited_for: ['twin'],
  },
  { event: 'refused', request: 2, status: 400, reason: 'Invalid CSeq', call_id: 'c1', cseq: 6 },
  { event: 'sent', request: 2, status: 400, reason: 'Invalid CSeq', headers: [], waited_ms: 0 },
  { event: 'ping_sent', contact: 'sip:alice@10.0.0.5', kind: 'options', to: 'udp:203.0.113.7:1024' },
  { event: 'ping_answered', contact: 'sip:alice@10.0.0.5', status: 200, latency_ms: 17.2 },
  { event: 'ping_lost', contact: 'sip:alice@10.0.0.5', lost_in_a_row: 3 },
  { event: 'changed', by: 'ping', changes: [{ what: 'pings-lost', contact: 'sip:alice@10.0.0.5' }] },
  { event: 'changed', by: 'mi', changes: [{ what: 'all-removed' }] },
  { event: 'of a newer daemon', contact: 'x' },
  { dropped: 7, event: 'expired', contact: 'sip:alice@10.0.0.5' },
  { event: 'skipped', count: 12 },
].map(event);

t.test('events are shown to people as they come, harmless to a terminal', async (t) => {
  const { asked, tell, ended, out } = await traced(t, 'sip:alice@example.com');
  tell(OK, ...EVENTS);
  t.match(await asked, { method: 'trace', params: { aor: 'alice@example.com' } });
  await t.rejects(ended, { name: 'OperationalError', message: /ended the trace/ }, 'the exit code says that it ended');
  const time = '\\d\\d:\\d\\d:00\\.123';
  const expected = [
    'watching alice@example\\.com; Ctrl-C ends',
    `${time}  <- from udp:192\\.0\\.2\\.10:5060, on udp:192\\.0\\.2\\.1:5060`,
    ' {17}REGISTER sip:example\\.com SIP/2\\.0',
    ' {17}User-Agent: \\\\x1b\\[2Jevil\u2028!',
    `${time}  \\.\\. accepted \\(Call-ID c1, CSeq 7\\)`,
    ' {17}added: sip:alice@10\\.0\\.0\\.5, for 1 h, received sip:203\\.0\\.113\\.7:1024',
    ' {17}evicted \\(max_contacts\\): sip:old@192\\.0\\.2\\.3',
    `${time}  -> 200 OK \\(waited 400\\.7 ms for the twin\\)`,
    ' {17}Contact: <sip:a>;expires=3600',
    `${time}  \\.\\. refused with 400 Invalid CSeq \\(Call-ID c1, CSeq 6\\)`,
    `${time}  -> 400 Invalid CSeq`,
    `${time}  -> ping \\(options\\) to udp:203\\.0\\.113\\.7:1024 for sip:alice@10\\.0\\.0\\.5`,
    `${time}  <- ping answered with 200 after 17\\.2 ms by sip:alice@10\\.0\\.0\\.5`,
    `${time}  \\.\\. ping lost, 3 in a row: sip:alice@10\\.0\\.0\\.5`,
    `${time}  \\.\\. changed because of lost pings`,
    ' {17}removed \\(pings lost\\): sip:alice@10\\.0\\.0\\.5',
    `${time}  \\.\\. changed by an operator`,
    ' {17}all contacts removed',
    '7 events are missing here: they came faster than they were read',
    `${time}  \\.\\. expired: sip:alice@10\\.0\\.0\\.5`,
    `${time}  \\.\\. 12 more events, not shown: too many in a second`,
    '',
  ];
  const shown = out.text.split('\n');
  expected.forEach((line, at) => t.match(shown[at], new RegExp(`^${line}$`)));
  t.equal(shown.length, expected.length);
});

t.test('for programs there is an object a line, whatever it says', async (t) => {
  const { tell, ended, out } = await traced(t, '--json', 'alice@example.com');
  tell(OK, ...EVENTS);
  await t.rejects(ended, { name: 'OperationalError' });
  t.same(
    out.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    EVENTS.map(({ params }) => params),
  );
});

t.test('what a reply waited for is said, as far as the daemon knows it', (t) => {
  const shown = (waited_ms: number, waited_for?: readonly string[]) => {
    const sent = { event: 'sent' as const, at: AT, request: 1, status: 200, reason: 'OK', headers: [], waited_ms };
    return traceText(waited_for === undefined ? sent : { ...sent, waited_for }).slice(14);
  };
  t.equal(shown(12.3, ['disk']), '-> 200 OK (waited 12.3 ms for the disk)\n');
  t.equal(shown(12.3, ['disk', 'twin']), '-> 200 OK (waited 12.3 ms for the disk and the twin)\n');
  t.equal(shown(12.3), '-> 200 OK (waited 12.3 ms)\n', 'an older daemon says no more');
  t.equal(shown(0.4, ['twin']), '-> 200 OK\n');
  t.end();
});

t.test('what the daemon refuses is said', async (t) => {
  const domainless = await traced(t, 'alice');
  domainless.tell({ jsonrpc: '2.0', error: { code: 400, message: 'Domain missing in AOR' }, id: 1 });
  await t.rejects(domainless.ended, { name: 'OperationalError', message: 'Domain missing in AOR' });
  const late = await traced(t, 'alice@example.com');
  late.tell(OK, event({ event: 'no-room', aor: 'alice@example.com' }));
  await t.rejects(late.ended, { message: /too many traces/ });
  const strange = await traced(t, 'alice@example.com');
  strange.tell(OK, { hello: 'world' });
  await t.rejects(strange.ended, { message: /is not twinreg's trace/ });
});

t.test('an AoR has to be named', async (t) => {
  await t.rejects((await traced(t)).ended, { name: 'UsageError', message: 'AOR is missing' });
});
