import t from 'tap';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PERMANENT } from '../../lib/location/record.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Rig } from './support/rig.ts';
import { someBinding, somePut } from './support/some-records.ts';

const sqlite3 = requireTool('sqlite3');
const skip = sqlite3.skip;

/** Runs the shell on the file, as an operator does while the daemon runs. */
function shell(path: string, sql: string): string {
  return execFileSync(sqlite3.path ?? 'sqlite3', [path, sql], { encoding: 'utf8' });
}

function json(path: string, sql: string): unknown {
  const printed = execFileSync(sqlite3.path ?? 'sqlite3', ['-json', path, sql], { encoding: 'utf8' });
  return printed === '' ? [] : JSON.parse(printed);
}

const HOUR_MS = 3_600_000;

t.test(
  "SELECT … FROM location in the sqlite3 shell shows live bindings with OpenSIPS's columns",
  { skip },
  async (t) => {
    const path = join(tempFolder(t), 'x.db');
    // The shell looks at the real clock.
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const rig = await Rig.start(path, { clock: new ManualClock(nowMs) });
    const { table } = rig.open;
    const binding = someBinding({
      q: 500,
      received: 'sip:198.51.100.7:40000',
      path: '<sip:127.0.0.2;lr>',
      instance: '<urn:uuid:0>',
      methods: 5951,
      cflags: 'SIPPING_ENABLE SIPPING_RTO',
      attr: 'some',
    });
    table.write('alice@example.org', [[0, somePut('alice', nowMs, { binding, cseq: 42 })]]);
    table.write('bob', [
      [1, somePut('bob', nowMs, { expiresAtMs: PERMANENT, contactUri: 'sip:b\u00c3\u00bcb@127.0.0.9' })],
    ]);
    await rig.flushed();

    t.same(json(path, 'SELECT * FROM location ORDER BY contact_id'), [
      {
        contact_id: 0,
        username: 'alice',
        domain: 'example.org',
        contact: 'sip:alice@127.0.0.9:5062',
        received: 'sip:198.51.100.7:40000',
        path: '<sip:127.0.0.2;lr>',
        expires: (nowMs + HOUR_MS) / 1000,
        q: 0.5,
        callid: 'alice-call@127.0.0.9',
        cseq: 42,
        last_modified: new Date(nowMs).toISOString().slice(0, 19).replace('T', ' '),
        flags: 0,
        cflags: 'SIPPING_ENABLE SIPPING_RTO',
        user_agent: 'phone/1.0',
        socket: 'udp:127.0.0.1:5060',
        methods: 5951,
        sip_instance: '<urn:uuid:0>',
        kv_store: null,
        attr: 'some',
      },
      {
        contact_id: 1,
        username: 'bob',
        domain: null,
        contact: 'sip:büb@127.0.0.9',
        received: null,
        path: null,
        expires: 0,
        q: -1,
        callid: 'bob-call@127.0.0.9',
        cseq: 1,
        last_modified: new Date(nowMs).toISOString().slice(0, 19).replace('T', ' '),
        flags: 0,
        cflags: null,
        user_agent: 'phone/1.0',
        socket: 'udp:127.0.0.1:5060',
        methods: null,
        sip_instance: null,
        kv_store: null,
        attr: null,
      },
    ]);
    await rig.close();
  },
);

t.test('neither removed, expired nor floored bindings are shown, by cluster time', { skip }, async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const wallMs = Date.now();
  // This node's cluster time is two hours ahead of its wall clock.
  const aheadMs = 2 * HOUR_MS;
  const nowMs = wallMs + aheadMs;
  const rig = await Rig.start(path, { clock: new ManualClock(wallMs), clusterAheadMs: aheadMs });
  const { table } = rig.open;
  const put = somePut('x', nowMs);
  const { binding: _, ...ended } = put;
  table.write('live@d', [[0, put]]);
  table.write('removed@d', [[1, { ...ended, kind: 'removed' }]]);
  table.write('judged@d', [[2, put]]);
  table.write('judged@d', [[2, { ...ended, kind: 'judged' }]]);
  table.write('expired@d', [[3, somePut('x', nowMs - 2 * HOUR_MS)]]);
  const floor = { version: { ...put.version, counter: 7 }, callId: 'f', cseq: 1 };
  table.write('floored@d', [[4, put]], floor);
  table.write('above@d', [[5, { ...put, version: { ...put.version, counter: 8 } }]], floor);
  table.write('forgotten@d', [[6, put]]);
  table.forget(6);
  await rig.flushed();
  t.equal(shell(path, 'SELECT username FROM location ORDER BY contact_id'), 'live\nabove\n');
  t.equal(
    shell(path, "SELECT expires FROM location WHERE username = 'live'"),
    `${Math.floor((wallMs + HOUR_MS) / 1000)}\n`,
    'expires is wall clock',
  );
  await rig.close();
});

t.test('a text that is not UTF-8, or has a NUL, is found by its octets', { skip }, async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const nowMs = Date.now();
  const rig = await Rig.start(path, { clock: new ManualClock(nowMs) });
  rig.open.table.write('\u00ff@d', [[0, somePut('x', nowMs)]]);
  rig.open.table.write('a\0b@d', [[1, somePut('x', nowMs)]]);
  await rig.flushed();
  t.equal(shell(path, 'SELECT hex(username), typeof(username) FROM location'), 'FF|blob\n610062|blob\n');
  await rig.close();
});

t.test('what the journal knows and the rows do not is in the view after a merge', { skip }, async (t) => {
  const path = join(tempFolder(t), 'x.db');
  const nowMs = Date.now();
  const rig = await Rig.start(path, { clock: new ManualClock(nowMs), writeMode: 'write-through' });
  for (let id = 0; id < 300; id++) rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, nowMs)]]);
  await rig.flushed();
  for (let id = 0; id < 300; id++) rig.open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, nowMs, { cseq: 2 })]]);
  await rig.pass(10);
  t.equal(shell(path, 'SELECT count(*) FROM location WHERE cseq = 2'), '0\n', 'it is behind');
  t.equal(rig.open.store.status().recordsBehind, 300);
  await rig.passUntil(rig.open.store.mergeNow());
  t.equal(shell(path, 'SELECT count(*) FROM location WHERE cseq = 2'), '300\n');
  t.equal(rig.open.store.status().recordsBehind, 0);
  await rig.close();
});

t.test(
  "the tutorial's INSERT INTO clusterer runs in the shell while the daemon runs, and numbers its rows",
  { skip },
  async (t) => {
    const path = join(tempFolder(t), 'x.db');
    const rig = await Rig.start(path);
    const example = join(import.meta.dirname, '../../sql/example-two-nodes.sql');
    shell(path, `.read ${example}`);
    t.equal(
      shell(path, 'SELECT id, cluster_id, node_id, url, state, no_ping_retries, priority, flags FROM clusterer'),
      '1|1|1|bin:10.0.0.177|1|3|50|seed\n2|1|2|bin:10.0.0.178|1|3|50|\n',
    );
    t.throws(
      () => execFileSync(sqlite3.path ?? '', [path, `.read ${example}`], { stdio: 'pipe' }),
      /UNIQUE constraint failed/,
    );
    await rig.close();
  },
);
