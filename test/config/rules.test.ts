import t from 'tap';
import { configOf, problemsOf, warningsOf } from './load.ts';

const PRESET = 't.yaml:1: usrloc.working_mode_preset:';

function persistenceOf(usrloc: string): string {
  const { persistence } = configOf(`usrloc: {${usrloc}}`);
  return persistence.kind === 'none' ? 'none' : `${persistence.writeMode} every ${persistence.flushIntervalMs} ms`;
}

t.test('a preset says where bindings are kept', async (t) => {
  t.equal(persistenceOf(''), 'write-back every 1000 ms');
  t.equal(persistenceOf('working_mode_preset: single-instance-no-db'), 'none');
  t.equal(persistenceOf('working_mode_preset: single-instance-sql-write-back'), 'write-back every 1000 ms');
  t.equal(persistenceOf('working_mode_preset: single-instance-sql-write-through'), 'write-through every 10 ms');
  t.equal(
    persistenceOf('working_mode_preset: single-instance-sql-write-through, flush_interval_ms: 5'),
    'write-through every 5 ms',
  );
});

t.test('presets that OpenSIPS has and this version does not are refused by name, with what to write', async (t) => {
  const refusals: Readonly<Record<string, string>> = {
    'sql-only':
      'keeps bindings in the database alone, which is not supported; write single-instance-sql-write-through, which loses no answered registration either',
    'full-sharing-cachedb-cluster':
      'needs a NoSQL store, which is not supported; write full-sharing-cluster for two nodes, single-instance-sql-write-back for one',
    'federation-cachedb-cluster':
      'needs a NoSQL store, which is not supported; write full-sharing-cluster for two nodes, single-instance-sql-write-back for one',
    'federation-cluster': 'is refused by OpenSIPS too; write full-sharing-cluster, or single-instance-sql-write-back',
  };
  for (const [preset, sentence] of Object.entries(refusals)) {
    t.strictSame(problemsOf(`usrloc: {working_mode_preset: ${preset}}`), [`${PRESET} "${preset}" ${sentence}`]);
  }
});

t.test('an unknown preset is answered with the known ones', async (t) => {
  const expected =
    'expected single-instance-no-db, single-instance-sql-write-through, single-instance-sql-write-back, full-sharing-cluster, full-sharing-cluster-sql-write-back or full-sharing-cluster-sql-write-through, found';
  for (const preset of ['single-instance', 'constructor'])
    t.strictSame(problemsOf(`usrloc: {working_mode_preset: ${preset}}`), [`${PRESET} ${expected} "${preset}"`]);
  t.strictSame(problemsOf('usrloc: {working_mode_preset: full-sharing}'), [
    `${PRESET} ${expected} "full-sharing"; did you mean full-sharing-cluster?`,
  ]);
});

t.test('low-level settings count from none as soon as one of them is given', async (t) => {
  t.equal(persistenceOf('cluster_mode: none'), 'none');
  t.equal(persistenceOf('restart_persistency: none'), 'none');
  t.equal(persistenceOf('sql_write_mode: none'), 'none');
  t.equal(
    persistenceOf('restart_persistency: load-from-sql, sql_write_mode: write-through'),
    'write-through every 10 ms',
  );
});

t.test('load-from-sql without a write mode means write-back', async (t) => {
  t.equal(persistenceOf('restart_persistency: load-from-sql'), 'write-back every 1000 ms');
  t.strictSame(warningsOf('usrloc: {restart_persistency: load-from-sql}'), []);
  t.strictSame(warningsOf('usrloc: {restart_persistency: load-from-sql, sql_write_mode: none}'), [
    't.yaml:1: usrloc.sql_write_mode: none is not in force: restart_persistency load-from-sql without a write mode means write-back',
  ]);
});

t.test('a write mode without load-from-sql, which usrloc ignores silently, is an error', async (t) => {
  const sentence =
    'write-through needs restart_persistency: load-from-sql (without it usrloc ignores the write mode); write both, or working_mode_preset: single-instance-sql-write-through';
  t.strictSame(problemsOf('usrloc: {sql_write_mode: write-through}'), [`t.yaml:1: usrloc.sql_write_mode: ${sentence}`]);
  t.strictSame(problemsOf('usrloc: {sql_write_mode: write-through, restart_persistency: none}'), [
    `t.yaml:1: usrloc.sql_write_mode: ${sentence}`,
  ]);
});

t.test('a preset overrides the low-level settings, and a warning says which', async (t) => {
  const usrloc =
    'working_mode_preset: single-instance-sql-write-back, sql_write_mode: write-through, restart_persistency: none';
  t.equal(persistenceOf(usrloc), 'write-back every 1000 ms');
  t.strictSame(warningsOf(`usrloc: {${usrloc}}`), [
    't.yaml:1: usrloc.restart_persistency: none is not in force: working_mode_preset single-instance-sql-write-back sets load-from-sql; remove one of the two',
    't.yaml:1: usrloc.sql_write_mode: write-through is not in force: working_mode_preset single-instance-sql-write-back sets write-back; remove one of the two',
  ]);
  t.strictSame(
    warningsOf('usrloc: {working_mode_preset: single-instance-no-db, cluster_mode: none, sql_write_mode: none}'),
    [],
    'what says the same is fine',
  );
});

t.test('db_mode is refused with the preset for each of its values', async (t) => {
  const sentence =
    't.yaml:1: usrloc.db_mode: excludes working_mode_preset and is gone from OpenSIPS 4; write working_mode_preset alone: single-instance-no-db for 0, single-instance-sql-write-through for 1, single-instance-sql-write-back for 2 (3 is not supported)';
  t.strictSame(problemsOf('usrloc: {db_mode: 2}'), [sentence]);
  t.strictSame(problemsOf('usrloc: {db_mode: 2, working_mode_preset: single-instance-no-db}'), [sentence]);
});

t.test('cluster modes that OpenSIPS has and this version does not are refused by name', async (t) => {
  const modes: Readonly<Record<string, string>> = {
    'full-sharing-cachedb': 'needs a NoSQL store, which is not supported; write full-sharing, or leave it out',
    'federation-cachedb': 'needs a NoSQL store, which is not supported; write full-sharing, or leave it out',
    'sql-only': 'keeps bindings in the database alone, which is not supported; write none, or leave it out',
    federation: 'is refused by OpenSIPS too; write full-sharing, or leave it out',
  };
  for (const [mode, sentence] of Object.entries(modes)) {
    t.strictSame(problemsOf(`usrloc: {cluster_mode: ${mode}}`), [
      `t.yaml:1: usrloc.cluster_mode: "${mode}" ${sentence}`,
    ]);
  }
});

t.test('keys of the database that a mode without one does not use are warned about', async (t) => {
  t.strictSame(
    warningsOf('usrloc:\n  working_mode_preset: single-instance-no-db\n  db_url: a.db\n  flush_interval_ms: 100\n'),
    [
      't.yaml:3: usrloc.db_url: is not used: this working mode keeps bindings in memory only',
      't.yaml:4: usrloc.flush_interval_ms: is not used: this working mode keeps bindings in memory only',
    ],
  );
});

t.test('each write mode has bounds of its own for the flush interval', async (t) => {
  const refusalOf = (interval: number, mode: string) =>
    problemsOf(`usrloc: {flush_interval_ms: ${interval}, working_mode_preset: single-instance-sql-${mode}}`);
  const key = 't.yaml:1: usrloc.flush_interval_ms:';
  t.strictSame(refusalOf(21, 'write-through'), [`${key} expected 5 to 20 with write-through, found 21`]);
  t.strictSame(refusalOf(199, 'write-back'), [`${key} expected 200 to 1000 with write-back, found 199`]);
  t.strictSame(problemsOf('usrloc: {flush_interval_ms: 20}'), [
    `${key} expected 200 to 1000 with write-back, found 20`,
  ]);
  t.strictSame(refusalOf(20, 'write-through'), []);
  t.strictSame(refusalOf(200, 'write-back'), []);
});

t.test('the bounds of lifetimes fit together', async (t) => {
  t.strictSame(problemsOf('registrar:\n  min_expires: 700\n  max_expires: 600\n'), [
    't.yaml:3: registrar.max_expires: 600 is less than min_expires (700)',
  ]);
  t.strictSame(problemsOf('registrar: {max_expires: 30}'), [
    't.yaml:1: registrar.max_expires: 30 is less than min_expires (60, the default)',
  ]);
  t.strictSame(problemsOf('registrar: {default_expires: 59}'), [
    't.yaml:1: registrar.default_expires: 59 is less than min_expires (60)',
  ]);
  t.strictSame(problemsOf('registrar: {default_expires: 601, max_expires: 600}'), [
    't.yaml:1: registrar.default_expires: 601 is more than max_expires (600)',
  ]);
  t.strictSame(problemsOf('registrar: {max_expires: 600}'), [], 'a default of default_expires is lowered');
  t.strictSame(problemsOf('registrar: {min_expires: 86400}'), [], 'and raised');
  t.strictSame(problemsOf('registrar: {min_expires: 86400, max_expires: 0}'), [], '0 is the longest lifetime');
});

t.test('a rule is silent about keys that are wrong by themselves', async (t) => {
  t.equal(problemsOf('registrar: {min_expires: soon, max_expires: 30}').length, 1);
  t.equal(problemsOf('registrar: {max_contacts: 300}\nusrloc: {max_records_per_aor: few}').length, 1);
  t.equal(problemsOf('registrar: {max_contacts: 300}\nusrloc: 5').length, 1);
});

t.test('a 423 that the RFC does not allow is warned about', async (t) => {
  t.strictSame(warningsOf('registrar: {min_expires_policy: reject, min_expires: 3601}'), [
    't.yaml:1: registrar.min_expires_policy: reject is not in force: RFC 3261 §10.3 allows 423 for less than an hour only, and min_expires is 3601',
  ]);
  t.strictSame(warningsOf('registrar: {min_expires_policy: reject, min_expires: 3600}'), []);
});

t.test('more contacts than records of an address-of-record cannot be', async (t) => {
  t.strictSame(problemsOf('usrloc: {max_records_per_aor: 4}\nregistrar: {max_contacts: 5}'), [
    't.yaml:2: registrar.max_contacts: 5 is more than usrloc.max_records_per_aor (4), which would be reached first',
  ]);
  t.strictSame(problemsOf('usrloc: {max_records_per_aor: 5}\nregistrar: {max_contacts: 5}'), []);
});

t.test('fixing the contacts of phones that nothing recognises is warned about', async (t) => {
  for (const tests of ['0', '[]']) {
    t.strictSame(warningsOf(`nathelper: {nat_uac_test: ${tests}, fix_nated_contact: 1}`), [
      't.yaml:1: nathelper.fix_nated_contact: has no effect: without nat_uac_test no phone is behind NAT',
    ]);
  }
});

t.test('HTTP that other machines reach needs one token', (t) => {
  const token = '0123456789abcdef';
  for (const http of ['127.0.0.1', "'127.9.9.9:80'", "'[::1]:8888'", 'off', "''"]) {
    t.strictSame(problemsOf(`mi: {http: ${http}}`), [], http);
  }
  for (const http of ['0.0.0.0', "'10.0.0.150:8888'", "'[::]:8888'"]) {
    t.match(problemsOf(`mi: {http: ${http}}`), [/^t\.yaml:1: mi\.http: .*mi\.http_token_file .*mi\.http_token/], http);
    t.strictSame(problemsOf(`mi: {http: ${http}, http_token: ${token}}`), []);
    t.strictSame(problemsOf(`mi: {http: ${http}, http_token_file: token}`), []);
  }
  t.match(problemsOf(`mi: {http_token_file: f, http_token: ${token}}`), [/mi\.http_token: .*remove one of the two/]);
  t.match(problemsOf('mi: {http_token: 0123456789abcde}'), [/mi\.http_token: expected at least 16/]);
  for (const http of ['localhost', '::1', "'127.0.0.1:0'", "'127.0.0.1:65536'", '10.0.0']) {
    t.match(problemsOf(`mi: {http: "${http.replaceAll("'", '')}"}`), [/mi\.http: .*expected ADDRESS/], http);
  }
  t.match(problemsOf('mi: {fifo_name: fifo}'), [/mi\.fifo_name: expected the absolute path of a FIFO, or off/]);
  t.end();
});
