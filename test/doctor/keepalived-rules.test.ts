import t from 'tap';
import { checkKeepalivedRules, checkMovedAddress } from '../../lib/doctor/keepalived-rules.ts';
import { readKeepalivedConfig } from '../../lib/doctor/keepalived-config.ts';
import { keepalivedConf } from '../support/keepalived.ts';
import { OWN, TWIN, VIRTUAL } from './support/healthy.ts';
import { said } from './support/said.ts';

const TEMPLATE = keepalivedConf({});

const rulesFacts = (text: string) => ({
  path: '/k.conf',
  config: readKeepalivedConfig(text, 'node-a'),
  dataFolder: '/var/lib/twinreg',
  listenAddresses: [VIRTUAL],
  twinAddress: TWIN,
  ownAddresses: new Set(['127.0.0.1', OWN]),
  ownInterfaces: new Set(['lo', 'eth0']),
  downInterfaces: new Set<string>(),
});

const check = (text: string) => {
  const facts = rulesFacts(text);
  return said([...checkMovedAddress(facts), ...checkKeepalivedRules(facts)]);
};

t.test('nothing is found in the template, filled in', async (t) => {
  t.strictSame(check(TEMPLATE), []);
});

/** What is changed in the template, and what is said then. */
const FAULTS: readonly (readonly [string, string | RegExp, string, RegExp])[] = [
  ['state MASTER', 'state BACKUP', 'state MASTER', /^error: .*vrrp_instance twinreg: state is MASTER/],
  ['no nopreempt', /^ *nopreempt$/m, '', /^error: .*nopreempt is missing/],
  ['no router id', 'virtual_router_id $VIRTUAL_ROUTER_ID', '', /^error: .*virtual_router_id is missing/],
  ['a router id that is none', '$VIRTUAL_ROUTER_ID=51', '$VIRTUAL_ROUTER_ID=256', /^error: .*virtual_router_id is 256/],
  ['advertisements that are slow', 'advert_int 0.2', 'advert_int 3', /^warning: .*advert_int is 3 s/],
  ['advertisements as keepalived has them', 'advert_int 0.2', '', /^warning: .*advert_int is 1 s/],
  ['advertisements that are no number', 'advert_int 0.2', 'advert_int soon', /^warning: .*advert_int is NaN s/],
  ['version 2', 'vrrp_version 3', '', /^error: .*advert_int 0.2 needs VRRP version 3/],
  ['no refresh', 'vrrp_garp_master_refresh 1', '', /^warning: .*vrrp_garp_master_refresh is missing/],
  ['an interface that is not there', '$INTERFACE=eth0', '$INTERFACE=eth7', /^error: .*interface eth7 does not exist/],
  ['no interface', 'interface $INTERFACE', '', /^error: .*interface is missing/],
  [
    "the other node's own address",
    '$OWN_ADDRESS=10.0.0.177',
    '$OWN_ADDRESS=10.0.0.179',
    /^error: .*unicast_src_ip 10.0.0.179/,
  ],
  [
    'itself for a peer',
    '$TWIN_ADDRESS=10.0.0.178',
    '$TWIN_ADDRESS=10.0.0.177',
    /^error: .*unicast_peer has an address of this host/,
  ],
  [
    'a stranger for a peer',
    '$TWIN_ADDRESS=10.0.0.178',
    '$TWIN_ADDRESS=10.0.0.9',
    /^warning: .*unicast_peer is 10.0.0.9, and the other node is at 10.0.0.178/,
  ],
  ['no peer', /^ *\$TWIN_ADDRESS min_ttl.*$/m, '', /^warning: .*unicast_peer is missing/],
  [
    'another address',
    '$VIRTUAL_ADDRESS=10.0.0.150',
    '$VIRTUAL_ADDRESS=10.0.0.151',
    /^error: .*virtual_ipaddress is 10.0.0.151, and SIP is served on 10.0.0.150/,
  ],
  ['no notify', /^ *notify .*$/m, '', /^error: .*notify is missing/],
  [
    'half of the transitions',
    /^ *notify .*$/m,
    'notify_master /m\nnotify_backup /b',
    /^error: .*notify_fault, notify_stop are missing/,
  ],
  [
    'another data folder',
    '$DATA=/var/lib/twinreg',
    '$DATA=/srv',
    /^error: .*\/var\/lib\/twinreg\/down is not tracked \(it tracks \/srv\/down\)/,
  ],
  [
    'a file that the instance does not track',
    /^ *handover$/m,
    '',
    /^error: .*\/handover is not tracked: .* track_file handover, which the instance does not name/,
  ],
  ['a weight', /^ *down$/m, 'down weight 10', /^error: .*track_file down has weight 10/],
  ['the usual weight', /weight 0/, '', /^error: .*track_file down has weight 1/],
  ['a weight of the check', 'fall 2', 'fall 2\nweight -20', /^error: .*vrrp_script ready has weight -20/],
  ['a check that is hasty', 'fall 2', '', /^warning: .*vrrp_script ready has fall 1/],
  ['a check that is taken for good before it ran', 'init_fail', '', /^warning: .*vrrp_script ready has no init_fail/],
  ['a check that is not there', /^ *ready$/m, 'nonesuch', /^error: .*track_script nonesuch/],
  ['no check', /^ *ready$/m, '', /^warning: .*track_script is missing/],
  ['no script security', 'enable_script_security', '', /^warning: .*enable_script_security is missing/],
  [
    'an included file',
    'global_defs {',
    'include more.conf\nglobal_defs {',
    /^unchecked: more.conf, which \/k.conf includes/,
  ],
  [
    'a block that is not closed',
    'global_defs {',
    'global_defs { {',
    /^unchecked: a part of \/k.conf that is not understood/,
  ],
];

for (const [name, found, instead, expected] of FAULTS) {
  t.test(`it is found: ${name}`, async (t) => {
    // The comments of the template name its keywords too.
    const bare = TEMPLATE.replace(/^\s*#.*$/gm, '');
    const changed = bare.replace(found, () => instead);
    t.not(changed, bare, 'the template has what is changed');
    const findings = check(changed);
    t.ok(
      findings.some((line) => expected.test(line)),
      findings.join('\n'),
    );
  });
}

t.test('each transition with a script of its own is as good as notify', async (t) => {
  const four = ['master', 'backup', 'fault', 'stop'].map((name) => `notify_${name} /x`).join('\n');
  t.strictSame(check(TEMPLATE.replace(/^ *notify .*$/m, four)), []);
});

t.test('an instance of somebody else is left alone', async (t) => {
  const other = 'vrrp_instance other {\n state MASTER\n virtual_ipaddress {\n 10.9.9.9\n }\n}\n';
  t.strictSame(check(TEMPLATE + other), []);
});

t.test('a file without an instance says so', async (t) => {
  t.match(check('global_defs {\n enable_script_security\n}'), [/^error: .*there is no vrrp_instance/]);
});

t.test('an interface without a cable is there, and its addresses with it', async (t) => {
  const facts = { ...rulesFacts(TEMPLATE), ownAddresses: new Set(['127.0.0.1']), downInterfaces: new Set(['eth0']) };
  t.match(said(checkKeepalivedRules(facts)), [/^error: .*interface eth0 is down, or has no carrier/]);
});

t.test('addresses are compared by what they mean', async (t) => {
  const facts = rulesFacts(keepalivedConf({ VIRTUAL_ADDRESS: '2001:DB8:0::1/64' }));
  t.strictSame(said(checkKeepalivedRules({ ...facts, listenAddresses: ['2001:db8::1'] })), []);
});
