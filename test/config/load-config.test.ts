import fc from 'fast-check';
import t from 'tap';
import { loadConfig } from '../../lib/config/load-config.ts';
import { configOf, problemsOf, source, SURROUNDINGS, warningsOf } from './load.ts';

const LISTENER =
  'ADDRESS[:PORT] or sip:ADDRESS[:PORT] (UDP and TCP), udp:ADDRESS[:PORT] or tcp:ADDRESS[:PORT], and perhaps " as HOST[:PORT]" behind it; or bin:ADDRESS[:PORT] for replication';

t.test(
  'without a file SIP is served on the loopback address, UDP and TCP, and bindings are kept in SQLite',
  async (t) => {
    const config = configOf(undefined);
    t.strictSame(config.listen, [
      { transport: 'udp', address: '127.0.0.1', port: 5060, advertised: undefined },
      { transport: 'tcp', address: '127.0.0.1', port: 5060, advertised: undefined },
    ]);
    t.equal(config.dataFolder, '/home/user/.local/state/twinreg');
    t.strictSame(config.persistence, {
      kind: 'sqlite',
      path: '/home/user/.local/state/twinreg/location.db',
      writeMode: 'write-back',
      flushIntervalMs: 1000,
    });
    t.equal(config.miSocketPath, '/home/user/.local/state/twinreg/twinreg.sock');
    t.equal(config.nodeId, 1);
    t.equal(config.usrloc.use_domain, true);
    t.strictSame(config.registrar.domains, [], 'any domain');
    t.strictSame(config.log, { level: 'info', format: 'auto' });
    t.strictSame(warningsOf(''), []);
  },
);

t.test('an empty file, and sections without keys, are the same as no file', async (t) => {
  t.strictSame(configOf(''), configOf(undefined));
  t.strictSame(configOf('usrloc:\nregistrar:\n  # save: [location, p1v]\nsip:\nlog:\n'), configOf(undefined));
});

t.test('keys that are left out keep their defaults', async (t) => {
  const { cseq_delay, ...others } = configOf('usrloc: {cseq_delay: 20}').usrloc;
  const { cseq_delay: usual, ...defaults } = configOf('').usrloc;
  t.equal(cseq_delay, 20);
  t.equal(usual, 40);
  t.strictSame(others, defaults);
});

t.test('data goes where --data says, else for root to /var/lib, else below the state folder of the user', async (t) => {
  const folderOf = (data: string | undefined, surroundings: Partial<typeof SURROUNDINGS>) =>
    configOf('', { data, surroundings: { ...SURROUNDINGS, ...surroundings } }).dataFolder;
  t.equal(folderOf('/srv/a', { isRoot: true }), '/srv/a');
  t.equal(folderOf('a/../b', {}), '/srv/b', 'relative to the working directory');
  t.equal(folderOf('/srv/a/../b', { cwd: undefined }), '/srv/b', 'which an absolute path does not need');
  t.equal(folderOf(undefined, { isRoot: true, xdgStateHome: '/x' }), '/var/lib/twinreg');
  t.equal(folderOf(undefined, { xdgStateHome: '/state' }), '/state/twinreg');
  t.equal(folderOf(undefined, { xdgStateHome: 'state' }), '/home/user/.local/state/twinreg', 'has to be absolute');
});

t.test('without a folder to begin with, --data has to be given', async (t) => {
  const surroundings = { ...SURROUNDINGS, home: undefined };
  t.strictSame(problemsOf('', { surroundings }), [
    '--data: needed, because this user has no home folder to keep data in',
  ]);
  t.strictSame(problemsOf('', { data: '' }), ['--data: expected a folder, found nothing']);
  t.strictSame(problemsOf('', { surroundings, data: '/srv' }), []);
  t.strictSame(problemsOf('', { surroundings: { ...SURROUNDINGS, cwd: undefined }, data: 'a' }), [
    '--data: a: expected an absolute path, since the current folder was removed or is closed to this user',
  ]);
});

t.test('files are below the data folder unless their paths are absolute', async (t) => {
  const relative = configOf('usrloc: {db_url: "sqlite:a/b.db"}\nmi: {socket: run/x.sock}', { data: '/srv' });
  t.match(relative.persistence, { path: '/srv/a/b.db' });
  t.equal(relative.miSocketPath, '/srv/run/x.sock');
  const absolute = configOf('usrloc: {db_url: "sqlite:///b.db"}\nmi: {socket: /run/x.sock}', { data: '/srv' });
  t.match(absolute.persistence, { path: '/b.db' });
  t.equal(absolute.miSocketPath, '/run/x.sock');
});

t.test(
  'a socket path that the system has no room for is refused, whether written or made from the data folder',
  async (t) => {
    const tooLong = `/${'x'.repeat(107)}`;
    t.strictSame(problemsOf(`mi:\n  socket: ${tooLong}\n`), [
      `t.yaml:2: mi.socket: ${tooLong} has 108 bytes, and the path of a socket at most 107; give a shorter absolute one`,
    ]);
    t.strictSame(problemsOf(`mi: {socket: ${tooLong.slice(1)}x}`, { data: '/' }).length, 1);
    t.match(problemsOf('', { data: `/${'ü'.repeat(60)}` })[0], /^mi\.socket: .* has 134 bytes/);
    t.strictSame(problemsOf(`mi: {socket: ${tooLong.slice(0, 107)}}`), []);
  },
);

t.test('--listen takes what listen takes, and replaces all listeners for SIP', async (t) => {
  const config = configOf('listen: [udp:10.0.0.1, tcp:10.0.0.1]', { listen: ['127.0.0.2:5070', 'udp:[::1]'] });
  t.strictSame(
    config.listen.map(({ transport, address, port }) => `${transport} ${address} ${port}`),
    ['udp 127.0.0.2 5070', 'tcp 127.0.0.2 5070', 'udp ::1 5060'],
  );
  t.strictSame(problemsOf('', { listen: ['nowhere', 'sctp:127.0.0.1', ''] }), [
    `--listen: "nowhere": nowhere is no IP address; expected ${LISTENER}`,
    '--listen: "sctp:127.0.0.1": this version serves udp, tcp and sip (both)',
    `--listen: "": expected ${LISTENER}`,
  ]);
});

t.test('one listener may stand without a list', async (t) => {
  t.equal(configOf('listen: udp:127.0.0.1:5070').listen.length, 1);
});

t.test('listeners are checked one by one, and none stands twice', async (t) => {
  t.strictSame(problemsOf('listen:\n  - udp:10.0.0.1\n  - sctp:10.0.0.1\n  - 5060\n  - tcp:x\n'), [
    't.yaml:3: listen[1]: "sctp:10.0.0.1": this version serves udp, tcp and sip (both)',
    `t.yaml:4: listen[2]: expected ${LISTENER}, found 5060`,
    `t.yaml:5: listen[3]: "tcp:x": x is no IP address; expected ${LISTENER}`,
  ]);
  t.strictSame(problemsOf('listen: [sip:127.0.0.1, tcp:127.0.0.1:5060]'), [
    't.yaml:1: listen: tcp:127.0.0.1:5060 stands here twice; sip: means udp: and tcp:',
  ]);
  t.strictSame(problemsOf('listen: []'), ['t.yaml:1: listen: expected at least one listener']);
  t.strictSame(problemsOf('listen:\n'), [
    `t.yaml:1: listen: expected a list of listeners: ${LISTENER}, at most 32, found nothing`,
  ]);
  const many = Array.from({ length: 33 }, (_, at) => `udp:127.0.0.1:${6000 + at}`);
  t.match(problemsOf(`listen: [${many.join(', ')}]`)[0], /at most 32, found a list$/);
});

t.test('the node id goes by its new and its old name', async (t) => {
  t.equal(configOf('clusterer: {my_node_id: 2}').nodeId, 2);
  t.equal(configOf('clusterer: {current_id: 3}').nodeId, 3);
  t.equal(configOf('clusterer: {my_node_id: 4, current_id: 4}').nodeId, 4);
  t.strictSame(problemsOf('clusterer: {my_node_id: 1, current_id: 2}'), [
    't.yaml:1: clusterer.current_id: 2 is not my_node_id (1), of which it is the older name; remove it',
  ]);
});

t.test('everything that is wrong is said at once, in the order of the file', async (t) => {
  const text = `listen: nowhere
usrloc:
  cseq_dely: 20
  use_domain: maybe
  location_cluster: 1
  sql_write_mode: write-back
registrar:
  max_expires: 86401
  max_contacts: 300
  default_expires: 10
nathelper:
  force_socket: udp:10.0.0.1:5060
unknown: 1
`;
  t.strictSame(problemsOf(text, { listen: ['x'], data: '' }), [
    `--listen: "x": x is no IP address; expected ${LISTENER}`,
    '--data: expected a folder, found nothing',
    `t.yaml:1: listen[0]: "nowhere": nowhere is no IP address; expected ${LISTENER}`,
    't.yaml:3: usrloc.cseq_dely: unknown key; did you mean cseq_delay?',
    't.yaml:4: usrloc.use_domain: expected 1 or 0 (also yes or no, true or false), found "maybe"',
    't.yaml:5: usrloc.location_cluster: 1 needs a cluster_mode other than none; write working_mode_preset: full-sharing-cluster, or remove it',
    't.yaml:6: usrloc.sql_write_mode: write-back needs restart_persistency: load-from-sql (without it usrloc ignores the write mode); write both, or working_mode_preset: single-instance-sql-write-back',
    't.yaml:8: registrar.max_expires: expected a whole number of seconds from 0 to 86400, found 86401',
    't.yaml:9: registrar.max_contacts: 300 is more than usrloc.max_records_per_aor (256), which would be reached first',
    't.yaml:10: registrar.default_expires: 10 is less than min_expires (60)',
    't.yaml:12: nathelper.force_socket: does not exist here: pings leave from the socket that the phone registered on, the only one that its NAT lets in; remove it',
    't.yaml:13: unknown: unknown key; expected listen, usrloc, registrar, nathelper, policy, clusterer, tls_mgm, mi, sip or log',
  ]);
});

t.test('the password of a database is not shown', async (t) => {
  const [line = ''] = problemsOf('usrloc: {db_url: "mysql://opensips:opensipsrw@localhost/opensips"}');
  t.match(line, 'usrloc.db_url: "mysql://…@localhost/opensips": mysql databases are not supported');
  t.notMatch(line, 'opensipsrw');
});

t.test('no text throws, and a refusal always says something', async (t) => {
  const words = fc.constantFrom(
    ...['listen', 'usrloc', 'registrar', 'save', 'policy', 'setbflag', 'flag', 'sip', 'mi', 'socket', 'db_url', 'log'],
    ...['use_domain', '__proto__', 'constructor', 'toString', '- ', ': ', '\n', '\n  ', '[', ']', '{', '}', ', ', '*a'],
    ...[
      '&a ',
      '1',
      '-1',
      '.nan',
      'yes',
      'null',
      'sip:127.0.0.1',
      '"',
      "'",
      '#',
      '|',
      '>',
      '? ',
      '!!binary ',
      '~',
      '\t',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 30 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      const loaded = loadConfig(source(yaml));
      return loaded.ok || (loaded.problems.length > 0 && loaded.problems.every(({ message }) => message !== ''));
    }),
    { numRuns: 2000 },
  );
  t.pass('2000 texts');
});

t.test('no value under a known key throws', async (t) => {
  const keys = fc.constantFrom(
    ...['listen', 'usrloc', 'registrar.save', 'registrar.domains', 'registrar.service_route', 'registrar.max_expires'],
    ...['usrloc.db_url', 'usrloc.working_mode_preset', 'policy.setbflag', 'nathelper.nat_uac_test', 'mi.socket', 'mi'],
  );
  fc.assert(
    fc.property(keys, fc.jsonValue(), (key, value) => {
      const [section = '', name] = key.split('.');
      const root = name === undefined ? { [section]: value } : { [section]: { [name]: value } };
      const loaded = loadConfig(source(JSON.stringify(root)));
      return (
        loaded.ok || loaded.problems.every((problem) => problem.key === section || problem.key.startsWith(section))
      );
    }),
    { numRuns: 2000 },
  );
  t.pass('2000 values');
});
