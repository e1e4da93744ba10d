import t from 'tap';
import { configKeyNames } from '../../scripts/dev/config-reference.ts';
import { configOf, problemsOf } from './load.ts';

/** Sets one key, and returns what is said about it without the place. */
function refusalOf(key: string, value: string): string {
  const [section = '', name = ''] = key.split('.');
  return problemsOf(`${section}:\n  ${name}: ${value}\n`)
    .map((line) => line.replace('t.yaml:2: ', ''))
    .join('\n');
}

t.test('every key refuses a section in place of its value, and says what it expects', async (t) => {
  for (const key of configKeyNames()) {
    const text = key.includes('.') ? key.replace('.', ': {').concat(': {a: 1}}') : `${key}: {a: 1}`;
    const [line = '', ...others] = problemsOf(text);
    t.match(line, new RegExp(`^t\\.yaml:1: ${key.replace('.', '[.]')}: expected .+, found a section$`));
    t.strictSame(others, []);
  }
});

t.test('every section refuses what has no keys', async (t) => {
  const sections = new Set(configKeyNames().flatMap((key) => (key.includes('.') ? [key.split('.')[0] ?? ''] : [])));
  for (const section of sections) {
    for (const [value, found] of Object.entries({ '5': '5', text: '"text"', '[a]': 'a list' })) {
      t.strictSame(problemsOf(`${section}: ${value}`), [
        `t.yaml:1: ${section}: expected a section with keys below it, found ${found}`,
      ]);
    }
  }
});

t.test('booleans are 0 and 1 as in OpenSIPS, and the words of people', async (t) => {
  for (const value of ['1', 'true', 'yes', 'on', 'Yes', 'TRUE', '"1"'])
    t.equal(configOf(`usrloc: {use_domain: ${value}}`).usrloc.use_domain, true, value);
  for (const value of ['0', 'false', 'no', 'off', 'No', '"0"'])
    t.equal(configOf(`usrloc: {use_domain: ${value}}`).usrloc.use_domain, false, value);
  for (const [value, found] of Object.entries({ '2': '2', maybe: '"maybe"', '': 'nothing', '0.0.1': '"0.0.1"' })) {
    t.equal(
      refusalOf('usrloc.use_domain', value),
      `usrloc.use_domain: expected 1 or 0 (also yes or no, true or false), found ${found}`,
    );
  }
});

t.test('numbers are whole and within their range', async (t) => {
  const refusals: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'usrloc.cseq_delay': {
      '-1': 'a whole number of seconds from 0 to 3600, found -1',
      '3601': 'a whole number of seconds from 0 to 3600, found 3601',
      '1.5': 'a whole number of seconds from 0 to 3600, found 1.5',
      '"40"': 'a whole number of seconds from 0 to 3600, found "40"',
      '.nan': 'a whole number of seconds from 0 to 3600, found NaN',
      '.inf': 'a whole number of seconds from 0 to 3600, found Infinity',
      '~': 'a whole number of seconds from 0 to 3600, found nothing',
      '[40]': 'a whole number of seconds from 0 to 3600, found a list',
      yes: 'a whole number of seconds from 0 to 3600, found "yes"',
      true: 'a whole number of seconds from 0 to 3600, found true',
    },
    'usrloc.matching_mode': { '2': '0 or 1, found 2' },
    'usrloc.flush_interval_ms': { '1001': 'a whole number of milliseconds from 5 to 1000, found 1001' },
    'usrloc.location_cluster': { '-1': 'a whole number from 0 to 2147483647, found -1' },
    'usrloc.max_records_per_aor': { '0': 'a whole number from 1 to 4096, found 0' },
    'usrloc.max_aors': { '10000001': 'a whole number from 1 to 10000000, found 10000001' },
    'registrar.default_expires': { '0': 'a whole number of seconds from 1 to 86400, found 0' },
    'registrar.min_expires': { '86401': 'a whole number of seconds from 0 to 86400, found 86401' },
    'registrar.max_expires': { '86401': 'a whole number of seconds from 0 to 86400, found 86401' },
    'registrar.default_q': { '1001': 'a whole number of thousandths from 0 to 1000, found 1001' },
    'registrar.max_username_len': { '0': 'a whole number of octets from 1 to 1024, found 0' },
    'clusterer.my_node_id': { '0': 'a whole number from 1 to 65535, found 0' },
    'clusterer.current_id': { '65536': 'a whole number from 1 to 65535, found 65536' },
    'sip.tcp_max_connections': { '0': 'a whole number from 1 to 1000000, found 0' },
    'sip.tcp_connection_lifetime': { '9': 'a whole number of seconds from 10 to 90000, found 9' },
    'sip.tcp_max_msg_time': { '61': 'a whole number of seconds from 1 to 60, found 61' },
    'sip.udp_receive_buffer': { '-1': 'a whole number of bytes from 0 to 268435456, found -1' },
  };
  for (const [key, values] of Object.entries(refusals)) {
    for (const [value, expected] of Object.entries(values)) {
      t.equal(refusalOf(key, value), `${key}: expected ${expected}`);
    }
  }
});

t.test('words out of a few are listed', async (t) => {
  t.equal(refusalOf('log.level', 'loud'), 'log.level: expected fatal, error, warn, info, debug or trace, found "loud"');
  t.equal(refusalOf('log.format', '1'), 'log.format: expected auto, json or pretty, found 1');
  t.equal(
    refusalOf('registrar.min_expires_policy', 'refuse'),
    'registrar.min_expires_policy: expected raise or reject, found "refuse"',
  );
  t.equal(
    refusalOf('usrloc.sql_write_mode', 'writeback'),
    'usrloc.sql_write_mode: expected none, write-through or write-back, found "writeback"; did you mean write-back?',
  );
});

t.test('text that goes into SIP messages has no line ends and no bytes beyond ASCII', async (t) => {
  const expected = 'sip.server_header: expected printable ASCII, at most 128 characters, found';
  t.equal(refusalOf('sip.server_header', '"a\\r\\nX: y"'), `${expected} "a\\r\\nX: y"`);
  t.equal(refusalOf('sip.server_header', 'Größe'), `${expected} "Größe"`);
  t.equal(refusalOf('sip.server_header', 'x'.repeat(129)), `${expected} "${'x'.repeat(80)}…"`, 'long text is cut');
  t.equal(configOf('sip: {server_header: ""}').sip.server_header, '');
  t.equal(
    refusalOf('registrar.received_param', 'a;b'),
    'registrar.received_param: expected a parameter\'s name, at most 32 characters, found "a;b"',
  );
  t.equal(
    refusalOf('registrar.realm_prefix', 'sip@'),
    'registrar.realm_prefix: expected the beginning of a domain, at most 64 characters, found "sip@"',
  );
});

t.test('domains are host names or addresses, kept in lower case', async (t) => {
  const { domains } = configOf('registrar: {domains: [EXAMPLE.com, 10.0.0.1, "[2001:DB8::1]"]}').registrar;
  t.strictSame(domains, ['example.com', '10.0.0.1', '[2001:db8::1]']);
  t.strictSame(configOf('registrar: {domains: example.com}').registrar.domains, ['example.com']);
  for (const domain of ['a b', 'sip:example.com', 'example.com:5060', '2001:db8::1', '[example.com', '']) {
    t.equal(
      refusalOf('registrar.domains', `[ok.example, ${JSON.stringify(domain)}]`),
      `registrar.domains[1]: expected a domain name or an IP address (IPv6 in brackets), found ${JSON.stringify(domain)}`,
    );
  }
  t.equal(
    refusalOf('registrar.domains', '5'),
    'registrar.domains[0]: expected a domain name or an IP address (IPv6 in brackets), found 5',
  );
});

t.test('service routes are URIs in angle brackets', async (t) => {
  const routes = ['<sip:10.0.0.1;lr>', '<sips:sbc.example.com:5061;lr>;x=y'];
  t.strictSame(configOf(`registrar: {service_route: ${JSON.stringify(routes)}}`).registrar.service_route, routes);
  for (const route of ['sip:10.0.0.1', '<tel:+1>', '<sip:a> \\r\\nX: y', '<sip:>', '<sip:a b>', '<sip:a', '']) {
    t.match(
      refusalOf('registrar.service_route', `["${route}"]`),
      'registrar.service_route[0]: expected a URI in angle brackets, such as <sip:10.0.0.1;lr>, at most 1024 characters, found "',
      route,
    );
  }
});

t.test('save takes the arguments of save(): the table, then flags', async (t) => {
  const saveOf = (value: string) => configOf(`registrar: {save: ${value}}`).registrar.save;
  t.strictSame(saveOf('location'), ['location']);
  t.strictSame(saveOf('[location, p1v]'), ['location', 'p1v']);
  t.strictSame(saveOf('[location, path-lazy, path-received]'), ['location', 'path-lazy', 'path-received']);
  const expected = 'expected [location] or [location, FLAGS], as in save("location", "p1v")';
  t.equal(
    refusalOf('registrar.save', '[]'),
    'registrar.save[0]: expected location, the one table, first, in a list such as [location, p1v], found nothing',
  );
  t.equal(refusalOf('registrar.save', '1'), `registrar.save: ${expected}, found 1`);
  t.equal(
    refusalOf('registrar.save', '[subscriber]'),
    'registrar.save[0]: expected location, the one table, first, in a list such as [location, p1v], found "subscriber"',
  );
  t.equal(
    refusalOf('registrar.save', 'p1v'),
    'registrar.save[0]: expected location, the one table, first, in a list such as [location, p1v], found "p1v"',
  );
  t.equal(
    refusalOf('registrar.save', '"location, p1v, f"'),
    'registrar.save[0]: expected location, the one table, first, in a list such as [location, p1v], found "location, p1v, f"',
  );
  t.equal(
    refusalOf('registrar.save', '[location, 1]'),
    'registrar.save[1]: expected flags of save(), such as p1v or path-lazy, at most 64 characters, found 1',
  );
});

t.test('setbflag takes names of flags and rules', async (t) => {
  const rulesOf = (value: string) => configOf(`policy: {setbflag: ${value}}`).policy.setbflag;
  t.strictSame(rulesOf('SIPPING_ENABLE'), [{ flag: 'SIPPING_ENABLE', contacts: 'all', domains: [] }]);
  t.strictSame(rulesOf('[A, {flag: B, contacts: nated, domains: [A.example, b.example]}]'), [
    { flag: 'A', contacts: 'all', domains: [] },
    { flag: 'B', contacts: 'nated', domains: ['a.example', 'b.example'] },
  ]);
  const flag = 'expected the name of a branch flag, such as SIPPING_ENABLE, at most 64 characters, found';
  t.strictSame(
    problemsOf(`policy:
  setbflag:
    - two words
    - contacts: nated
    - flag: B
      contacts: natted
    - flag: C
      domian: a.example
    - 7
`),
    [
      `t.yaml:3: policy.setbflag[0].flag: ${flag} "two words"`,
      `t.yaml:4: policy.setbflag[1].flag: ${flag} nothing`,
      't.yaml:6: policy.setbflag[2].contacts: expected all or nated, found "natted"; did you mean nated?',
      't.yaml:8: policy.setbflag[3].domian: unknown key; did you mean domains?',
      't.yaml:9: policy.setbflag[4]: expected a branch flag, or {flag: NAME, contacts: all or nated, domains: [NAMES]}, found 7',
    ],
  );
});

t.test('NAT tests are a sum or names', async (t) => {
  const testsOf = (value: string) => configOf(`nathelper: {nat_uac_test: ${value}}`).nathelper.nat_uac_test;
  t.equal(testsOf('19'), 19);
  t.strictSame(testsOf('"private-contact, diff-ip-src-via"'), ['private-contact', 'diff-ip-src-via']);
  t.strictSame(testsOf('[private-contact]'), ['private-contact']);
  for (const value of ['256', '-1', '1.5', 'true', '[[a]]']) {
    t.match(
      refusalOf('nathelper.nat_uac_test', value),
      'nathelper.nat_uac_test: expected the names of tests, such as [private-contact, diff-ip-src-via], or the sum of their numbers, found',
      value,
    );
  }
});

t.test('an unknown key is answered with the likely one, the right section, or all there are', async (t) => {
  t.strictSame(problemsOf('usrlok:\n  use_domain: 1\n'), ['t.yaml:1: usrlok: unknown key; did you mean usrloc?']);
  t.strictSame(problemsOf('mi: {sockett: x}'), ['t.yaml:1: mi.sockett: unknown key; did you mean socket?']);
  t.strictSame(problemsOf('use_domain: 1'), [
    't.yaml:1: use_domain: unknown key here; it belongs into the section usrloc',
  ]);
  t.strictSame(problemsOf('registrar: {matching_mode: 1}'), [
    't.yaml:1: registrar.matching_mode: unknown key here; it belongs into the section usrloc',
  ]);
  t.strictSame(problemsOf('log: {colour: 1}'), ['t.yaml:1: log.colour: unknown key; expected level or format']);
  t.strictSame(problemsOf('tls_mgm:\n  1: 2\n'), [
    't.yaml:2: tls_mgm.1: unknown key; expected certificate, private_key or ca_list',
  ]);
  t.match(problemsOf('__proto__: {use_domain: 1}')[0], /^t\.yaml:1: __proto__: unknown key; expected listen,/);
  t.match(
    problemsOf('mi: {constructor: 1}')[0],
    /^t\.yaml:1: mi\.constructor: unknown key; expected socket, http, .* or reply_dir$/,
  );
});

t.test('OpenSIPS parameters that would do nothing here are refused by name, with what to do instead', async (t) => {
  const answers: Readonly<Record<string, string>> = {
    'usrloc.timer_interval':
      'does not exist here: expiry needs no timer, and flush_interval_ms says how often SQLite is written; remove it',
    'usrloc.hash_size': 'does not exist here: the table grows by itself; remove it',
    'usrloc.cachedb_url': 'NoSQL stores are not supported; remove it',
    'usrloc.shared_pinging':
      'is about sharing pings between nodes: here one node of a pair pings, and nh_enable_ping says which; remove it',
    'usrloc.latency_event_min_us':
      'is about events, which are not supported; latencies are in the statistics; remove it',
    'nathelper.force_socket':
      'does not exist here: pings leave from the socket that the phone registered on, the only one that its NAT lets in; remove it',
    'nathelper.cluster_sharing_tag':
      'does not exist here: nh_enable_ping and the SIP address say which node pings; remove it',
    'registrar.received_avp': 'there is no script, and so there are no script variables; remove it',
    'registrar.pn_enable': 'comes with push notifications, which are not supported; remove it',
    'registrar.gruu_secret': 'comes with GRUU, which is not supported; remove it',
    'clusterer.sync_timeout':
      'does not exist here: a synchronisation that the link breaks off begins again with the next link; remove it',
    'clusterer.sync_packet_size':
      'does not exist here: replication has a protocol of its own, which bounds its frames; remove it',
    'clusterer.dispatch_jobs': 'one process serves everything; remove it',
    'clusterer.enable_rerouting': 'does not exist here: two nodes have nobody between them; remove it',
    'clusterer.sharing_tag':
      'does not exist here: nh_enable_ping and the SIP address say which node is the active one; remove it',
    'clusterer.url_col': 'names of table and columns are fixed; remove it',
    'tls_mgm.verify_cert': 'both nodes always show a certificate and verify the other one; remove it',
    'mi.socket_name': 'is called socket here',
    'mi.root': 'is called http_root here',
  };
  for (const [key, answer] of Object.entries(answers)) t.equal(refusalOf(key, '1'), `${key}: ${answer}`);
  t.strictSame(problemsOf('loadmodule: usrloc.so\n'), [
    't.yaml:1: loadmodule: there are no modules to load; remove it',
  ]);
});

t.test('the nathelper block of the OpenSIPS tutorial is accepted as it stands', async (t) => {
  const { nathelper, policy } = configOf(`nathelper:
  natping_interval: 30
  sipping_from: "sip:pinger@localhost"
  sipping_bflag: "SIPPING_ENABLE"
  remove_on_timeout_bflag: "SIPPING_RTO"
  max_pings_lost: 5
`);
  t.match(nathelper, { natping_interval: 30, sipping_from: 'sip:pinger@localhost', max_pings_lost: 5 });
  t.strictSame(
    policy.setbflag.map(({ flag, contacts }) => [flag, contacts]),
    [
      ['SIPPING_ENABLE', 'all'],
      ['SIPPING_RTO', 'all'],
    ],
  );
});

t.test('keys of pinging are checked one by one', async (t) => {
  t.match(refusalOf('nathelper.natping_interval', '-1'), 'expected a whole number of seconds from 0 to 86400');
  t.match(refusalOf('nathelper.max_pings_lost', '0'), 'expected a whole number from 1 to 100');
  t.match(refusalOf('nathelper.natping_partitions', '9'), 'expected a whole number from 1 to 8');
  t.match(refusalOf('nathelper.natping_max_rate', '9'), 'expected a whole number of pings a second from 10 to 1000000');
  t.match(refusalOf('nathelper.sipping_bflag', '"two words"'), 'expected the name of a branch flag');
  t.match(refusalOf('nathelper.sipping_method', 'INFO'), /"INFO" is not supported|INFO is not supported/);
  const codesOf = (value: string) => configOf(`nathelper: {sipping_ignore_rpl_codes: ${value}}`).nathelper;
  for (const value of ['[408, 503]', '"408,503"', '"408, 503"']) {
    t.strictSame(codesOf(value).sipping_ignore_rpl_codes, [408, 503], value);
  }
  t.strictSame(codesOf('404').sipping_ignore_rpl_codes, [404]);
  for (const value of ['99', '[700]', '"4xx"']) {
    t.match(problemsOf(`nathelper: {sipping_ignore_rpl_codes: ${value}}`)[0], 'sipping_ignore_rpl_codes', value);
  }
});
