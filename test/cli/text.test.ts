import t from 'tap';
import { durationText } from '../../lib/cli/duration-text.ts';
import { aorArgument } from '../../lib/cli/aor-argument.ts';
import { readStatus } from '../../lib/cli/shown-status.ts';
import { statusText } from '../../lib/cli/status-text.ts';
import { jsonLine } from '../../lib/cli/json-line.ts';
import { terminalText } from '../../lib/cli/terminal-text.ts';
import { TextTable } from '../../lib/cli/text-table.ts';
import { MemoryOutput } from '../support/memory-output.ts';
import { STATUS } from './support/node-status.ts';

t.test('a duration shows its two largest units', (t) => {
  const texts = [0, 41.9, 60, 725, 3600, 90_061, 90_000].map(durationText);
  t.same(texts, ['0 s', '41 s', '1 min', '12 min 5 s', '1 h', '1 d 1 h', '1 d 1 h']);
  t.end();
});

t.test('what a phone sent cannot command the terminal', (t) => {
  t.equal(terminalText('\u001b[2J\u0007'), '\\x1b[2J\\x07');
  t.equal(terminalText('a\u009bb\u202ec\n'), 'a\\x9bb\\x202ec\\x0a');
  t.equal(terminalText('Müller 日本 😀'), 'Müller 日本 😀');
  t.end();
});

t.test('a table aligns its columns and ends no line with blanks', async (t) => {
  const out = new MemoryOutput();
  const table = new TextTable(out, ['A', 'LONG', 'C']);
  await table.row(['wider', 'x', '']);
  await table.row(['y', '\u001b', 'z']);
  await table.end();
  t.equal(out.text, 'A      LONG  C\nwider  x\ny      \\x1b  z\n');
});

t.test('a long table is written as it comes', async (t) => {
  const out = new MemoryOutput();
  const table = new TextTable(out, ['N']);
  for (let i = 0; i < 500; i++) await table.row([`row ${i}`]);
  t.match(out.text, /row 499\n$/, 'before its end');
  await table.end();
  t.equal(out.text.split('\n').length, 502);
});

t.test('a table that is too wide is cut in its widest columns, and in those to be kept last', async (t) => {
  const tableOf = async (columns: number) => {
    const out = new MemoryOutput();
    const table = new TextTable(out, ['KEPT', 'B', 'C'], { room: { columns, keep: 1 } });
    await table.row(['0123456789', '0123456789', '01234567']);
    await table.end();
    return out.text.split('\n')[1];
  };
  t.equal(await tableOf(32), '0123456789  0123456789  01234567');
  t.equal(await tableOf(28), '0123456789  012345…  012345…');
  t.equal(await tableOf(22), '01234…  01234…  01234…');
});

t.test('JSON for programs reads as it was and does nothing to a terminal that shows it', async (t) => {
  const value = { agent: 'a\x1b[2J\x9b2J\x7f\u202eb\u2066', list: ['ä', 1] };
  const line = jsonLine(value);
  t.notMatch(line.trimEnd(), /[\x7f-\x9f\u202e\u2066]/);
  t.strictSame(JSON.parse(line), value);
});

t.test('an AoR may be typed as a phone shows it', async (t) => {
  for (const word of ['alice@h', 'sip:alice@h', 'SIPS:alice@h;x=1', '<sip:alice@h>', 'alice@h?a=b']) {
    t.equal(aorArgument(word), 'alice@h', word);
  }
  t.equal(aorArgument('a;b@h'), 'a;b@h');
  t.equal(aorArgument('alice'), 'alice');
  t.throws(() => aorArgument('sip:@h'), { message: "'sip:@h' has no user; expected USER@DOMAIN" });
});

const shown = (changes: object) => statusText(readStatus({ ...STATUS, ...changes }, 'the socket'));

t.test('the status says who pings while both nodes have the role', (t) => {
  const pings = (changes: object) => shown({ pings: { ...STATUS.pings, ...changes } });
  const yielding = { active: false, yielding: true, other_active: 2 };
  t.match(pings(yielding), 'pings          on, but yields to node 2, which took the role later\n');
  const other = { other_active: 2 };
  t.match(pings(other), 'pings          on, 2 contacts every 30 s; node 2 is on too, and yields to this one\n');
  t.match(pings({ active: false }), 'pings          waiting: on, but this node is not the active one\n');
  t.end();
});

t.test('the status says which node is active, and what a passive one has not got', (t) => {
  const role = (changes: object) => shown({ role: { ...STATUS.role, ...changes } });
  t.match(role({ address_can_leave: true }), '\nrole           active, the address is here\n');
  const without = { active: false, flag: false, address_here: false, address_can_leave: true };
  t.match(role(without), '\nrole           passive: the address is not here\n');
  t.match(role({ address_can_leave: false }), '\nrole           active\n', 'nothing can be said of all addresses');
  const off = { active: false, flag: false, address_can_leave: false };
  t.match(role(off), '\nrole           passive: nh_enable_ping is 0\n');
  t.match(
    role({ active: false, address_here: false }),
    /\nrole +passive: the address is not here \(nh_enable_ping is 1\)\n/,
  );
  t.match(
    role({ ...off, address_can_leave: true }),
    /\nrole +passive: nh_enable_ping is 0, though the address is here\n/,
  );
  t.match(role({ other_active: 2 }), /\nrole +active, and so is node 2: BOTH NODES ARE ACTIVE, it yields\n/);
  const yielding = { other_active: 2, yielding: true };
  t.match(role(yielding), /\nrole +active, and so is node 2, later: BOTH NODES ARE ACTIVE, this one yields\n/);
  t.end();
});

t.test('the status says which sockets wait for the address, behind those that are open', (t) => {
  const waiting = { socket: 'udp:10.0.0.150:5060', for_ms: 1200, reason: 'not here' };
  const text = shown({ listen: ['udp:127.0.0.1:5060'], listen_waiting: [waiting], degraded: ['address'] });
  t.match(text, '\nSIP            udp:127.0.0.1:5060, udp:10.0.0.150:5060 (waits for the address)\n');
  t.match(text, /\ndegraded +address \(a socket waits for its address/);
  t.end();
});

t.test(
  'the status says last that the node is not ready, and without its drachtio-server that nobody is pinged',
  (t) => {
    const drachtio = { server: '127.0.0.1:9022', connected: false, since_ms: 9000, reason: 'silent', losses: 1 };
    const text = shown({ drachtio, listen: [], degraded: [], unready: ['drachtio'] });
    t.match(text, '\npings          waiting: on, but drachtio-server is not connected\n');
    t.match(text, /\ndegraded +no\nready +NO: drachtio \(drachtio-server is not connected: no phone is served\)\n$/);
    const missing = ['tcp:10.0.0.150:5060'];
    const partial = shown({ drachtio: { ...drachtio, connected: true, missing }, degraded: ['contacts'] });
    t.match(partial, /, from drachtio-server 127.0.0.1:9022, which does NOT listen at tcp:10.0.0.150:5060\n/);
    t.match(partial, /\ndegraded +contacts \(drachtio-server does not listen at all of listen: /);
    const connected = shown({ drachtio: { ...drachtio, connected: true } });
    t.match(connected, '\npings          on, 2 contacts every 30 s\n');
    t.notMatch(connected, '\nready ');
    t.match(shown({ unready: ['bind', 'tired'] }), /\nready +NO: bind \(the address is here, .*\), tired\n$/);
    t.notMatch(shown({ unready: undefined }), '\nready ', 'an older daemon does not say it');
    t.end();
  },
);

t.test('the status says that the process stood still, and nothing where it never did', (t) => {
  const stalls = { count: 2, last_at: '2026-11-23T02:41:38.000Z', last_ms: 1200 };
  t.match(shown({ stalls }), 'stalls         2, the last one until 2026-11-23T02:41:38.000Z for 1200 ms: ');
  t.notMatch(shown({}), 'stalls');
  t.end();
});
