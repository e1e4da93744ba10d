import t, { type Test } from 'tap';
import { TableBindings } from '../../lib/app/bindings.ts';
import { TableOrders } from '../../lib/app/orders.ts';
import { miParams } from '../../lib/cli/mi-words.ts';
import { valueText } from '../../lib/cli/value-text.ts';
import { nhEnablePingCommand } from '../../lib/mi/commands/nh-enable-ping.ts';
import { Statistics } from '../../lib/mi/commands/statistics.ts';
import { statisticsCommands } from '../../lib/mi/commands/statistics-commands.ts';
import { ulCommands } from '../../lib/mi/commands/ul-commands.ts';
import { miError, recipe, result, type MiCommand } from '../../lib/mi/mi-command.ts';
import { memoryOnlyStore } from '../../lib/storage/memory-only-store.ts';
import { RegistrarWorld } from '../registrar/support/registrar-world.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { commandLine } from './support/command-line.ts';
import { miServer } from './support/mi-server.ts';

t.test('the words behind a management command are its parameters', async (t) => {
  t.same(miParams([]), []);
  t.same(miParams(['location', 'alice', '-1', 'sip:a@b;transport=tcp']), [
    'location',
    'alice',
    '-1',
    'sip:a@b;transport=tcp',
  ]);
  t.same(miParams(['table_name=location', 'aor=a=b', 'brief=']), { table_name: 'location', aor: 'a=b', brief: '' });
  t.same(miParams(['statistics=core:', 'statistics=a,b']), { statistics: ['core:', 'a,b'] });
  t.same(miParams(['statistics=["all"]', 'x={"y":1}']), { statistics: ['all'], x: { y: 1 } });
  t.same(miParams(['[1,2]']), [[1, 2]]);
  t.throws(() => miParams(['a=1', 'two']), {
    message: "'two' has no name; expected name=value for all values or for none",
  });
  t.throws(() => miParams(['[2001:db8::1]']), { message: /begins like JSON and is none/ });
});

t.test('any result is text for people', async (t) => {
  t.equal(valueText('OK'), 'OK\n');
  t.equal(valueText(['which', 'ps']), 'which\nps\n');
  t.equal(valueText([['table_name', 'aor'], []]), 'table_name, aor\n-\n');
  t.equal(
    valueText({ Status: 1, Name: 'a\u001b[2J', None: '', Empty: [] }),
    'Status: 1\nName: a\\x1b[2J\nNone:\nEmpty: none\n',
  );
  t.equal(
    valueText({
      Processes: [
        { ID: 0, Type: 'main' },
        { ID: 10, Extra: 'x\n' },
      ],
    }),
    'Processes:\n  ID  Type  Extra\n  0   main\n  10        x\\x0a\n',
  );
  t.equal(valueText({ a: { b: { c: [1, 2] } } }), 'a:\n  b:\n    c:\n      1\n      2\n');
  t.equal(valueText([{ AOR: 'x', Contacts: [{ Q: 1 }] }, 'y']), '- AOR: x\n  Contacts:\n    Q\n    1\ny\n');
});

/** The commands of usrloc on a table of their own, the switch for pings, and one command that fails. */
async function daemon(t: Test, matchingMode: 0 | 1 = 0) {
  const world = new RegistrarWorld({ addressOfRecord: { useDomain: true }, contacts: { matchingMode } });
  const time = { nowMs: () => world.nowMs };
  const flag = { isOn: true, intervalS: 30 };
  const turn = (isOn: boolean) => Promise.resolve(void (flag.isOn = isOn));
  const ping = {
    turn,
    get isOn() {
      return flag.isOn;
    },
  };
  const failing: MiCommand = {
    name: 'fail',
    recipes: [recipe([], () => ({ ...miError(500, 'broken'), data: 'a\u001bb' }))],
  };
  const bare: MiCommand = {
    name: 'bare',
    recipes: [recipe([{ name: 'word', type: 'string' }], ({ word }) => result(word))],
  };
  const values = new Map([
    ['core:rcv_requests', 7],
    ['usrloc:location-users', 1],
    ['usrloc:location-contacts', 2],
  ]);
  const commands = [
    ...ulCommands({
      bindings: new TableBindings(world.table, time, undefined, (recordId) => recordId),
      orders: new TableOrders(world.table, world.gate, time),
      store: memoryOnlyStore,
      settings: {
        useDomain: true,
        caseSensitive: true,
        realmPrefix: '',
        matchingMode,
        maxContactLen: 255,
        maxAorLen: 256,
      },
      clock: new ManualClock(),
    }),
    ...statisticsCommands(new Statistics({ read: () => values, kindOf: () => 'counter' })),
    nhEnablePingCommand(ping, () => flag.intervalS),
    failing,
    bare,
  ];
  const { folder } = await miServer(t, commands);
  const twinreg = (...words: string[]) => {
    const name = words.slice(0, words[0] === 'ul' ? 2 : 1);
    return commandLine([...name, '--data', folder, ...words.slice(name.length)]);
  };
  return { flag, twinreg };
}

t.test('nh_enable_ping is what keepalived calls: 0 when it is done, 1 when not', async (t) => {
  const { twinreg, flag } = await daemon(t);
  t.same(await twinreg('mi', 'nh_enable_ping', '0'), { code: 0, out: 'OK\n', err: '' });
  t.equal(flag.isOn, false);
  t.same(await twinreg('mi', 'nh_enable_ping'), { code: 0, out: 'Status: 0\n', err: '' });
  t.same(await twinreg('mi', 'nh_enable_ping', 'status=1', '--json'), { code: 0, out: '"OK"\n', err: '' });
  t.equal(flag.isOn, true);
  t.same(await twinreg('mi', 'nh_enable_ping', 'yes'), {
    code: 1,
    out: '',
    err: "twinreg: -32602 Invalid params (Bad type for parameter 'status'); 'twinreg mi which nh_enable_ping' lists its parameters\n",
  });
  flag.intervalS = 0;
  t.match(await twinreg('mi', 'nh_enable_ping', '0'), { code: 1, err: 'twinreg: 400 NATping disabled from script\n' });
  t.equal(flag.isOn, false);
});

t.test('ping is the same for people', async (t) => {
  const { twinreg, flag } = await daemon(t);
  t.same(await twinreg('ping'), { code: 0, out: 'pings are on\n', err: '' });
  t.same(await twinreg('ping', 'off'), { code: 0, out: 'pings are off now\n', err: '' });
  t.equal(flag.isOn, false);
  t.same(await twinreg('ping'), { code: 0, out: 'pings are off\n', err: '' });
  t.match(await twinreg('ping', 'onn'), { code: 2, err: /expected on or off, found 'onn'\nUsage: twinreg ping/ });
});

t.test('an error of the daemon is its code, its words and its data, and ends with 1', async (t) => {
  const { twinreg } = await daemon(t);
  for (const json of [[], ['--json']]) {
    t.same(await twinreg('mi', ...json, 'nonesuch'), {
      code: 1,
      out: '',
      err: "twinreg: -32601 Method not found: nonesuch; 'twinreg mi which' lists all commands\n",
    });
    t.same(await twinreg('mi', ...json, 'fail'), { code: 1, out: '', err: 'twinreg: 500 broken (a\\x1bb)\n' });
    t.match(await twinreg('mi', ...json, 'ul_rm', 'aor=a@b'), { code: 1, err: /-32602 Invalid params \(Named/ });
  }
  t.match(await twinreg('mi'), { code: 2, err: /^twinreg mi: COMMAND is missing\nUsage: twinreg mi / });
  t.match(await twinreg('mi', 'bare', 'a=1', 'b'), { code: 2, err: /'b' has no name/ });
  t.match(await twinreg('mi', 'bare', '-x'), { code: 2, err: /unknown option '-x'/ });
});

t.test('a word behind -- is no option, not even --help', async (t) => {
  const { twinreg } = await daemon(t);
  t.same(await twinreg('mi', 'bare', '--', '--json'), { code: 0, out: '--json\n', err: '' });
  t.same(await twinreg('mi', '--json', '--', 'bare', '--help'), { code: 0, out: '"--help"\n', err: '' });
});

t.test('a contact is added, changed and removed by hand, and each step says what it did', async (t) => {
  const { twinreg } = await daemon(t);
  const says = async (words: string[], out: string) => t.same(await twinreg('ul', ...words), { code: 0, out, err: '' });
  const first = ['add', 'sip:alice@example.com', 'sip:alice@192.0.2.1'];
  await says(first, 'alice@example.com: added sip:alice@192.0.2.1, permanent; 1 contact now\n');
  const second = [
    'add',
    'alice@example.com',
    'sip:alice@192.0.2.2',
    '--expires',
    '600',
    '--q',
    '0.5',
    '--cflags',
    'A B',
  ];
  await says(second, 'alice@example.com: added sip:alice@192.0.2.2, for 10 min; 2 contacts now\n');
  const shown = JSON.parse((await twinreg('ul', 'show', '--json', 'alice@example.com')).out);
  t.match(
    shown.Contacts,
    [
      { Q: '0.5', Expires: 600, Cflags: 'A B' },
      { Q: '1', Expires: 'permanent', Cflags: '' },
    ].reverse(),
  );

  await says(
    [...first, '--json'],
    '{"aor":"alice@example.com","contact":"sip:alice@192.0.2.1","change":"changed","contacts":2}\n',
  );
  await says(['rm', 'alice@example.com', 'sip:alice@192.0.2.1'], 'alice@example.com: 1 contact removed, 1 left\n');
  await says(first, 'alice@example.com: added sip:alice@192.0.2.1, permanent; 2 contacts now\n');
  await says(['rm', 'sip:alice@example.com', '--json'], '{"aor":"alice@example.com","removed":2,"left":0}\n');
});

t.test('what cannot be added or removed is said in a sentence', async (t) => {
  const { twinreg } = await daemon(t);
  const fails = async (words: string[], code: number, err: RegExp) =>
    t.match(await twinreg('ul', ...words), { code, out: '', err });
  await twinreg('ul', 'add', 'bob@example.com', 'sip:bob@192.0.2.3');
  await fails(['rm', 'carol@example.com'], 1, /^twinreg: carol@example\.com has no contact registered\n$/);
  await fails(['rm', 'bob@example.com', 'sip:x@y'], 1, /^twinreg: bob@example\.com has no contact sip:x@y\n$/);
  await fails(['rm'], 2, /^twinreg ul rm: AOR is missing\n/);
  await fails(['rm', 'a@b', 'sip:x@y', 'z'], 2, /unexpected argument 'z'/);
  await fails(['add', 'a@b'], 2, /CONTACT is missing/);
  await fails(['add', 'a@b', 'tel:1'], 1, /contact must be a sip: or sips: URI/);
  await fails(['add', 'a@b', 'sip:a@b', '--q', '7'], 1, /q must be a number from 0 to 1/);
  for (const expires of ['0', 'soon', '-1', '1.5']) {
    await fails(
      ['add', 'a@b', 'sip:a@b', `--expires=${expires}`],
      2,
      /--expires: expected seconds from now, or 'permanent'/,
    );
  }
});

t.test('stats are grouped for people', async (t) => {
  const { twinreg } = await daemon(t);
  t.same(await twinreg('stats'), {
    code: 0,
    out: 'core:\n  rcv_requests  7\n\nusrloc:\n  location-users     1\n  location-contacts  2\n',
    err: '',
  });
  t.match(await twinreg('stats', 'core:', 'location-users'), {
    out: 'core:\n  rcv_requests  7\n\nusrloc:\n  location-users  1\n',
  });
  t.match(await twinreg('stats', '--json', 'core:'), { code: 0, out: '{"core:rcv_requests":7}\n' });
  t.match(await twinreg('stats', 'nonesuch'), { code: 1, err: 'twinreg: Statistics Not Found\n' });
});

t.test('mi ul_dump is the table of ul dump, by its new name too, and with --json what the daemon sends', async (t) => {
  const { twinreg } = await daemon(t);
  await twinreg('ul', 'add', 'alice@example.com', 'sip:alice@192.0.2.1');
  for (const name of ['ul_dump', 'usrloc:dump']) {
    t.match(await twinreg('mi', name), {
      code: 0,
      out: /^AOR .*\nalice@example\.com {2}sip:alice@192\.0\.2\.1 {2}permanent/,
    });
    t.match(await twinreg('mi', name, '1'), { code: 0, out: 'AOR\nalice@example.com\n' });
    const { out } = await twinreg('mi', name, '--json');
    t.match(JSON.parse(out), { Domains: [{ name: 'location', AORs: [{ AOR: 'alice@example.com' }] }] });
  }
});
