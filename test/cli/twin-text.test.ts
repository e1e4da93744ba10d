import t from 'tap';
import { readStatus } from '../../lib/cli/shown-status.ts';
import { statusText } from '../../lib/cli/status-text.ts';
import { TopHistory } from '../../lib/cli/top-history.ts';
import { topText } from '../../lib/cli/top-text.ts';
import type { ReplicationState } from '../../lib/mi/commands/status.ts';
import { STATUS } from './support/node-status.ts';

const IN_SYNC: ReplicationState = {
  listen: 'bin:10.0.0.177:5555',
  membership: 'member',
  twin_id: 2,
  twin_url: 'bin:10.0.0.178:5555',
  enabled: true,
  commit: 'twin',
  outgoing: 'in-sync',
  incoming: 'in-sync',
  twin_ready: true,
  twin_active: false,
  since_ms: 184_000,
  sync_since_ms: 184_000,
  synced: true,
  lag_changes: 1,
  lag_ms: 3,
  log_bytes: 100,
  head: 9,
  applied: 8,
  silent_ms: 600,
  clock_offset_ms: -8,
  wall_clock_offset_ms: 12,
  last_reconcile: { ms_ago: 725_000, took_ms: 133, received: 5000, changed: 12 },
};

const { silent_ms: _silent, clock_offset_ms: _offset, ...UNLINKED } = IN_SYNC;
const DOWN: ReplicationState = {
  ...UNLINKED,
  outgoing: 'connecting',
  incoming: 'connecting',
  since_ms: 50,
  lag_changes: 0,
  lag_ms: 0,
  waits_for: 'waits for a link to node 2',
};

/** The lines of `status` about the twin, and those behind them. */
function shown(replication: object, degraded: readonly string[] = []): string {
  const text = statusText(readStatus({ ...STATUS, degraded, replication }, 'the socket'));
  return text.slice(text.indexOf('\ntwin '));
}

t.test('of a pair in sync the status says where both are, that replies wait, and what was last', (t) => {
  t.match(
    shown(IN_SYNC),
    [
      '',
      'twin           node 2 at bin:10.0.0.178:5555: in sync for 3 min 4 s (this node listens on bin:10.0.0.177:5555)',
      '               phones: replies wait until both nodes have the binding',
      '               to node 2: in-sync for 3 min 4 s, 1 change (3 ms) behind; from node 2: in-sync, last heard 0 s ago',
      '               clocks: node 2 is 8 ms behind this one',
      '               last compared 12 min 5 s ago: it took 133 ms, 5000 users came, 12 of them differed',
      'storage ',
    ].join('\n'),
  );
  t.match(shown({ ...IN_SYNC, clock_offset_ms: 0 }), 'clocks: both agree\n');
  t.match(shown({ ...IN_SYNC, commit: 'local' }), 'phones: replies do not wait (commit is local): the other node has');
  t.end();
});

t.test('without a link the status says since when, what is waited for, and that bindings are here only', (t) => {
  const text = shown(DOWN, ['twin']);
  t.match(text, 'node 2 at bin:10.0.0.178:5555: NOT IN SYNC for 3 min 4 s (this', 'however often it tries to connect');
  t.match(text, '\n               phones: replies do not wait: bindings answered now are on this node only');
  t.match(text, '\n               waits for a link to node 2\n');
  t.match(text, '\n               node 2 is the one that connects, to bin:10.0.0.177:5555: does twinreg run on it,');
  t.match(
    text,
    '\n               to node 2: connecting; from node 2: connecting\n',
    'nobody counts how far behind it is',
  );
  t.notMatch(text, 'clocks');
  t.match(
    text,
    '\ndegraded       twin (the other node is not in sync: replies do not wait for it; the lines of twin say why)',
  );
  t.end();
});

t.test('the one that connects is named only where nothing else is known of the reason', (t) => {
  t.notMatch(shown({ ...DOWN, twin_id: 0 }), 'connects');
  t.notMatch(shown({ ...DOWN, waits_for: 'waits for a link to node 2 (last time, 2 s ago: no)' }), 'connects');
  t.notMatch(shown({ ...DOWN, enabled: false }), 'connects');
  t.end();
});

t.test('a refusal is said once, with who refused, and how long ago', (t) => {
  const text = 'node 2 has a secret and node 1 has none';
  const refusal = { ms_ago: 61_000, by: 'twin', reason: 'wrong-secret', text };
  const line = 'link last refused 1 min 1 s ago by node 2 (wrong-secret)';
  t.match(shown({ ...IN_SYNC, last_refusal: refusal }), `${line}: ${text}\n`);
  const waiting = shown({ ...DOWN, last_refusal: refusal, waits_for: `waits (last time, 1 min ago: ${text})` });
  t.match(waiting, `${line}\n`);
  t.equal(waiting.split(text).length, 2);
  const ended = { ms_ago: 0, by: 'us', reason: 'timeout', text: 'nothing was heard of node 2 for 8 s' };
  t.match(shown({ ...IN_SYNC, last_refusal: ended }), 'link last ended 0 s ago by this node (timeout): nothing was');
  t.end();
});

t.test('what a stranger said is shown apart, and cannot command the terminal', (t) => {
  const stranger = { ms_ago: 5000, reason: 'protocol-error', text: 'frame-malformed: \u001b[2J' };
  const text = shown({ ...IN_SYNC, last_stranger: stranger });
  t.match(text, 'somebody who did not show to be the other node was sent away 5 s ago (protocol-error): frame-malf');
  t.match(text, '\\x1b[2J');
  t.end();
});

t.test('while reconciling the status says how far it is', (t) => {
  const progress = { received: 1200, sent: 300, buckets_done: 2048, buckets: 4096 };
  const text = shown({ ...IN_SYNC, outgoing: 'reconciling', incoming: 'reconciling', progress });
  t.match(text, "comparing: 1200 users came, 300 went, 50 % of this node's bindings dealt with\n");
  t.match(text, 'NOT IN SYNC');
  t.end();
});

t.test('clocks that differ are in capitals, whichever of them is wrong', (t) => {
  t.match(shown({ ...IN_SYNC, clock_offset_ms: 1001 }), 'CLOCKS DIFFER: node 2 is 1001 ms ahead of this one; compare');
  t.match(shown({ ...IN_SYNC, clock_offset_ms: -1000 }), 'clocks: node 2 is 1000 ms behind this one\n');
  const wall = (ms: number) => shown({ ...IN_SYNC, wall_clock_offset_ms: ms });
  t.match(wall(-600_000), "CLOCK: the time that both nodes go by is 10 min behind this machine's clock: ");
  t.notMatch(wall(2500), 'CLOCK', 'as after a quick restart');
  t.end();
});

t.test('a node that is not synced, that waits for rows, that is switched off says so', (t) => {
  t.match(
    shown({ ...IN_SYNC, synced: false }, ['sync']),
    /: in sync, but NOT SYNCED for .*\ndegraded +sync \(this node has/s,
  );
  const { twin_id: _id, twin_url: _url, ...nobody } = DOWN;
  const waiting = { ...nobody, membership: 'waiting', waits_for: 'waiting for rows: there is no row for node 1' };
  t.match(
    shown(waiting),
    '\ntwin           NOTHING IS REPLICATED (this node listens on bin:10.0.0.177:5555)\n               phones: replies do not wait: bindings answered now are on this node only, until both are in sync\n               waiting for rows: there is no row for node 1\n',
  );
  t.match(shown({ ...DOWN, membership: 'off' }), 'SWITCHED OFF for');
  t.match(shown({ ...DOWN, enabled: false }), 'SWITCHED OFF for');
  t.match(shown({ ...IN_SYNC, warnings: ['no seed'] }), '\n               look at this: no seed\n');
  t.end();
});

t.test('a node that the other one does not wait for says so', (t) => {
  t.match(shown({ ...IN_SYNC, incoming: 'lagging' }), 'replies at node 2 do not wait for this node, which takes');
  t.end();
});

t.test('a twin that would not serve if the address came to it is said to be so', async (t) => {
  t.match(
    shown({ ...IN_SYNC, twin_ready: false }),
    /\n +node 2 is NOT READY: it would not serve phones if the address came/,
  );
  t.notMatch(shown({ ...IN_SYNC, outgoing: 'lagging', twin_ready: false }), /NOT READY/);
  const { twin_ready: _ready, ...older } = IN_SYNC;
  t.notMatch(shown(older), /NOT READY/);
});

t.test('listeners that differ are said, with what that means', async (t) => {
  const listen_difference = 'listen differs between the nodes: how';
  t.match(
    shown({ ...IN_SYNC, listen_difference }),
    /\n +PHONES ARE LOST when the address moves: listen differs .*how\n/,
  );
  t.notMatch(shown(IN_SYNC), /PHONES ARE LOST/);
});

t.test('a daemon of another version may say less, and other words', (t) => {
  const { outgoing, incoming, since_ms, synced, lag_changes, lag_ms } = IN_SYNC;
  const less = { outgoing, incoming, since_ms, synced, lag_changes, lag_ms, twin_id: 2 };
  t.match(
    shown(less),
    '\ntwin           node 2: in sync for 3 min 4 s\n               phones: replies wait until both nodes have',
  );
  t.match(shown({ ...less, outgoing: 'resting' }), 'to node 2: resting');
  t.end();
});

t.test('a node of its own says nothing of a twin', (t) => {
  t.notMatch(statusText(readStatus(STATUS, 'the socket')), /^twin /m);
  t.end();
});

t.test('contacts that are hidden instead of removed are counted with the pings', (t) => {
  const text = statusText(readStatus({ ...STATUS, pings: { ...STATUS.pings, hidden: 4 } }, 'the socket'));
  t.match(text, '1 contact removed, 4 hidden (not removed, since the other node was not in sync)\n');
  t.end();
});

t.test('top has one line of the twin, with the lag where a terminal of 80 columns still shows it', (t) => {
  const line = (replication: object, columns = 300) => {
    const status = readStatus({ ...STATUS, replication }, 'the socket');
    const view = new TopHistory().take({ atMs: 0, status, statistics: new Map() });
    return topText(view, { columns, rows: 50 })
      .split('\n')
      .filter((text) => text.startsWith('twin '));
  };
  t.same(line(IN_SYNC), ['twin           node 2: in sync, 1 change (3 ms) behind (to it in-sync, from it in-sync)']);
  t.match(line({ ...IN_SYNC, lag_changes: 12_345, lag_ms: 398 }, 80), [/: in sync, 12345 changes \(398 ms\) behind/]);
  t.same(line(DOWN), [
    'twin           node 2: NOT IN SYNC (to it connecting, from it connecting); waits for a link to node 2',
  ]);
  const { twin_id: _id, ...nobody } = DOWN;
  t.same(line({ ...nobody, waits_for: 'waiting for rows' }), [
    'twin           NOTHING IS REPLICATED; waiting for rows',
  ]);
  t.end();
});

t.test('the status says that nobody is active, while the other node can tell', (t) => {
  const role = (isActive: boolean, twin: object) =>
    statusText(
      readStatus(
        { ...STATUS, role: { ...STATUS.role, active: isActive }, replication: { ...IN_SYNC, ...twin } },
        'the socket',
      ),
    );
  t.match(role(false, { twin_active: false }), /\nrole +passive.*; NOBODY IS ACTIVE: the other node is passive too\n/);
  t.notMatch(role(false, { twin_active: true }), 'NOBODY');
  t.notMatch(role(true, { twin_active: false }), 'NOBODY');
  t.notMatch(role(false, { twin_active: false, outgoing: 'down' }), 'NOBODY', 'without a link nobody knows');
  t.end();
});
