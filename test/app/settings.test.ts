import t from 'tap';
import { loadAppSettings } from '../../lib/app/settings.ts';
import type { AppSettings } from '../../lib/app/settings.ts';
import { formatProblems } from '../../lib/config/problem.ts';
import { LIFETIME_MAX_S } from '../../lib/config/sections/registrar-section.ts';
import { HORIZON_S } from '../../lib/location/horizon.ts';
import { usableSaveFlags } from '../../lib/registrar/save-flag-list.ts';
import { source } from '../config/load.ts';

function settingsOf(text: string): AppSettings {
  const loaded = loadAppSettings(source(text));
  if (!loaded.ok) throw new Error(formatProblems('t.yaml', loaded.problems));
  return loaded.settings;
}

function problemsOf(text: string): readonly string[] {
  const loaded = loadAppSettings(source(text));
  return loaded.ok ? [] : formatProblems('t.yaml', loaded.problems).split('\n');
}

t.test('the longest lifetime of the configuration is the one of the table', async (t) => {
  t.equal(LIFETIME_MAX_S, HORIZON_S);
});

t.test('without a file every component has the defaults that it documents', async (t) => {
  const { registrar, engine, location, pinger } = settingsOf('');
  t.strictSame(registrar, {
    addressOfRecord: {
      useDomain: true,
      caseSensitive: true,
      realmPrefix: '',
      domains: [],
      maxUsernameLen: 64,
      maxDomainLen: 64,
      maxAorLen: 256,
    },
    expiry: {
      defaultExpiresS: 3600,
      minExpiresS: 60,
      maxExpiresS: 0,
      expiresMaxDeviationS: 0,
      minExpiresPolicy: 'raise',
    },
    contacts: {
      matchingMode: 0,
      cseqDelayMs: 40_000,
      allowDupCseq: false,
      lenientCseq: false,
      maxContacts: 0,
      maxContactLen: 255,
      maxPathLen: 1024,
      defaultQ: -1,
      receivedParam: 'received',
    },
    nat: { uacTest: 23, fix: 'received', bflag: '' },
    save: {
      memoryOnly: false,
      maxContacts: undefined,
      minExpiresS: undefined,
      maxExpiresS: undefined,
      forceRegistration: false,
      matchingMode: undefined,
      pathMode: 'ignored',
      pathReceived: false,
      onlyRequestContacts: false,
    },
    branchFlags: [
      { flags: ['SIPPING_ENABLE'], when: 'all', domains: [] },
      { flags: ['SIPPING_RTO'], when: 'all', domains: [] },
    ],
    serviceRoutes: [],
    retryAfterS: 0,
  });
  t.strictSame(location, {
    nodeId: 1,
    maxContacts: 0,
    matchingMode: 0,
    descTimeOrder: false,
    recordsPerAorMax: 256,
    aorsMax: 2_000_000,
  });
  t.strictSame(pinger, {
    intervalMs: 30_000,
    requiredFlag: '',
    pingsConnections: true,
    fromUri: 'sip:pinger@localhost',
    optionsFlag: 'SIPPING_ENABLE',
    removalFlag: 'SIPPING_RTO',
    lostMax: 3,
    thresholdMs: 3000,
    ignoredStatuses: new Set(),
    ratePerS: 20_000,
  });
  t.equal(engine.listeners.length, 2);
  t.match(engine, { forceRport: true, serverHeader: 'twinreg', supported: [], udp: { receiveBufferBytes: 4_194_304 } });
  t.match(engine.tcp, { connectionsMax: 10_000, connectionsPerSourceMax: 500, messageTimeoutMs: 4000 });
  t.equal(engine.tcp.idleTimeoutMs, 3_900_000);
});

t.test('keys arrive at their components in these words and units', async (t) => {
  const { registrar, engine, location } = settingsOf(`
usrloc: {cseq_delay: 20, nat_bflag: NAT, matching_mode: 1, desc_time_order: 1, max_aors: 5}
registrar:
  case_sensitive: 0
  realm_prefix: SIP.
  received_param: Received
  default_q: 500
  max_contacts: 3
  retry_after: 7
  service_route: "<sip:10.0.0.1;lr>"
nathelper: {nat_uac_test: "private-contact,carrier-grade-nat", fix_nated_contact: 1}
policy: {setbflag: [A, {flag: B, contacts: nated, domains: A.example}]}
clusterer: {current_id: 2}
sip: {tcp_connection_lifetime: 60, tcp_max_msg_time: 2, force_rport: 0, udp_receive_buffer: 0}
`);
  t.match(registrar.addressOfRecord, { caseSensitive: false, realmPrefix: 'sip.' });
  t.match(registrar.contacts, { cseqDelayMs: 20_000, defaultQ: 500, receivedParam: 'received', maxContacts: 3 });
  t.strictSame(registrar.nat, { uacTest: 129, fix: 'contact', bflag: 'NAT' });
  t.strictSame(registrar.branchFlags, [
    { flags: ['A'], when: 'all', domains: [] },
    { flags: ['B'], when: 'nated', domains: ['a.example'] },
  ]);
  t.strictSame(registrar.serviceRoutes, ['<sip:10.0.0.1;lr>']);
  t.equal(registrar.retryAfterS, 7);
  t.match(location, { nodeId: 2, maxContacts: 3, matchingMode: 1, descTimeOrder: true, aorsMax: 5 });
  t.match(engine, { forceRport: false, udp: { receiveBufferBytes: 0 } });
  t.match(engine.tcp, { idleTimeoutMs: 60_000, messageTimeoutMs: 2000 });
});

t.test('the flags of save() are read in both forms', async (t) => {
  const saveOf = (value: string) => settingsOf(`registrar: {save: ${value}}`).registrar.save;
  t.match(saveOf('[location, p1v]'), { pathMode: 'lazy', pathReceived: true });
  t.strictSame(saveOf('[location, "path-lazy,path-received"]'), saveOf('[location, p1v]'));
  t.strictSame(saveOf('[location, path-lazy, path-received]'), saveOf('[location, p1v]'));
  t.match(saveOf('[location, p2c5f]'), { pathMode: 'strict', maxContacts: 5, forceRegistration: true });
});

t.test('with a Path flag OPTIONS says that Path is supported', async (t) => {
  t.strictSame(settingsOf('registrar: {save: [location, p1]}').engine.supported, ['path']);
});

t.test('flags of save() go before the keys of the same meaning', async (t) => {
  const { location } = settingsOf('registrar: {save: [location, c5M1], max_contacts: 3}');
  t.match(location, { maxContacts: 5, matchingMode: 1 });
});

t.test('save flags that cannot be used are refused', async (t) => {
  const refusalOf = (flags: string) => problemsOf(`registrar: {save: [location, ${flags}]}`);
  const key = 't.yaml:1: registrar.save:';
  t.strictSame(refusalOf('p1z'), [`${key} the flag "z" is not a flag of save(); expected ${usableSaveFlags()}`]);
  t.strictSame(refusalOf('path-lasy'), [
    `${key} the flag "path-lasy" is not a flag of save(); expected ${usableSaveFlags()}`,
  ]);
  t.match(refusalOf('p1v, "sip:a@b"'), [`${key} the flag "sip:a@b" is an address-of-record: this parameter of save()`]);
  t.match(refusalOf('p1r')[0], `${key} the flag "r" cannot be used`);
  t.strictSame(refusalOf('E86401'), [`${key} max-expires=86401 is more than 86400, the longest lifetime`]);
  t.strictSame(refusalOf('e700E600'), [`${key} with these flags min-expires (700) is more than max-expires (600)`]);
  t.strictSame(refusalOf('E30'), [`${key} with these flags min-expires (60) is more than max-expires (30)`]);
  t.strictSame(refusalOf('c257'), [
    `${key} max-contacts=257 is more than usrloc.max_records_per_aor (256), which would be reached first`,
  ]);
  t.strictSame(refusalOf('E0'), []);
});

t.test('save flags that do nothing without another setting are warned about', async (t) => {
  const warningsOf = (text: string): readonly string[] => {
    const loaded = loadAppSettings(source(text));
    return loaded.ok ? loaded.warnings.map(({ key, message }) => `${key}: ${message}`) : ['refused'];
  };
  t.strictSame(warningsOf('registrar: {save: [location, fv]}'), [
    'registrar.save: the flag v has no effect: no Path is looked at without p0, p1 or p2',
    'registrar.save: the flag f has no effect: without max_contacts there is no limit',
  ]);
  t.strictSame(warningsOf('registrar: {save: [location, p0v]}'), []);
  t.strictSame(warningsOf('registrar: {save: [location, c2f]}'), []);
  t.strictSame(warningsOf('registrar: {save: [location, f], max_contacts: 2}'), []);
});

t.test('NAT tests and routes that do not exist are refused, with everything else that is wrong', async (t) => {
  t.strictSame(
    problemsOf(`usrloc:
  cseq_delay: forty
registrar:
  save: [location, zz]
  service_route: "<sip:[::1>"
nathelper:
  nat_uac_test: [private-contact, private-contacts, nat]
`),
    [
      't.yaml:2: usrloc.cseq_delay: expected a whole number of seconds from 0 to 3600, found "forty"',
      `t.yaml:4: registrar.save: the flag "z" is not a flag of save(); expected ${usableSaveFlags()}`,
      't.yaml:5: registrar.service_route: "<sip:[::1>" is no SIP URI in angle brackets',
      't.yaml:7: nathelper.nat_uac_test: "private-contacts" is no test; expected names out of private-contact, diff-ip-src-via, private-via, private-sdp, diff-port-src-via, diff-ip-src-contact, diff-port-src-contact, carrier-grade-nat, or the sum of their numbers',
      't.yaml:7: nathelper.nat_uac_test: "nat" is no test; expected names out of private-contact, diff-ip-src-via, private-via, private-sdp, diff-port-src-via, diff-ip-src-contact, diff-port-src-contact, carrier-grade-nat, or the sum of their numbers',
    ],
  );
});

t.test('the keys of pinging arrive in its words and units', async (t) => {
  const { pinger } = settingsOf(`
usrloc: {nat_bflag: NAT}
nathelper:
  natping_interval: 60
  ping_nated_only: 1
  natping_tcp: 0
  natping_max_rate: 500
  sipping_from: "sips:pinger@example.com"
  sipping_bflag: PING
  remove_on_timeout_bflag: RTO
  max_pings_lost: 5
  ping_threshold: 10
  sipping_ignore_rpl_codes: [408, 503]
policy: {setbflag: [PING, RTO]}
`);
  t.strictSame(pinger, {
    intervalMs: 60_000,
    requiredFlag: 'NAT',
    pingsConnections: false,
    fromUri: 'sips:pinger@example.com',
    optionsFlag: 'PING',
    removalFlag: 'RTO',
    lostMax: 5,
    thresholdMs: 10_000,
    ignoredStatuses: new Set([408, 503]),
    ratePerS: 500,
  });
  t.equal(settingsOf('usrloc: {nat_bflag: NAT}').pinger.requiredFlag, '', 'the flag alone asks for nothing');
});

t.test('pinging that cannot be meant so is refused, and what has no effect is warned about', async (t) => {
  t.strictSame(problemsOf('nathelper: {ping_nated_only: 1}'), [
    't.yaml:1: nathelper.ping_nated_only: needs usrloc.nat_bflag, the flag that marks the contacts to ping',
  ]);
  for (const from of ['pinger', 'tel:+1', '<sip:a@b>', 'sip:a b@c']) {
    t.strictSame(problemsOf(`nathelper: {sipping_from: "${from}"}`), [
      `t.yaml:1: nathelper.sipping_from: "${from}" is no SIP URI; write it without angle brackets`,
    ]);
  }
  const loadedOf = (keys: string) => {
    const loaded = loadAppSettings(source(`nathelper: {${keys}}`));
    if (!loaded.ok) throw new Error(formatProblems('t.yaml', loaded.problems));
    return loaded;
  };
  const warningsOf = (keys: string) => loadedOf(keys).warnings.map(({ key, message }) => `${key}: ${message}`);
  t.strictSame(warningsOf('natping_partitions: 8, natping_processes: 2'), [
    'nathelper.natping_partitions: has no effect: pings are spread contact by contact, without partitions',
    'nathelper.natping_processes: has no effect: pings are spread contact by contact, without partitions',
  ]);
  t.strictSame(warningsOf('natping_interval: 5, ping_threshold: 8'), [
    'nathelper.ping_threshold: 8 s is above natping_interval (5 s): half of that counts, 2.5 s',
  ]);
  t.equal(loadedOf('natping_interval: 5, ping_threshold: 8').settings.pinger.thresholdMs, 2500);
  t.strictSame(warningsOf('natping_interval: 3, ping_threshold: 3'), []);
  t.strictSame(warningsOf('natping_interval: 0, ping_threshold: 8, sipping_bflag: X'), []);
  t.strictSame(warningsOf('sipping_bflag: X, remove_on_timeout_bflag: Y'), [
    'nathelper.sipping_bflag: has no effect: policy.setbflag gives no contact the flag X',
    'nathelper.remove_on_timeout_bflag: has no effect: policy.setbflag gives no contact the flag Y',
  ]);
});

t.test('warnings come along with good settings', async (t) => {
  const loaded = loadAppSettings(source('usrloc: {working_mode_preset: single-instance-no-db, db_url: a.db}'));
  t.ok(loaded.ok && loaded.warnings.length === 1 && loaded.config.persistence.kind === 'none');
});
