import t from 'tap';
import { NO_ROW } from '../../lib/cluster/cluster-node.ts';
import { membershipOf, type MembershipRules } from '../../lib/cluster/membership.ts';
import type { NodeRow } from '../../lib/cluster/ports.ts';
import { row } from './support/rows.ts';

const RULES: MembershipRules = {
  clusterId: 1,
  nodeId: 1,
  listen: { transport: 'bin', address: '10.0.0.177', port: 5555 },
};

function of(rows: readonly NodeRow[], rules: Partial<MembershipRules> = {}) {
  return membershipOf(rows, { ...RULES, ...rules }, 'the table clusterer of x.db');
}

/** What the membership says, without what it is. */
function said(rows: readonly NodeRow[], rules: Partial<MembershipRules> = {}): readonly string[] {
  const membership = of(rows, rules);
  return [...('reasons' in membership ? membership.reasons : []), ...membership.warnings, ...membership.notes];
}

t.test("by the tutorial's rows each node has the other for its twin", async (t) => {
  const a = of([row(1), row(2)]);
  t.match(a, { kind: 'member', self: { nodeId: 1, isSeed: true }, twin: { nodeId: 2, isSeed: false }, others: [{}] });
  const listen = { transport: 'bin', address: '10.0.0.178', port: 5555 } as const;
  const b = of([row(1), row(2)], { nodeId: 2, listen });
  t.match(b, { kind: 'member', self: { nodeId: 2 }, twin: { nodeId: 1 } });
  t.strictSame(said([row(1), row(2)]), []);
});

t.test('without a row the node waits, and says how rows are added', async (t) => {
  const expected =
    'waiting for rows: the table clusterer of x.db has no row for node 1 of cluster 1; add both nodes, here and on the other node, with `twinreg cluster add` or with INSERT INTO clusterer as in sql/example-two-nodes.sql, and then call clusterer_reload';
  t.match(of([]), { kind: 'waiting', reasons: [expected], others: [] });
  t.match(of([row(2), row(3)]), { kind: 'waiting', others: [{ nodeId: 2 }, { nodeId: 3 }] });
  t.match(said([row(2), row(3)])[0], /no row for node 1 of cluster 1 \(it has nodes 2, 3\); add/);
  t.match(of([row(1, { cluster_id: 9 })]), { kind: 'waiting' });
});

t.test('a node that is alone in its cluster waits for a twin, and says so', async (t) => {
  t.match(of([row(1)]), { kind: 'member', twin: undefined });
  t.strictSame(said([row(1)]), [
    'cluster 1 has no other node: nothing is replicated until it has a row (`twinreg cluster add`)',
  ]);
});

t.test('a node whose row is disabled takes no part', async (t) => {
  t.match(of([row(1, { state: 0 }), row(2)]), { kind: 'off', others: [{ nodeId: 2 }] });
  t.strictSame(said([row(1, { state: 0 }), row(2)]), [
    'row 14: node 1 is disabled (state 0), so that nothing is replicated with it',
  ]);
});

t.test('a twin whose row is disabled is none', async (t) => {
  t.match(of([row(1), row(2, { state: 0 })]), { kind: 'member', twin: undefined, others: [{ nodeId: 2 }] });
  t.strictSame(said([row(1), row(2, { state: 0 })]), [
    'row 15: node 2 is disabled (state 0), so that nothing is replicated with it',
  ]);
});

t.test('a third node is refused by name, unless it is disabled', async (t) => {
  t.strictSame(said([row(1), row(3), row(2)]), [
    'cluster 1 has nodes 1, 2, 3, and a third node is not supported yet: remove it, or set its state to 0',
  ]);
  t.equal(of([row(1), row(3), row(2)]).kind, 'refused');
  t.match(of([row(1), row(2), row(3, { state: 0 })]), { kind: 'member', twin: { nodeId: 2 } });
  t.match(of([row(1), row(2, { state: 0 }), row(3)]), { kind: 'member', twin: { nodeId: 3 } });
});

t.test('rows of other clusters are left aside, whatever is wrong with them', async (t) => {
  const rows = [
    row(1),
    row(2),
    row(1, { cluster_id: 7 }),
    row(5, { cluster_id: 9 }),
    row(8, { cluster_id: 9, state: 7 }),
  ];
  t.match(of(rows), { kind: 'member', twin: { nodeId: 2 } });
  t.strictSame(said(rows), ["rows of other clusters (7, 9) are left aside; this node's is 1"]);
});

t.test('a wrong row of this cluster is refused with each sentence, and so is one that may be', async (t) => {
  t.match(of([row(1), row(2, { state: 7, url: 'x' })]), { kind: 'refused', reasons: [/row 15: url/, /row 15: state/] });
  t.match(of([row(1), row(2, { cluster_id: 'one' })]), { kind: 'refused', reasons: [/row 15: cluster_id/] });
});

t.test("an own url that is not the listener's is warned about: the other node would not find this one", async (t) => {
  const warning = (url: string) =>
    `row 14: url: ${url} is this node, which listens on bin:10.0.0.177:5555: the other node will not find it`;
  for (const url of ['bin:10.0.0.179', 'bin:10.0.0.177:5556', 'bins:10.0.0.177', 'bin:[::1]']) {
    t.match(of([row(1, { url }), row(2)]), { kind: 'member' });
    t.strictSame(said([row(1, { url }), row(2)]), [warning(url)], url);
  }
  for (const url of ['bin:10.0.0.177:5555', 'bin:node-a.example'])
    t.strictSame(said([row(1, { url }), row(2)]), [], url);
  const wildcard = { listen: { transport: 'bin', address: '0.0.0.0', port: 5555 } } as const;
  t.strictSame(said([row(1), row(2)], wildcard), []);
  const ipv6 = { listen: { transport: 'bin', address: '2001:db8::1', port: 5555 } } as const;
  t.strictSame(said([row(1, { url: 'bin:[2001:0DB8::0:1]' }), row(2)], ipv6), [], 'however it is written');
});

t.test('two nodes talk with TLS or without', async (t) => {
  t.match(of([row(1), row(2, { url: 'bins:10.0.0.178' })]), {
    kind: 'refused',
    reasons: ["row 15: url: expected bin: as this node's own listener has it, found bins:10.0.0.178"],
  });
});

t.test('two nodes cannot be in one place', async (t) => {
  t.match(of([row(1), row(2, { url: 'bin:10.0.0.177:5555' })]), {
    kind: 'refused',
    reasons: ['rows 14 and 15: url: node 1 and node 2 are both at bin:10.0.0.177:5555'],
  });
  t.match(of([row(1), row(2, { url: 'bin:10.0.0.177:5556' })]), { kind: 'member' });
});

t.test('nodes of the configuration have no rows, and sentences speak of none', async (t) => {
  const id = NO_ROW;
  t.strictSame(said([row(1, { id })]), [
    'cluster 1 has no other node: nothing is replicated until neighbor_node_info names one',
  ]);
  const disabled = (nodeId: number) =>
    `node ${nodeId} is disabled (by clusterer_set_status, until it is enabled or this daemon ends), so that nothing is replicated with it`;
  t.strictSame(said([row(1, { id }), row(2, { id, state: 0 })]), [disabled(2)]);
  t.strictSame(said([row(1, { id, state: 0 }), row(2, { id })]), [disabled(1)]);
  t.match(said([row(1, { id, url: 'bin:10.0.0.179' }), row(2, { id })]), [
    /^my_node_info: url: bin:10\.0\.0\.179 is this/,
  ]);
  t.match(said([row(1, { id }), row(2, { id, url: 'bins:10.0.0.178' })]), [/^neighbor_node_info: url: expected bin:/]);
  t.match(said([row(1, { id }), row(2, { id, url: 'bin:10.0.0.177' })]), [
    /^my_node_info and neighbor_node_info: url: node 1 and node 2 are both at/,
  ]);
});

t.test('a cluster without a seed is warned about', async (t) => {
  t.strictSame(said([row(1, { flags: null }), row(2)]), [
    'no node of cluster 1 has the flag seed: after a start of both, neither will call itself synced',
  ]);
  t.strictSame(said([row(1, { flags: null }), row(2, { flags: 'seed' })]), []);
});
