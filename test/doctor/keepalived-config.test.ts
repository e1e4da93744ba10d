import fc from 'fast-check';
import t from 'tap';
import { commandsOf, readKeepalivedConfig } from '../../lib/doctor/keepalived-config.ts';
import { readKeepalivedSyntax } from '../../lib/doctor/keepalived-syntax.ts';
import { keepalivedConf } from '../support/keepalived.ts';

t.test('the template of this repository means what it says', async (t) => {
  const config = readKeepalivedConfig(keepalivedConf({}), 'node-a');
  t.match(config, {
    scriptUser: { user: 'twinreg', group: undefined },
    isScriptSecurityOn: true,
    includes: [],
    faults: [],
    instances: [
      {
        name: 'twinreg',
        state: 'BACKUP',
        interface: 'eth0',
        virtualRouterId: 51,
        advertIntS: 0.2,
        version: 3,
        isNopreempt: true,
        addresses: ['10.0.0.150'],
        unicastPeers: ['10.0.0.178'],
        unicastSource: '10.0.0.177',
        garpMasterRefreshS: 1,
      },
    ],
  });
  t.strictSame(
    [...config.trackFiles],
    [
      ['down', { path: '/var/lib/twinreg/down', weight: 0 }],
      ['handover', { path: '/var/lib/twinreg/handover', weight: 0 }],
    ],
  );
  t.strictSame(
    commandsOf(config).map(({ name, program }) => `${name} ${program}`),
    ['notify /opt/twinreg/keepalived/notify.sh', 'vrrp_script ready /opt/twinreg/keepalived/check.sh'],
  );
});

const instanceOf = (text: string, configId = 'node-a') => readKeepalivedConfig(text, configId).instances[0];

t.test('blocks are found however their braces stand', async (t) => {
  const ways = [
    'vrrp_instance A {\n  virtual_ipaddress {\n    10.0.0.1/24 dev eth0\n  }\n}',
    'vrrp_instance A\n{\n  virtual_ipaddress\n  {\n    10.0.0.1\n  }\n}',
    'vrrp_instance A { virtual_ipaddress { 10.0.0.1 } }',
    'vrrp_instance A{\n virtual_ipaddress{\n10.0.0.1\n}\n}',
  ];
  for (const text of ways) {
    t.match(instanceOf(text), { name: 'A', addresses: ['10.0.0.1'] }, text);
    t.strictSame(readKeepalivedSyntax(text, '').faults, []);
  }
});

t.test('comments from # or ! are left away, and nothing in quotes is one', async (t) => {
  const text =
    'vrrp_instance A { # state MASTER {\n state BACKUP ! MASTER }\n notify "/a#b/c!.sh one two" nobody staff\n}';
  t.match(instanceOf(text), {
    state: 'BACKUP',
    notifies: [{ program: '/a#b/c!.sh', runAs: { user: 'nobody', group: 'staff' } }],
  });
});

t.test('a conditional line is for the node that it names, or for all others', async (t) => {
  const text =
    'vrrp_instance A {\n @node-a priority 1\n @node-a state BACKUP\n @node-b state MASTER\n @^node-a nopreempt\n}';
  t.match(instanceOf(text, 'node-a'), { state: 'BACKUP', isNopreempt: false });
  t.match(instanceOf(text, 'node-b'), { state: 'MASTER', isNopreempt: true });
});

t.test('parameters stand for their values, also within each other, and unknown ones for themselves', async (t) => {
  const text = '$A=10.0.${B}.1\n$B=7\nvrrp_instance X {\n virtual_ipaddress {\n  ${A}/24\n  $A\n  ${C}\n }\n}';
  t.strictSame(instanceOf(text)?.addresses, ['10.0.7.1', '10.0.7.1', '${C}']);
  const endless = '$A=${A}${A}\nvrrp_instance ${A} {\n}';
  t.type(instanceOf(endless)?.name, 'string');
});

t.test('the weight of a reference goes before that of the block', async (t) => {
  const text = 'vrrp_instance X {\n track_file {\n  down weight 5 reverse\n  handover\n }\n}';
  t.strictSame(instanceOf(text)?.trackedFiles, [
    { name: 'down', weight: 5 },
    { name: 'handover', weight: undefined },
  ]);
  t.equal(readKeepalivedConfig('track_file down {\n file /d\n}', '').trackFiles.get('down')?.weight, 1);
});

t.test('included files, and what is not closed, are named', async (t) => {
  t.strictSame(
    readKeepalivedConfig('include /etc/a\nvrrp_instance X {\n includea b/*.conf\n}', '').includes.toSorted(),
    ['/etc/a', 'b/*.conf'],
  );
  t.strictSame(readKeepalivedSyntax('a {\n b {', '').faults, ['2 blocks are not closed at the end of the file']);
  t.strictSame(readKeepalivedSyntax('}\n{', '').faults, [
    'line 1: a closing brace without an opening one',
    'line 2: a block without a name',
    '1 block is not closed at the end of the file',
  ]);
});

t.test('no text is too strange to come to an end', async (t) => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '"',
    "'",
    '\\',
    '#',
    '!',
    '$A=',
    '${A}',
    '$A',
    '@x',
    '\n',
    ' ',
    'vrrp_instance',
    'é',
    '\0',
  );
  const text = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (input) => {
      readKeepalivedConfig(input, 'x');
    }),
  );
  t.pass('nothing was thrown');
});

t.test('a huge file, and one deep in blocks, take no longer than their size', async (t) => {
  t.equal(readKeepalivedSyntax('vrrp_instance A {\n}\n'.repeat(40_000), '').directives.length, 40_000);
  t.equal(readKeepalivedConfig('a {\n'.repeat(100_000), '').faults.length, 1);
  t.equal(readKeepalivedSyntax('x'.repeat(1 << 20), '').directives.length, 1);
});
