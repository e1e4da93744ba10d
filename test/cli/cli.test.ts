import t, { type Test } from 'tap';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import type { ConfigOptions } from '../../lib/cli/cli-command.ts';
import { loadConfig } from '../../lib/config/load-config.ts';
import { OperationalError } from '../../lib/core/errors.ts';
import { statusCommand } from '../../lib/mi/commands/status.ts';
import { ulDumpCommand } from '../../lib/mi/commands/ul-dump.ts';
import { ulShowContactCommand } from '../../lib/mi/commands/ul-show-contact.ts';
import { recipe, result } from '../../lib/mi/mi-command.ts';
import { asNobody } from '../support/as-nobody.ts';
import { fixedBindings, shownBinding } from '../support/shown-binding.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commandLine, SURROUNDINGS, type Outcome } from './support/command-line.ts';
import { miServer } from './support/mi-server.ts';
import { STATUS } from './support/node-status.ts';

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

let daemonOptions: ConfigOptions | undefined;

function twinreg(...words: string[]): Promise<Outcome> {
  return commandLine(words, {
    runDaemon(options) {
      daemonOptions = options;
      return options.configFile === 'busy.yaml'
        ? Promise.reject(new OperationalError('the port is in use'))
        : Promise.resolve(0);
    },
  });
}

/** A data folder in which a daemon answers. */
async function daemonIn(t: Test, aors = AORS): Promise<string> {
  const bindings = fixedBindings(aors);
  const settings = { useDomain: true, caseSensitive: true, realmPrefix: '' };
  const commands = [statusCommand(() => STATUS), ulDumpCommand(bindings), ulShowContactCommand(bindings, settings)];
  return (await miServer(t, commands)).folder;
}

t.test('help shows all commands, and the options of one', async (t) => {
  for (const words of [[], ['help'], ['--help'], ['-h']]) {
    const { code, out } = await twinreg(...words);
    t.equal(code, 0);
    t.match(out, /\nDaemon:\n {2}run .*\n {2}check-config .*\n[^]*\nBindings:\n {2}ul dump .*\n {2}ul show /);
    t.match(out, /\nWatching:\n {2}status .*\n {2}top .*\n[^]*\nOperations:\n[^]* {2}mi .*\n/);
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
    t.match(out, /^Usage: twinreg ul dump \[--brief\] \[--json\].*\n\nList all contacts\.\n/);
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
  await wrong(['frobnicate'], /there is no command 'frobnicate'; expected one of: run, check-config, version, ul dump/);
  await wrong(
    ['ul'],
    /^twinreg: 'ul' is not a whole command; expected 'ul dump' or 'ul show' or 'ul add' or 'ul rm'\n\nUsage: twinreg ul dump /,
  );
  await wrong(['ul', '--json'], /^twinreg: 'ul' is not a whole command/);
  await wrong(['ul', 'frob'], /there is no command 'ul frob'; expected one of: ul dump, ul show, ul add, ul rm\n/);
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

t.test(
  'check-config refuses a secret that root can read, and the daemon cannot',
  { skip: asNobody.skip },
  async (t) => {
    const folder = tempFolder(t);
    const path = join(folder, 'secret');
    writeFileSync(path, `${'0123456789abcdef'.repeat(2)}\n`, { mode: 0o600 });
    const data = join(folder, 'data');
    mkdirSync(data);
    chownSync(data, 12_345, 12_345);
    const text = `mi: {http_token_file: ${path}}\nsip: {engine: drachtio, drachtio_secret_file: ${path}}\n`;
    const loaded = loadConfig({ text, listen: [], data, surroundings: SURROUNDINGS });
    const check = () => commandLine(['check-config'], { loadConfig: () => Promise.resolve(loaded) });
    const refused = await check();
    t.equal(refused.code, 2);
    for (const key of ['mi.http_token_file', 'sip.drachtio_secret_file']) {
      t.match(refused.err, new RegExp(`${key}: .*owner 0, mode 0600.* daemon's user \\(12345\\): chown `));
    }
    chownSync(path, 0, 12_345);
    chmodSync(path, 0o640);
    t.match(await check(), { code: 0, err: '' });
  },
);

t.test('check-config only warns of a secret that this user may not read', { skip: asNobody.skip }, async (t) => {
  const path = join(tempFolder(t), 'secret');
  writeFileSync(path, '0123456789abcdef\n', { mode: 0o600 });
  const text = `listen: [sip:10.0.0.150, bin:10.0.0.177]
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer: {my_node_id: 1, secret_file: ${path}}\n`;
  const loaded = loadConfig({ text, listen: [], data: '/srv', surroundings: SURROUNDINGS });
  const check = () => commandLine(['check-config'], { loadConfig: () => Promise.resolve(loaded) });
  t.match(await asNobody.run(check), { code: 0, out: /is valid/, err: /^clusterer\.secret_file: .* by this user/ });
  t.match(await check(), { code: 0, out: /is valid/, err: '' });
});

t.test('status is for people, or with --json for programs', async (t) => {
  const data = await daemonIn(t);
  const { code, out } = await twinreg('status', '--data', data);
  t.equal(code, 0);
  t.match(out, /^twinreg {8}1\.2\.3, node 1, process 77, up 2 h 1 min\n/);
  t.match(out, 'SIP            udp:127.0.0.1:5060, tcp:127.0.0.1:5060\n');
  t.match(out, 'bindings       2 contacts of 1 user\n');
  t.match(
    out,
    /registrations {2}5 accepted, 1 rejected, 3 retransmissions, 1 collision \(.*\), last accepted 4 s ago\n/,
  );
  t.match(
    out,
    '               rejected: 1 × 400 Invalid CSeq\n               1 min 5 s ago: 400 Invalid CSeq; To <sip:bob@example.com>, from udp:192.0.2.9:5060\n               no valid SIP: 6 × 400 Missing Via\n',
  );
  t.match(
    out,
    'pings          on, 2 contacts every 30 s\n               40 sent, 38 answered, 2 lost, 1 contact removed\n',
  );
  t.match(out, /storage {8}FAILING since 2026-11-23T02:41:38.000Z: database or disk is full; 12 changes waiting/);
  t.match(out, /delays {9}last minute: 99 % below 0\.8 ms, longest 2 ms; since the start: 99 % below 1\.2 ms/);
  t.match(out, /degraded {7}disk \(what phones are told now would not survive a crash\)\n$/);

  const json = await twinreg('status', '--json', '--socket', join(data, 'twinreg.sock'));
  t.same(JSON.parse(json.out), STATUS);
});

t.test('without a daemon every command asks whether it is running', async (t) => {
  const data = join(tempFolder(t), 'data');
  const expected = `twinreg: there is no socket ${data}/twinreg.sock (data folder ${data}); is twinreg running? Start it with: twinreg run --data ${data}\n`;
  const commands = ['status', 'ul dump', 'ul dump --json', 'ul show a@b', 'ul rm a@b', 'ul add a@b sip:a@b', 'stats'];
  for (const command of [...commands, 'ping on', 'mi which', 'mi which --json', 'top', 'top --once', 'trace a@b']) {
    t.same(await twinreg(...command.split(' '), '--data', data), { code: 1, out: '', err: expected }, command);
  }
});

t.test('a daemon that has run there is to be started as it was, with its configuration', async (t) => {
  const data = tempFolder(t);
  const asBefore = `start it as it was started before, with its -f FILE if it had one: twinreg run --data ${data}\n`;
  t.match(await twinreg('status', '--data', data), { code: 1, err: `is twinreg running? If not, ${asBefore}` });
  t.match(await twinreg('status', '-f', 'a.yaml', '--data', data), {
    err: `is twinreg running? Start it with: twinreg run -f a.yaml --data ${data}\n`,
  });
});

t.test('without options the daemon is looked for in the default data folder, and may be elsewhere', async (t) => {
  t.match(await twinreg('status'), {
    code: 1,
    err: /no socket \/home\/op\/\.local\/state\/twinreg\/twinreg\.sock .* as another user or with options, say its -f FILE or --data/,
  });
});

t.test('a socket that a daemon left behind, and one that was named, are said to be so', async (t) => {
  const path = join(tempFolder(t), 'file.sock');
  writeFileSync(path, '');
  t.same(await twinreg('status', '--socket', path), {
    code: 1,
    out: '',
    err: `twinreg: nobody answers on ${path}: the daemon that made this socket has ended; is twinreg running, and is this its management socket?\n`,
  });
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

t.test('ul dump tells contacts apart that have one URI', async (t) => {
  const contactUri = 'sip:alice@10.0.0.5';
  const phones = ['1@home', '2@work'].map((callId) =>
    shownBinding({ contactUri, callId, binding: { socket: 'udp:192.0.2.1:5060' } }),
  );
  const data = await daemonIn(t, new Map([['alice@example.com', phones]]));
  const { out } = await twinreg('ul', 'dump', '--data', data);
  t.match(out, /^AOR .* USER AGENT {6}CALL-ID {2}SOCKET\n/);
  t.match(out, /\n.* 1@home {3}udp:192\.0\.2\.1:5060\n.* 2@work {3}udp:192\.0\.2\.1:5060\n$/);
});

t.test('ul dump fits itself to the width of the terminal', async (t) => {
  const data = await daemonIn(t);
  const terminal = { size: () => ({ columns: 80, rows: 20 }), takeScreen: () => () => {} };
  const { out } = await commandLine(['ul', 'dump', '--data', data], { terminal });
  const lines = out.trimEnd().split('\n');
  t.ok(
    lines.every((line) => line.length <= 80),
    out,
  );
  t.match(lines[1], /^alice@example\.com {2}sip:alice@192\.0\.2\.1:5060 {2}1 min {7}sip:203.*… {2}\\x1b\[2Jevil$/);
});

t.test('ul dump --brief lists the AoRs alone', async (t) => {
  const data = await daemonIn(t);
  const brief = ['ul', 'dump', '--brief', '--data', data];
  t.match(await twinreg(...brief), { code: 0, out: 'AOR\nalice@example.com\nbob@example.com\n' });
  const { out } = await twinreg(...brief, '--json');
  t.same(JSON.parse(out).Domains[0].AORs, [{ AOR: 'alice@example.com' }, { AOR: 'bob@example.com' }]);
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

t.test('an older daemon, which tells less, is understood', async (t) => {
  const { registrations, pings: _pings, role: _role, invalid_requests: _invalid, ...more } = STATUS;
  const { event_loop_delay_ms: delay, ...rest } = more;
  const { accepted, rejected, collisions } = registrations;
  const old = {
    ...rest,
    registrations: { accepted, rejected, collisions },
    event_loop_delay_ms: { p99: delay.p99, max: 9 },
  };
  const { folder } = await miServer(t, [{ name: 'status', recipes: [recipe([], () => result(old))] }]);
  const { code, out } = await twinreg('status', '--data', folder);
  t.equal(code, 0);
  t.match(out, 'registrations  5 accepted, 1 rejected, 1 collision (two phones with one contact address)\nstorage ');
  t.match(out, 'delays         99 % below 1.2 ms, longest 9 ms (how late');
});
