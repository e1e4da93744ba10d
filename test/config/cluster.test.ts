import t from 'tap';
import { configOf, problemsOf, warningsOf } from './load.ts';

const SECRET = '0123456789abcdef';

/** A node of a pair, whose keys a test may replace. */
function node({ usrloc = '', clusterer = '', listen = '[sip:10.0.0.150, bin:10.0.0.177]', more = '' } = {}): string {
  const mode = usrloc === '' ? '{working_mode_preset: full-sharing-cluster, location_cluster: 1}' : usrloc;
  const keys = clusterer === '' ? `{my_node_id: 1, secret: ${SECRET}}` : clusterer;
  return `listen: ${listen}\nusrloc: ${mode}\nclusterer: ${keys}\n${more}`;
}

function clusterOf(text: string) {
  const { cluster } = configOf(text);
  if (cluster === undefined) throw new Error('no cluster');
  return cluster;
}

t.test("the tutorial's lines load but for the MySQL database and the secret, and both are answered", async (t) => {
  const tutorial = `
listen:
  - sip:10.0.0.150 # virtual IP (same on both nodes)
  - bin:10.0.0.177
usrloc:
  use_domain: 1
  working_mode_preset: full-sharing-cluster
  location_cluster: 1
clusterer:
  current_id: 1 # node number #1
  seed_fallback_interval: 5
  db_url: mysql://opensips:opensipsrw@localhost/opensips
`;
  const [secret = '', database = '', ...others] = problemsOf(tutorial);
  t.strictSame(others, []);
  t.equal(
    database,
    't.yaml:12: clusterer.db_url: "mysql://…@localhost/opensips": mysql databases are not supported; write sqlite:///var/lib/twinreg/location.db, or leave db_url out',
  );
  t.match(secret, /^t\.yaml:9: clusterer\.secret: is missing: .*`openssl rand -hex 32`.*secret_file.*no_secret: 1$/);

  const mended = tutorial.replace(/db_url: .*/, 'secret_file: /etc/twinreg/cluster-secret');
  t.strictSame(problemsOf(mended), []);
  t.strictSame(warningsOf(mended), []);
  const config = configOf(mended, { data: '/srv' });
  t.equal(config.nodeId, 1);
  t.strictSame(
    config.listen.map(({ transport, address, port }) => `${transport}:${address}:${port}`),
    ['udp:10.0.0.150:5060', 'tcp:10.0.0.150:5060'],
    'listeners for SIP alone',
  );
  t.match(config.persistence, { kind: 'sqlite', path: '/srv/location.db', writeMode: 'write-back' });
  t.equal(config.clustererPath, '/srv/location.db', 'the nodes stand beside the bindings');
  t.strictSame(config.cluster, {
    clusterId: 1,
    listen: { transport: 'bin', address: '10.0.0.177', port: 5555 },
    tls: undefined,
    nodes: { kind: 'table' },
    secret: { kind: 'file', path: '/etc/twinreg/cluster-secret' },
    commit: 'twin',
    commitTimeoutMs: 400,
    pingIntervalMs: 4000,
    pingTimeoutMs: 1000,
    nodeTimeoutMs: 60_000,
    seedFallbackMs: 5000,
    logBytesMax: 64 * 1024 * 1024,
    digestIntervalMs: 3_600_000,
  });
});

t.test('without a cluster there is none, and the table of nodes has its place all the same', async (t) => {
  t.equal(configOf('').cluster, undefined);
  t.equal(configOf('', { data: '/srv' }).clustererPath, '/srv/location.db');
  t.equal(configOf('clusterer: {db_url: "sqlite:///n.db"}').clustererPath, '/n.db');
  t.equal(configOf('usrloc: {db_url: b.db}\nclusterer: {db_url: c.db}', { data: '/srv' }).clustererPath, '/srv/c.db');
});

t.test('a cluster keeps its bindings on disk too, unless it is told not to', async (t) => {
  const modeOf = (usrloc: string) => {
    const { persistence, cluster } = configOf(node({ usrloc: `{${usrloc}, location_cluster: 1}` }));
    return `${cluster === undefined ? 'alone' : 'shared'}, ${persistence.kind === 'none' ? 'none' : persistence.writeMode}`;
  };
  t.equal(modeOf('working_mode_preset: full-sharing-cluster'), 'shared, write-back');
  t.equal(modeOf('working_mode_preset: full-sharing-cluster-sql-write-back'), 'shared, write-back');
  t.equal(modeOf('working_mode_preset: full-sharing-cluster-sql-write-through'), 'shared, write-through');
  t.equal(modeOf('cluster_mode: full-sharing, restart_persistency: sync-from-cluster'), 'shared, none');
  t.equal(modeOf('cluster_mode: full-sharing'), 'shared, none');
  t.equal(modeOf('cluster_mode: full-sharing, restart_persistency: load-from-sql'), 'shared, write-back');
  const lowLevel = 'cluster_mode: full-sharing, restart_persistency: load-from-sql, sql_write_mode: write-through';
  t.equal(modeOf(lowLevel), 'shared, write-through');
  t.match(
    problemsOf(node({ usrloc: '{cluster_mode: full-sharing, sql_write_mode: write-through, location_cluster: 1}' })),
    [/needs restart_persistency: load-from-sql .*working_mode_preset: full-sharing-cluster-sql-write-through$/],
  );
});

t.test('without bindings on disk the file with the nodes is still used', async (t) => {
  const usrloc = '{cluster_mode: full-sharing, location_cluster: 1, db_url: a.db}';
  t.strictSame(warningsOf(node({ usrloc })), []);
  t.match(warningsOf(node({ usrloc, clusterer: `{my_node_id: 1, secret: ${SECRET}, db_url: b.db}` })), [
    /usrloc\.db_url: is not used/,
  ]);
});

t.test('what a cluster needs is asked for', async (t) => {
  t.strictSame(problemsOf('usrloc:\n  working_mode_preset: full-sharing-cluster\nclusterer: {no_secret: 1}\n'), [
    'listen: a cluster needs a listener that the other node comes to; add bin:ADDRESS with an address of this node alone, not the one that moves',
    't.yaml:1: usrloc.location_cluster: 0 is no cluster, and full-sharing needs one; write location_cluster: 1',
    't.yaml:3: clusterer.my_node_id: is missing: each node of a cluster has its own number; write my_node_id: 1 here, and another one on the other node',
  ]);
});

t.test('what is for a cluster alone is refused, or warned about, without one', async (t) => {
  t.strictSame(problemsOf('usrloc: {location_cluster: 1}'), [
    't.yaml:1: usrloc.location_cluster: 1 needs a cluster_mode other than none; write working_mode_preset: full-sharing-cluster, or remove it',
  ]);
  t.strictSame(problemsOf('usrloc: {cluster_mode: none, location_cluster: 1}').length, 1);
  t.strictSame(problemsOf('usrloc: {location_cluster: 0}'), []);
  t.strictSame(problemsOf('usrloc: {restart_persistency: sync-from-cluster}'), [
    't.yaml:1: usrloc.restart_persistency: sync-from-cluster needs cluster_mode: full-sharing; write both, or working_mode_preset: full-sharing-cluster',
  ]);
  t.strictSame(problemsOf('listen: [sip:10.0.0.150, bin:10.0.0.177]'), [
    't.yaml:1: listen: bin:10.0.0.177:5555 is where the other node of a cluster comes to, and this node is in none; write usrloc.working_mode_preset: full-sharing-cluster, or remove it',
  ]);
  const unused = 'is not used: this node is in no cluster (usrloc.cluster_mode is none)';
  t.strictSame(warningsOf(`clusterer: {my_node_id: 1, secret: ${SECRET}}\ntls_mgm: {ca_list: ca.pem}`), [
    `t.yaml:1: clusterer.secret: ${unused}`,
    `t.yaml:2: tls_mgm.ca_list: ${unused}`,
  ]);
  t.strictSame(warningsOf('clusterer: {current_id: 2, db_url: nodes.db}'), [], 'the table may be filled first');
});

t.test('there is one listener for replication at most, and one for phones at least', async (t) => {
  t.strictSame(problemsOf(node({ listen: '[bin:10.0.0.177]' })), [
    't.yaml:1: listen: bin: is for replication alone; expected a listener for phones beside it, such as sip:10.0.0.150',
  ]);
  t.strictSame(
    problemsOf(node({ listen: '[sip:10.0.0.150, bin:10.0.0.177, bins:10.0.0.177:5556]' }))[0],
    [
      't.yaml:1: listen: bin:10.0.0.177:5555 and bins:10.0.0.177:5556: expected one listener for replication at most',
    ][0],
  );
  const taken = 'bin:10.0.0.177:5060 has the port of tcp:10.0.0.177:5060; replication is TCP too';
  t.strictSame(problemsOf(node({ listen: '[sip:10.0.0.177, bin:10.0.0.177:5060]' })), [`t.yaml:1: listen: ${taken}`]);
  t.strictSame(problemsOf(node({ listen: '[udp:10.0.0.177, bin:10.0.0.177:5060]' })), []);
});

t.test('--listen replaces the listeners for SIP, or the one for replication', async (t) => {
  const namesOf = (...listen: string[]) => {
    const config = configOf(node(), { listen });
    const all = [...config.listen, ...(config.cluster === undefined ? [] : [config.cluster.listen])];
    return all.map(({ transport, address }) => `${transport}:${address}`);
  };
  t.strictSame(namesOf('udp:127.0.0.1'), ['udp:127.0.0.1', 'bin:10.0.0.177']);
  t.strictSame(namesOf('bin:127.0.0.1'), ['udp:10.0.0.150', 'tcp:10.0.0.150', 'bin:127.0.0.1']);
  t.strictSame(namesOf('udp:127.0.0.1', 'bin:127.0.0.2'), ['udp:127.0.0.1', 'bin:127.0.0.2']);
});

t.test('a secret is asked for by name, and so is doing without', async (t) => {
  const secretOf = (keys: string) => clusterOf(node({ clusterer: `{my_node_id: 1, ${keys}}` })).secret;
  t.strictSame(secretOf(`secret: ${SECRET}`), { kind: 'texts', texts: [SECRET] });
  t.strictSame(secretOf(`secret: [${SECRET}, ${SECRET}1]`), { kind: 'texts', texts: [SECRET, `${SECRET}1`] });
  t.strictSame(secretOf('secret_file: s'), { kind: 'file', path: '/home/user/.local/state/twinreg/s' });
  t.strictSame(secretOf('no_secret: 1'), { kind: 'none' });

  const refusalsOf = (keys: string) => problemsOf(node({ clusterer: `{my_node_id: 1${keys}}` }));
  for (const keys of ['', ', no_secret: 0', ', secret: []']) {
    t.match(refusalsOf(keys), [/^t\.yaml:3: clusterer\.secret: is missing: /], keys);
  }
  t.match(refusalsOf(`, secret: ${SECRET}, secret_file: s`), [/clusterer\.secret: stands beside secret_file/]);
  t.match(refusalsOf(`, secret: ${SECRET}, no_secret: 1`), [/clusterer\.no_secret: 1 stands beside a secret/]);
  t.match(refusalsOf(`, secret: [${SECRET}, ${SECRET}1, ${SECRET}2]`), [/a list of secrets, at most 2, found a list/]);
});

t.test('a secret that will not do is not shown', async (t) => {
  for (const [written, path] of [
    ['hunter2', 'clusterer.secret[0]'],
    [`[${SECRET}, hunter2]`, 'clusterer.secret[1]'],
  ]) {
    t.strictSame(problemsOf(node({ clusterer: `{my_node_id: 1, secret: ${written}}` })), [
      `t.yaml:3: ${path}: expected at least 16 visible ASCII characters, found 7 characters`,
    ]);
  }
  t.strictSame(problemsOf('mi: {http_token: hunter2}'), [
    't.yaml:1: mi.http_token: expected at least 16 visible ASCII characters, found 7 characters',
  ]);
  t.match(problemsOf('mi: {http_token: x}'), [/ASCII characters, found 1 character$/]);
  t.match(problemsOf(node({ clusterer: '{my_node_id: 1, secret: 123456789012345678}' })), [
    /visible ASCII characters, found a number; put quotes around it$/,
  ]);
});

t.test('with db_mode 0 the nodes stand in the configuration', async (t) => {
  const own = 'my_node_info: "cluster_id=1, url=bin:10.0.0.177, flags=seed"';
  const other =
    'neighbor_node_info: "cluster_id=1,node_id=2,url=bin:10.0.0.178:5556,no_ping_retries=7,description=the other"';
  const secret = `secret: ${SECRET}`;
  const { nodes } = clusterOf(node({ clusterer: `{my_node_id: 1, db_mode: 0, ${secret}, ${own}, ${other}}` }));
  t.strictSame(nodes, {
    kind: 'configured',
    self: {
      clusterId: 1,
      nodeId: undefined,
      url: 'bin:10.0.0.177',
      noPingRetries: 3,
      flags: 'seed',
      description: undefined,
    },
    neighbours: [
      {
        clusterId: 1,
        nodeId: 2,
        url: 'bin:10.0.0.178:5556',
        noPingRetries: 7,
        flags: undefined,
        description: 'the other',
      },
    ],
  });
  const names =
    '{db_mode: 0, current_info: "cluster_id=1,node_id=4,url=bin:10.0.0.177", neighbor_info: ["cluster_id=1,node_id=2,url=bin:10.0.0.178"]';
  t.equal(configOf(node({ clusterer: `${names}, ${secret}}` })).nodeId, 4, 'under the names of 2.4 too');
});

t.test('nodes in the configuration are checked one by one, and against each other', async (t) => {
  const refusalsOf = (keys: string) =>
    problemsOf(node({ clusterer: `{my_node_id: 1, secret: ${SECRET}, db_mode: 0, ${keys}}` })).map((line) =>
      line.replace('t.yaml:3: clusterer.', ''),
    );
  const own = 'my_node_info: "cluster_id=1,url=bin:10.0.0.177"';
  const other = (text: string) => `${own}, neighbor_node_info: ${text}`;
  const cases: Readonly<Record<string, RegExp>> = {
    [own]: /^$/,
    [other('["cluster_id=1,node_id=2,url=bin:10.0.0.178"]')]: /^$/,
    'commit: twin': /^my_node_info: is missing: with db_mode: 0 the nodes stand here/,
    'my_node_info: "cluster_id=1,node_id=3,url=bin:10.0.0.177"': /^my_node_info: node_id=3 is not my_node_id \(1\)$/,
    'my_node_info: "cluster_id=2,url=bin:10.0.0.177"': /cluster_id=2 is not usrloc\.location_cluster \(1\)$/,
    'my_node_info: "cluster_id=1"': /^my_node_info: "cluster_id=1": url is missing; expected "cluster_id=1,node_id=2/,
    'my_node_info: "cluster_id=0,url=bin:a"': /cluster_id: expected a whole number from 1 to 2147483647, found "0"$/,
    'my_node_info: "cluster_id=1,url=bin:a,no_ping_retries=x"': /no_ping_retries: .* found "x"$/,
    'my_node_info: "cluster_id=1,url=10.0.0.177"': /url: no bin: stands before it; expected bin:HOST/,
    'my_node_info: "cluster_id=1,url=bin:a,flags=sead"': /flags: expected seed, found "sead"$/,
    'my_node_info: "cluster_id=1,url=bin:a,node=2"': /node is nothing that a node has/,
    'my_node_info: "cluster_id=1,ulr=bin:a"': /ulr is nothing that a node has; did you mean url\?$/,
    'my_node_info: "cluster_id=1,url=bin:a,url=bin:b"': /url stands here twice$/,
    'my_node_info: "cluster_id=1 url=bin:a"': /^my_node_info: "cluster_id=1 url=bin:a": url is missing/,
    'my_node_info: "nonsense"': /"nonsense" is no NAME=VALUE/,
    [other('"cluster_id=1,url=bin:10.0.0.178"')]: /^neighbor_node_info: node_id is missing$/,
    [other('"cluster_id=1,node_id=1,url=bin:10.0.0.178"')]: /node_id=1 is this node$/,
    [other('"cluster_id=7,node_id=2,url=bin:10.0.0.178"')]: /cluster_id=7 is not usrloc\.location_cluster/,
    [other('["cluster_id=1,node_id=2,url=bin:b", "cluster_id=1,node_id=3,url=bin:c"]')]:
      /2 nodes beside this one: a third node is not supported yet$/,
    [`${own}, current_info: "cluster_id=1,url=bin:10.0.0.9"`]: /^current_info: is not my_node_info/,
  };
  for (const [keys, expected] of Object.entries(cases)) t.match(refusalsOf(keys).join('\n'), expected, keys);
});

t.test('nodes stand in one place', async (t) => {
  const own = 'my_node_info: "cluster_id=1,url=bin:10.0.0.177"';
  const keys = `my_node_id: 1, secret: ${SECRET}`;
  t.match(problemsOf(node({ clusterer: `{${keys}, ${own}}` })), [
    /clusterer\.my_node_info: is not read with db_mode: 1, .*write db_mode: 0, or remove it$/,
  ]);
  const other = 'neighbor_node_info: "cluster_id=1,node_id=2,url=bin:10.0.0.178"';
  t.match(warningsOf(node({ clusterer: `{${keys}, ${own}, ${other}, db_mode: 0, db_url: a.db}` })), [
    /clusterer\.db_url: is not used: with db_mode: 0 no table is read$/,
  ]);
});

t.test('with db_mode 0 and no other node named there is a warning', async (t) => {
  const own = 'my_node_info: "cluster_id=1,url=bin:10.0.0.177"';
  for (const others of ['', ', neighbor_node_info: []']) {
    const keys = `{my_node_id: 1, secret: ${SECRET}, db_mode: 0, ${own}${others}}`;
    t.match(warningsOf(node({ clusterer: keys })), [
      /^t\.yaml:3: clusterer\.neighbor_node_info: is missing: no other node is named, so that nothing is replicated; expected "cluster_id=1,node_id=2,/,
    ]);
  }
});

t.test('replication over TLS needs a certificate, its key and who may sign the other one', async (t) => {
  const listen = '[sip:10.0.0.150, bins:10.0.0.177]';
  t.strictSame(
    problemsOf(node({ listen })),
    ['certificate', 'private_key', 'ca_list'].map(
      (key) => `tls_mgm.${key}: is missing: bins:10.0.0.177:5555 needs one`,
    ),
  );
  const more = 'tls_mgm: {certificate: a.pem, private_key: /k.pem, ca_list: ca.pem}';
  const config = configOf(node({ listen, more }), { data: '/srv' });
  t.strictSame(config.cluster?.tls, {
    certificatePath: '/srv/a.pem',
    privateKeyPath: '/k.pem',
    caListPath: '/srv/ca.pem',
  });
  t.equal(warningsOf(node({ more })).length, 3, 'and without bins: they do nothing');
});

t.test('numbers of the cluster have their bounds', async (t) => {
  const bounds: Readonly<Record<string, readonly [number, number]>> = {
    ping_interval: [0, 61],
    ping_timeout: [99, 30_001],
    node_timeout: [0, 3601],
    seed_fallback_interval: [-1, 3601],
    commit_timeout_ms: [49, 500],
    log_size: [0, 1025],
    digest_interval: [-1, 604_801],
    db_mode: [-1, 2],
  };
  for (const [key, values] of Object.entries(bounds)) {
    for (const value of values) {
      const clusterer = `{my_node_id: 1, secret: ${SECRET}, ${key}: ${value}}`;
      t.match(problemsOf(node({ clusterer })), [new RegExp(`clusterer\\.${key}: expected .*, found ${value}$`)]);
    }
  }
  t.match(problemsOf(node({ clusterer: `{my_node_id: 1, secret: ${SECRET}, commit: both}` })), [
    /expected twin or local, found "both"$/,
  ]);
});

t.test('contacts that are given up sooner than two nodes find each other are warned about', async (t) => {
  const more = (keys: string) => `nathelper: {${keys}}`;
  t.match(warningsOf(node({ more: more('natping_interval: 10') })), [
    /^t\.yaml:4: nathelper\.max_pings_lost: 3 pings every 10 s are over after 30 s, and two nodes may take 64 s/,
  ]);
  t.strictSame(warningsOf(node({ more: more('natping_interval: 30, max_pings_lost: 5') })), []);
  t.strictSame(warningsOf(node({ more: more('natping_interval: 0') })), []);
});

t.test('the section of proto_bin is refused with the place of its port', async (t) => {
  t.strictSame(problemsOf('proto_bin: {bin_port: 5555}'), [
    't.yaml:1: proto_bin: is no section here: the port of replication stands in its listener, as listen: bin:ADDRESS:PORT',
  ]);
});
