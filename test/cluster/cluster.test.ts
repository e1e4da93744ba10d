import t from 'tap';
import { Cluster } from '../../lib/cluster/cluster.ts';
import { ClusterControl, type ReplicationView } from '../../lib/cluster/cluster-control.ts';
import { ConfiguredNodes } from '../../lib/cluster/configured-nodes.ts';
import type { Membership, MembershipRules } from '../../lib/cluster/membership.ts';
import type { NodeRow, NodeTable } from '../../lib/cluster/ports.ts';
import { OperationalError } from '../../lib/core/errors.ts';
import { row } from './support/rows.ts';

const RULES: MembershipRules = {
  clusterId: 1,
  nodeId: 1,
  listen: { transport: 'bin', address: '10.0.0.177', port: 5555 },
};

/** A table that a test writes, which may fail. */
class SomeTable implements NodeTable {
  readonly name = 'the table';
  readonly isStored = true;
  rows: readonly NodeRow[];
  readonly written: string[] = [];
  fault: string | undefined;

  constructor(rows: readonly NodeRow[]) {
    this.rows = rows;
  }

  async load(): Promise<readonly NodeRow[]> {
    await Promise.resolve();
    if (this.fault !== undefined) throw new OperationalError(this.fault);
    return this.rows;
  }

  async setState(clusterId: number, nodeId: number, isEnabled: boolean): Promise<void> {
    await Promise.resolve();
    if (this.fault !== undefined) throw new OperationalError(this.fault);
    this.written.push(`${clusterId}/${nodeId} ${isEnabled ? 1 : 0}`);
  }
}

async function open(rows: readonly NodeRow[], table: NodeTable = new SomeTable(rows)) {
  const lines: string[] = [];
  const line = (level: string) => (fields: object, message: string) => {
    const { reason, warning, note } = fields as Record<string, string>;
    lines.push([level, message, reason ?? warning ?? note].filter((text) => text !== undefined).join(': '));
  };
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const cluster = await Cluster.open({ rules: RULES, table, log });
  const changes: Membership[] = [];
  cluster.onChange((membership) => changes.push(membership));
  return { cluster, table, lines, changes };
}

function someTable(rows: readonly NodeRow[]) {
  const table = new SomeTable(rows);
  return { table, opened: open(rows, table) };
}

t.test('whatever the rows say, the node has a cluster, and the log says what it is', async (t) => {
  const pair = await open([row(1), row(2)]);
  t.match(pair.cluster.membership, { kind: 'member', twin: { nodeId: 2 } });
  t.strictSame(pair.lines, ['info: nodes of the cluster']);
  const none = await open([]);
  t.equal(none.cluster.membership.kind, 'waiting');
  t.match(none.lines, [/^warn: nothing is replicated: waiting for rows: the table has no row for node 1/]);
  const wrong = await open([row(1), row(2, { state: 7 })]);
  t.match(wrong.lines, [/^warn: nothing is replicated: row 15: state: expected 0 or 1, found 7$/]);
  const odd = await open([row(1), row(2, { state: 0 }), row(4, { cluster_id: 3 })]);
  t.match(odd.lines, [
    /^info: nodes of the cluster$/,
    /a note: rows of other clusters/,
    /a note: row 15: node 2 is dis/,
  ]);
});

t.test('a table that cannot be read ends the start', async (t) => {
  const table = new SomeTable([]);
  table.fault = 'db_url: x.db is damaged';
  await t.rejects(open([], table), { message: 'db_url: x.db is damaged' });
});

t.test('reload puts other rows in force', async (t) => {
  const { table, opened } = someTable([]);
  const { cluster, changes } = await opened;
  table.rows = [row(1), row(2)];
  await cluster.reload();
  t.match(cluster.membership, { kind: 'member', twin: { nodeId: 2 } });
  table.rows = [row(1, { state: 0 }), row(2)];
  await cluster.reload();
  t.equal(cluster.membership.kind, 'off', 'a node may be switched off by its row');
  t.strictSame(
    changes.map(({ kind }) => kind),
    ['member', 'off'],
  );
});

t.test('rows that will not do change nothing that is in force', async (t) => {
  const { table, opened } = someTable([row(1), row(2)]);
  const { cluster, changes } = await opened;
  const refusals: readonly (readonly [readonly NodeRow[], RegExp])[] = [
    [[row(1), row(2, { url: 'nonsense' })], /^row 15: url: "nonsense": no bin: stands before it/],
    [[row(1), row(2), row(3)], /a third node is not supported yet/],
    [[row(2)], /no row for node 1 of cluster 1/],
    [[], /no row for node 1 of cluster 1/],
  ];
  for (const [rows, message] of refusals) {
    table.rows = rows;
    await t.rejects(cluster.reload(), { name: 'OperationalError', message });
  }
  table.fault = 'db_url: x.db cannot be opened';
  await t.rejects(cluster.reload(), { message: table.fault });
  t.match(cluster.membership, { kind: 'member', twin: { nodeId: 2, url: 'bin:10.0.0.178' } });
  t.strictSame(changes, []);
});

t.test('a status is written into the table, and in force', async (t) => {
  const { table, opened } = someTable([row(1), row(2)]);
  const { cluster, changes } = await opened;
  t.equal(await cluster.setStatus(2, false), true);
  t.match(cluster.membership, { kind: 'member', twin: undefined, others: [{ isEnabled: false }] });
  t.equal(await cluster.setStatus(2, true), true);
  t.match(cluster.membership, { kind: 'member', twin: { nodeId: 2 } });
  t.equal(await cluster.setStatus(1, false), true);
  t.equal(cluster.membership.kind, 'off');
  t.equal(await cluster.setStatus(9, true), false, 'there is no such node');
  t.strictSame(table.written, ['1/2 0', '1/2 1', '1/1 0']);
  t.equal(changes.length, 3);
});

t.test('a status that cannot be, or cannot be written, changes nothing', async (t) => {
  const { table, opened } = someTable([row(1), row(2), row(3, { state: 0 })]);
  const { cluster, changes } = await opened;
  await t.rejects(cluster.setStatus(3, true), { message: /a third node is not supported yet/ });
  t.strictSame(table.written, []);
  table.fault = 'db_url: x.db is locked by another program';
  await t.rejects(cluster.setStatus(2, false), { message: table.fault });
  t.match(cluster.membership, { kind: 'member', twin: { nodeId: 2 } });
  t.strictSame(changes, []);
});

t.test('changes come one after the other', async (t) => {
  const { cluster } = await open([row(1), row(2)]);
  await Promise.all([cluster.setStatus(2, false), cluster.reload(), cluster.setStatus(2, false)]);
  t.match(cluster.membership, { kind: 'member', twin: undefined }, 'the last one holds');
});

t.test('nodes of the configuration can be switched off and on until the daemon ends', async (t) => {
  const table = new ConfiguredNodes([row(1, { id: -1 }), row(2, { id: -1 })]);
  const { cluster } = await open([], table);
  t.equal(cluster.isStored, false);
  await cluster.setStatus(2, false);
  t.match(cluster.membership, { kind: 'member', twin: undefined });
  await cluster.reload();
  t.match(cluster.membership, { kind: 'member', twin: undefined }, 'reading them again changes nothing');
});

t.test('management sees the other nodes with their links', async (t) => {
  const { cluster } = await open([row(1), row(2), row(3, { state: 0 })]);
  const asked: string[] = [];
  const view: ReplicationView = {
    linkState: () => 'Probe',
    isSynced: false,
    sync() {
      asked.push('sync');
      return true;
    },
  };
  const control = new ClusterControl(cluster, view);
  t.match(control, { clusterId: 1, nodeId: 1, isStored: true, isEnabled: true, isSynced: false });
  t.match(control.others(), [
    { nodeId: 2, rowId: 15, url: 'bin:10.0.0.178', link: 'Probe', isEnabled: true },
    { nodeId: 3, link: 'Down', isEnabled: false },
  ]);
  t.equal(control.sync(), true);
  await control.setStatus(2, false);
  t.equal(control.sync(), false, 'there is nobody to compare with');
  t.strictSame(asked, ['sync']);
  await control.setStatus(1, false);
  t.equal(control.isEnabled, false);
});
