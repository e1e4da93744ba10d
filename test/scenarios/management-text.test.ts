import t, { type Test } from 'tap';
import { Daemon } from '../support/daemon.ts';
import { askFifo } from '../support/fifo-client.ts';

/** No disk: it would change `State` from one look to the next. */
const IN_MEMORY = 'usrloc:\n  working_mode_preset: single-instance-no-db\n';

const CONTACT = 'sip:alice@192.0.2.1:5060';

/** As `opensipsctl fifo` sends a command: its name and that of the reply FIFO, a parameter a line, an empty line. */
function asker(daemon: Daemon) {
  return (command: string, ...params: readonly string[]) =>
    askFifo(daemon, (reply) => `:${command}:${reply}\n${params.map((param) => `${param}\n`).join('')}\n`);
}

async function started(t: Test) {
  const daemon = await Daemon.start(t, { fifo: true, config: `${IN_MEMORY}nathelper:\n  natping_interval: 30\n` });
  return { daemon, ask: asker(daemon) };
}

t.test("keepalived's scripts move the pings with opensipsctl's lines", async (t) => {
  const { daemon, ask } = await started(t);
  t.equal(await ask('nh_enable_ping'), '200 OK\nStatus:: 1\n');
  t.equal(await ask('nh_enable_ping', '0'), '200 OK\n');
  t.equal(await ask('nh_enable_ping'), '200 OK\nStatus:: 0\n');
  t.equal(await ask('nh_enable_ping', '"7"'), '200 OK\n', 'any number but 0, in quotes or not');
  t.equal(await ask('nh_enable_ping'), '200 OK\nStatus:: 1\n');
  t.match(await ask('nh_enable_ping', 'on'), /^400 .*'status'\n$/);
  t.match(await ask('nh_enable_ping', '1', '2'), /^400 .*Too few or too many parameters\n$/);

  daemon.configure(`${IN_MEMORY}nathelper:\n  natping_interval: 0\n`);
  t.match(await ask('reload'), /^200 OK\n/);
  t.equal(await ask('nh_enable_ping'), '400 NATping disabled from script\n');
  t.equal(await ask('nh_enable_ping', '0'), '400 NATping disabled from script\n');
  t.equal((await daemon.status()).pings.enabled, false, 'the flag is set all the same');
});

t.test("contacts are added, shown and removed with opensipsctl's lines", async (t) => {
  const { ask } = await started(t);
  const alice = ['location', 'alice@example.com'];
  t.equal(await ask('ul_show_contact', ...alice), '404 AOR not found\n');
  t.equal(await ask('ul_add', ...alice, CONTACT, '0', '1.00', '0', '0', '0', '5951'), '200 OK\n');
  t.equal(
    await ask('ul_show_contact', ...alice),
    `200 OK
AOR:: alice@example.com
${contactLines('', { id: 0, methods: 5951, expires: 'permanent', q: '1' })}`,
  );
  const bob = ['"location"', '"bob@example.com"'];
  t.equal(
    await ask('ul_add', ...bob, `"${CONTACT}"`, '"3600"', '"0.5"', '"0"', '"0"', '"0"', '"4294967295"'),
    '200 OK\n',
  );
  t.equal(
    (await ask('ul_dump')).replace(/Expires:: (3600|3[45]\d\d)\n/, 'Expires:: soon\n'),
    `200 OK
name:: location
	hash_size:: 512
	AOR:: alice@example.com
${contactLines('\t\t', { id: 0, methods: 5951, expires: 'permanent', q: '1' })}	AOR:: bob@example.com
${contactLines('\t\t', { id: 1, methods: 4294967295, expires: 'soon', q: '0.5' })}`,
  );
  const brief = '200 OK\nname:: location\n\thash_size:: 512\n\tAOR:: alice@example.com\n\tAOR:: bob@example.com\n';
  t.equal(await ask('ul_dump', 'brief'), brief, 'as 2.4 has it');
  t.equal(await ask('ul_dump', '1'), brief, 'as 3.x has it');
  t.equal(
    await ask('get_statistics', 'location-users', 'usrloc:location-contacts', 'nonesuch'),
    '200 OK\nusrloc:location-users:: 2\nusrloc:location-contacts:: 2\n',
  );

  t.equal(await ask('ul_rm_contact', ...bob, CONTACT), '200 OK\n');
  t.equal(await ask('ul_rm', ...alice), '200 OK\n');
  t.equal(await ask('ul_rm', ...alice), '404 AOR not found\n');
  t.equal(await ask('ul_dump'), '200 OK\nname:: location\n\thash_size:: 512\n');
});

t.test('what is wrong gets a code and a reason on one line', async (t) => {
  const { ask } = await started(t);
  const alice = ['location', 'alice@example.com'];
  const wrong: readonly (readonly [reply: string, command: string, ...params: string[]])[] = [
    ['500 Method not found', 'nonesuch'],
    ['404 Table not found', 'ul_rm', 'nonesuch', 'alice@example.com'],
    ['400 Domain missing in AOR', 'ul_show_contact', 'location', 'alice'],
    ['400 Invalid params: Too few or too many parameters', 'ul_rm', 'location'],
    ["400 Invalid params: Bad type for parameter 'expires'", 'ul_add', ...alice, CONTACT, 'x', '1', '0', '0', '0', '0'],
    [
      '400 Bad parameter value: q must be a number from 0 to 1',
      ...(['ul_add', ...alice, CONTACT, '60', '7', '0', '0', '0', '0'] as const),
    ],
    ['404 Statistics Not Found', 'get_statistics', 'nonesuch'],
    ["400 Invalid params: Bad type for parameter 'brief'", 'ul_dump', 'short'],
  ];
  for (const [reply, command, ...params] of wrong) {
    t.equal(await ask(command, ...params), `${reply}\n`, [command, ...params].join(' '));
  }
});

t.test('what the daemon is, and can, in lines', async (t) => {
  const { daemon, ask } = await started(t);
  const date = '[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}';
  const uptime = new RegExp(`^200 OK\nNow:: ${date}\nUp since:: ${date}\nUp time:: \\d+ \\[sec\\]\n$`);
  t.match(await ask('uptime'), uptime);
  t.equal(await ask('ps'), `200 OK\nID:: 0\n\tPID:: ${daemon.pid}\n\tType:: main\n`);
  const names = (await ask('which')).split('\n');
  t.equal(names[0], '200 OK');
  for (const name of ['nh_enable_ping', 'ul_dump', 'ul_show_contact', 'ul_add', 'ul_rm', 'get_statistics', 'uptime']) {
    t.ok(names.includes(`:: ${name}`), name);
  }
});

interface ShownContact {
  readonly id: number;
  readonly expires: string;
  readonly q: string;
  readonly methods: number;
}

/** A contact that an operator added, behind so many tabs. */
function contactLines(tabs: string, { id, expires, q, methods }: ShownContact): string {
  const facts = [
    `ContactID:: ${id}`,
    `Expires:: ${expires}`,
    `Q:: ${q}`,
    'Callid:: dfjrewr12386fd6-343@opensips.mi',
    'Cseq:: 1',
    'User-agent:: OpenSIPS MI Server',
    'State:: CS_NEW',
    'Flags:: 0',
    'Cflags::',
    `Methods:: ${methods}`,
  ];
  return `${tabs}Contact:: ${CONTACT}\n${facts.map((fact) => `${tabs}\t${fact}\n`).join('')}`;
}
