import t from 'tap';
import type { NodeRow } from '../../lib/cluster/ports.ts';
import { readNodes } from '../../lib/cluster/read-nodes.ts';
import { row } from './support/rows.ts';

function sentencesOf(...rows: readonly NodeRow[]): readonly string[] {
  return readNodes(rows).faults.map(({ sentence }) => sentence);
}

t.test("the tutorial's rows are two nodes, the first of them the seed", async (t) => {
  t.strictSame(readNodes([row(1), row(2)]), {
    nodes: [
      {
        rowId: 14,
        clusterId: 1,
        nodeId: 1,
        url: 'bin:10.0.0.177',
        place: { transport: 'bin', host: '10.0.0.177', port: 5555 },
        isEnabled: true,
        noPingRetries: 3,
        isSeed: true,
        description: undefined,
      },
      {
        rowId: 15,
        clusterId: 1,
        nodeId: 2,
        url: 'bin:10.0.0.178',
        place: { transport: 'bin', host: '10.0.0.178', port: 5555 },
        isEnabled: true,
        noPingRetries: 3,
        isSeed: false,
        description: undefined,
      },
    ],
    faults: [],
  });
});

t.test('a wrong cell is named by row and column, with what was expected and what was found', async (t) => {
  const url = 'expected bin:HOST[:PORT] or bins:HOST[:PORT] (port 5555 by default, IPv6 in brackets)';
  const cases: readonly (readonly [Partial<NodeRow>, string])[] = [
    [{ url: '10.0.0.178' }, `url: "10.0.0.178": no bin: stands before it; ${url}`],
    [{ url: 'bin:10.0.0.178:70000' }, `url: "bin:10.0.0.178:70000": 70000 is no port (port 1 to 65535); ${url}`],
    [{ url: 'bin:10.0.0.178:0' }, `url: "bin:10.0.0.178:0": 0 is no port (port 1 to 65535); ${url}`],
    [{ url: 'tcp:10.0.0.178' }, `url: "tcp:10.0.0.178": tcp is not what nodes talk to each other by; ${url}`],
    [{ url: null }, 'url: expected bin:HOST[:PORT], found NULL'],
    [{ url: 7 }, 'url: expected bin:HOST[:PORT], found 7'],
    [{ url: Buffer.from('bin') }, 'url: expected bin:HOST[:PORT], found a blob of 3 bytes'],
    [{ state: 7 }, 'state: expected 0 or 1, found 7'],
    [{ state: null }, 'state: expected 0 or 1, found NULL'],
    [{ state: 'on' }, 'state: expected 0 or 1, found "on"'],
    [{ node_id: -2 }, 'node_id: expected a whole number from 1 to 65535, found -2'],
    [{ node_id: 0 }, 'node_id: expected a whole number from 1 to 65535, found 0'],
    [{ node_id: 65_536 }, 'node_id: expected a whole number from 1 to 65535, found 65536'],
    [{ node_id: 'two' }, 'node_id: expected a whole number from 1 to 65535, found "two"'],
    [{ node_id: 2.5 }, 'node_id: expected a whole number from 1 to 65535, found 2.5'],
    [{ cluster_id: 'one' }, 'cluster_id: expected a whole number from 1 to 2147483647, found "one"'],
    [{ no_ping_retries: -1 }, 'no_ping_retries: expected a whole number from 0 to 1000, found -1'],
    [{ no_ping_retries: 'many' }, 'no_ping_retries: expected a whole number from 0 to 1000, found "many"'],
    [{ flags: 'sead' }, 'flags: expected seed or NULL, found "sead"'],
    [{ flags: 1 }, 'flags: expected seed or NULL, found 1'],
    [{ description: 4 }, 'description: expected text or NULL, found 4'],
    [{ url: `bin:${'x'.repeat(500)}` }, `url: "bin:${'x'.repeat(76)}…": ${'x'.repeat(500)} is no host; ${url}`],
  ];
  for (const [cells, sentence] of cases) {
    t.strictSame(sentencesOf(row(2, cells)), [`row 15: ${sentence}`], JSON.stringify(cells));
  }
});

t.test('all that is wrong with the rows is said at once, and the good ones are nodes', async (t) => {
  const { nodes, faults } = readNodes([row(1), row(2, { state: 7, url: null, flags: 'x' }), row(3)]);
  t.strictSame(
    nodes.map(({ nodeId }) => nodeId),
    [1, 3],
  );
  t.equal(faults.length, 3);
  t.ok(faults.every(({ clusterId }) => clusterId === 1));
  t.strictSame(
    readNodes([row(2, { cluster_id: 'one' })]).faults.map(({ clusterId }) => clusterId),
    [undefined],
    'a row whose cluster cannot be read may be meant for any',
  );
});

t.test('flags begin with seed, or there are none', async (t) => {
  const isSeed = (flags: unknown) => readNodes([row(2, { flags })]).nodes[0]?.isSeed;
  for (const flags of ['seed', 'seed_node', 'seed,other']) t.equal(isSeed(flags), true, flags);
  for (const flags of [null, '']) t.equal(isSeed(flags), false);
});

t.test('columns that do nothing here may hold anything', async (t) => {
  t.strictSame(sentencesOf(row(2, { priority: null, sip_addr: 'sip:10.0.0.150' })), []);
  t.strictSame(sentencesOf(row(2, { priority: 'high', sip_addr: 7 })), []);
});

t.test('two rows for one node are named', async (t) => {
  t.strictSame(sentencesOf(row(1), row(2), row(2, { id: 99 }), row(2, { cluster_id: 5 })), [
    'rows 15 and 99: node_id: both are node 2 of cluster 1; remove one of them',
  ]);
});
