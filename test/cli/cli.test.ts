import t, { type Test } from 'tap';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { runCli } from '../../lib/cli/cli.ts';
import type { CliEdges, ConfigOptions } from '../../lib/cli/cli-command.ts';
import { loadConfig } from '../../lib/config/load-config.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { OperationalError } from '../../lib/core/errors.ts';
import { CommandTable } from '../../lib/mi/command-table.ts';
import { statusCommand, type NodeStatus } from '../../lib/mi/commands/status.ts';
import { ulDumpCommand } from '../../lib/mi/commands/ul-dump.ts';
import { ulShowContactCommand } from '../../lib/mi/commands/ul-show-contact.ts';
import { RpcDispatcher } from '../../lib/mi/rpc-dispatcher.ts';
import { UnixSocketServer } from '../../lib/mi/unix-socket-server.ts';
import { MemoryOutput } from '../support/memory-output.ts';
import { fixedBindings, shownBinding } from '../support/shown-binding.ts';
import { silentLog } from '../support/silent-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const STATUS: NodeStatus = {
  version: '1.2.3',
  pid: 77,
  node_id: 1,
  uptime_s: 7265,
  listen: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'],
  data_folder: '/data',
  users: 1,
  contacts: 2,
  registrations: { accepted: 5, rejected: 1, collisions: 1 },
  storage: {
    mode: 'write-back',
    path: '/data/location.db',
    state: 'degraded',
    reason: 'database or disk is full',
    since: '2026-11-23T02:41:38.000Z',
    pending_changes: 12,
  },
  degraded: ['disk'],
  resident_mb: 80,
  event_loop_delay_ms: { p99: 1.2, max: 9 },
};

const AORS = new Map([
  [
    'alice@example.com',
    [
      shownBinding({ binding: { received: 'sip:203.0.113.7:1024', userAgent: '\u001b[2Jevil' } }),
      shownBinding({ contactUri: 'sip:alice@192.0.2.2', expiresAtMs: Number.POSITIVE_INFINITY }),
    ],
  ],
  ['bob@example.com', [shownBinding({ contactUri: 'sip:bob@192.0.2.3' })]],
]);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let daemonOptions: ConfigOptions | undefined;

async function twinreg(...words: string[]): Promise<Outcome> {
  const out = new MemoryOutput();
  const err = new MemoryOutput();
  const edges: CliEdges = {
    version: '1.2.3',
    out,
    err,
    clock: systemClock,
    loadConfig: ({ listen, dataFolder }) =>
      Promise.resolve(loadConfig({ text: undefined, listen, data: dataFolder, surroundings: SURROUNDINGS })),
    runDaemon(options) {
      daemonOptions = options;
      return options.configFile === 'busy.yaml'
        ? Promise.reject(new OperationalError('the port is in use'))
        : Promise.resolve(0);
    },
  };
  const code = await runCli(words, edges);
  return { code, out: out.text, err: err.text };
}

const SURROUNDINGS = { cwd: '/', home: '/home/op', xdgStateHome: undefined, isRoot: false };

/** A data folder in which a daemon answers. */
async function daemonIn(t: Test, aors = AORS): Promise<string> {
  const folder = tempFolder(t);
  const bindings = fixedBindings(aors);
  const table = new CommandTable([
    statusCommand(() => STATUS),
    ulDumpCommand(bindings),
    ulShowContactCommand(bindings, { useDomain: true, caseSensitive: true }),
  ]);
  const server = new UnixSocketServer(join(folder, 'twinreg.sock'), new RpcDispatcher(table), systemClock, silentLog);
  await server.start();
  t.teardown(() => server.stop());
  return folder;
}

t.test('help shows all commands, and the options of one', async (t) => {
  for (const words of [[], ['help'], ['--help'], ['-h']]) {
    const { code, out } = await twinreg(...words);
    t.equal(code, 0);
    t.match(out, /run .*\n.*check-config .*\n.*status .*\n.*ul dump .*\n.*ul show .*\n.*version /);
    t.match(out, /Exit codes: 0 done; 1 failed.*; 2 wrong/);
  }
  for (const words of [
    ['help', 'ul', 'show'],
    ['ul', 'show', '--help'],
    ['ul', 'show', 'x', '-h'],
  ]) {
    t.match(await twinreg(...words), { code: 0, out: /^Usage: twinreg ul show \[--json\] .* AOR\n/ });
  }
});

t.test('help of a word that several commands begin with is the help of all of them', async (t) => {
  for (const words of [
    ['help', 'ul'],
    ['ul', '--help'],
    ['ul', '-h'],
    ['ul', 'help'],
  ]) {
    const { code, out, err } = await twinreg(...words);
    t.equal(code, 0);
    t.equal(err, '');
    t.match(out, /^Usage: twinreg ul dump \[--json\].*\n\nList all contacts\.\n/);
    t.match(out, /\n\nUsage: twinreg ul show \[--json\].* AOR\n\nShow the contacts/);
  }
});

t.test('version shows the version', async (t) => {
  for (const word of ['version', '--version', '-V'])
    t.same(await twinreg(word), { code: 0, out: 'twinreg 1.2.3\n', err: '' });
});

t.test('a wrong command line says what is wrong and what was expected, and ends with 2', async (t) => {
  const wrong = async (words: string[], message: RegExp) =>
    t.match(await twinreg(...words), { code: 2, out: '', err: message });
  await wrong(['stauts'], /^twinreg: there is no command 'stauts'; did you mean 'status'\?\n$/);
  await wrong(['frobnicate'], /there is no command 'frobnicate'; expected one of: run, check-config, status, ul dump/);
  await wrong(
    ['ul'],
    /^twinreg: 'ul' is not a whole command; expected 'ul dump' or 'ul show'\n\nUsage: twinreg ul dump /,
  );
  await wrong(['ul', '--json'], /^twinreg: 'ul' is not a whole command/);
  await wrong(['ul', 'frob'], /there is no command 'ul frob'; expected one of: ul dump, ul show\n/);
  await wrong(['help', 'ul', 'frob'], /there is no command 'ul frob'/);
  await wrong(['frobnicate', '--help'], /there is no command 'frobnicate'/);
  await wrong(['ul', 'dmup'], /there is no command 'ul dmup'; did you mean 'ul dump'\?/);
  await wrong(['help', 'nonesuch'], /there is no command 'nonesuch'/);
  await wrong(['status', '--jsno'], /^twinreg status: unknown option '--jsno'\nUsage: twinreg status \[--json\]/);
  await wrong(['status', 'now'], /^twinreg status: unexpected argument 'now'\n/);
  await wrong(['status', '--socket'], /^twinreg status: option '--socket <value>' argument missing\n/);
  await wrong(['ul', 'show'], /^twinreg ul show: AOR is missing\nUsage: twinreg ul show/);
  await wrong(['version', '-x'], /^twinreg version: unknown option '-x'\n/);
  await wrong(['run', '--listen'], /argument missing/);
});

t.test('run hands its options to the daemon', async (t) => {
  t.match(await twinreg('run', '-f', 'a.yaml', '--listen', 'udp:10.0.0.1', '--listen', 'tcp:10.0.0.1', '--data', 'd'), {
    code: 0,
  });
  t.same(daemonOptions, { configFile: 'a.yaml', listen: ['udp:10.0.0.1', 'tcp:10.0.0.1'], dataFolder: 'd' });
  await twinreg('run', '--config', 'b.yaml');
  t.same(daemonOptions, { configFile: 'b.yaml', listen: [], dataFolder: undefined });
});

t.test('what an operator can mend is one sentence without a stack, and ends with 1', async (t) => {
  t.same(await twinreg('run', '-f', 'busy.yaml'), { code: 1, out: '', err: 'twinreg: the port is in use\n' });
});

t.test('check-config says all that is wrong and ends with 2', async (t) => {
  t.match(await twinreg('check-config'), { code: 0, out: 'defaults: the configuration is valid\n', err: '' });
  const { code, out, err } = await twinreg('check-config', '--listen', 'udp:nowhere', '--listen', 'sctp:10.0.0.1');
  t.equal(code, 2);
  t.equal(out, '');
  t.match(err, /--listen: "udp:nowhere"/);
  t.match(err, /--listen: "sctp:10.0.0.1"/);
});

t.test('status is for people, or with --json for programs', async (t) => {
  const data = await daemonIn(t);
  const { code, out } = await twinreg('status', '--data', data);
  t.equal(code, 0);
  t.match(out, /^twinreg {8}1\.2\.3, node 1, process 77, up 2 h 1 min\n/);
  t.match(out, 'SIP            udp:127.0.0.1:5060, tcp:127.0.0.1:5060\n');
  t.match(out, 'bindings       2 contacts of 1 user\n');
  t.match(out, /storage {8}FAILING since 2026-11-23T02:41:38.000Z: database or disk is full; 12 changes waiting/);
  t.match(out, 'registrations  5 accepted, 1 rejected, 1 collision (two phones with one contact address)\n');
  t.match(out, /degraded {7}disk \(what phones are told now would not survive a crash\)\n$/);

  const json = await twinreg('status', '--json', '--socket', join(data, 'twinreg.sock'));
  t.same(JSON.parse(json.out), STATUS);
});

t.test('without a daemon every command asks whether it is running', async (t) => {
  const data = tempFolder(t);
  const expected = `twinreg: nothing answers on ${data}/twinreg.sock; is twinreg running? Start it with: twinreg run\n`;
  for (const words of [['status'], ['ul', 'dump'], ['ul', 'dump', '--json'], ['ul', 'show', 'alice@example.com']]) {
    t.same(await twinreg(...words, '--data', data), { code: 1, out: '', err: expected });
  }
});

t.test('without options the daemon is looked for in the default data folder', async (t) => {
  t.match(await twinreg('status'), { code: 1, err: '/home/op/.local/state/twinreg/twinreg.sock' });
});

t.test('ul show takes an AoR with and without sip:', async (t) => {
  const data = await daemonIn(t);
  for (const aor of ['alice@example.com', 'sip:alice@example.com', 'SIPS:alice@EXAMPLE.com']) {
    const { code, out } = await twinreg('ul', 'show', aor, '--data', data);
    t.equal(code, 0);
    t.match(out, /^alice@example\.com\n {2}Contact {7}sip:alice@192\.0\.2\.1:5060\n/);
    t.match(out, /Expires {7}in 1 min\n/);
    t.match(out, /\n\n {2}Contact {7}sip:alice@192\.0\.2\.2\n/);
    t.match(out, /User-agent {4}\\x1b\[2Jevil\n/, 'no control character reaches the terminal');
  }
  const { out } = await twinreg('ul', 'show', '--json', 'bob@example.com', '--data', data);
  t.match(JSON.parse(out), { AOR: 'bob@example.com', Contacts: [{ Contact: 'sip:bob@192.0.2.3', Expires: 60 }] });
});

t.test('ul show of an AoR without contacts says so', async (t) => {
  const data = await daemonIn(t);
  t.same(await twinreg('ul', 'show', 'carol@example.com', '--data', data), {
    code: 1,
    out: '',
    err: 'twinreg: carol@example.com has no contact registered\n',
  });
  t.match(await twinreg('ul', 'show', 'carol', '--data', data), { code: 1, err: 'twinreg: Domain missing in AOR\n' });
});

t.test('ul dump lists all contacts in columns', async (t) => {
  const data = await daemonIn(t);
  const { code, out } = await twinreg('ul', 'dump', '--data', data);
  t.equal(code, 0);
  t.equal(
    out,
    `AOR                CONTACT                   EXPIRES IN  RECEIVED              USER AGENT
alice@example.com  sip:alice@192.0.2.1:5060  1 min       sip:203.0.113.7:1024  \\x1b[2Jevil
alice@example.com  sip:alice@192.0.2.2       permanent                         baresip v1.0.0
bob@example.com    sip:bob@192.0.2.3         1 min                             baresip v1.0.0
`,
  );
});

t.test('ul dump --json gives what MI gives, for no contacts and for many', async (t) => {
  for (const count of [0, 1, 2000]) {
    const aors = new Map(Array.from({ length: count }, (_, i) => [`user${i}@example.com`, [shownBinding()]]));
    const data = await daemonIn(t, aors);
    const { code, out } = await twinreg('ul', 'dump', '--json', '--data', data);
    t.equal(code, 0);
    const { Domains } = JSON.parse(out);
    t.match(Domains, [{ name: 'location', hash_size: 512 }]);
    t.same(
      Domains[0].AORs.map(({ AOR }: { AOR: string }) => AOR),
      [...aors.keys()],
    );
  }
});

t.test('ul dump without contacts says so', async (t) => {
  const data = await daemonIn(t, new Map());
  t.same(await twinreg('ul', 'dump', '--data', data), { code: 0, out: 'no contact is registered\n', err: '' });
});

t.test('something else on the socket is not taken for a daemon', async (t) => {
  const path = join(tempFolder(t), 'other.sock');
  let answer = 'HTTP/1.1 400 Bad Request\n';
  const server = createServer((socket) => socket.end(answer)).listen(path);
  t.teardown(() => server.close());
  t.match(await twinreg('status', '--socket', path), {
    code: 1,
    err: /what answers on .*other\.sock is not twinreg: HTTP/,
  });
  answer = '{"jsonrpc":"2.0","result":{"version":"9"},"id":1}\n';
  t.match(await twinreg('status', '--socket', path), { code: 1, err: /is of another version; ask it with --json/ });
  t.match(await twinreg('status', '--socket', path, '--json'), { code: 0, out: '{"version":"9"}\n' });
  answer = '';
  t.match(await twinreg('status', '--socket', path), {
    code: 1,
    err: /closed its management socket .* before it had answered/,
  });
});
