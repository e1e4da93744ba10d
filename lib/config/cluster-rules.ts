import { isDeepStrictEqual } from 'node:util';
import { givenNodeId, neighbourInfos, ownInfo } from './cluster-config.ts';
import type { ConfigKeys } from './config-schema.ts';
import { isReplication, socketName } from './listen-address.ts';
import { NODE_INFO_EXPECTED, type NodeInfo } from './node-info.ts';
import type { ParsedKeys } from './parse-keys.ts';
import { problem, warning, type RuleFinding } from './rule-finding.ts';
import { workingMode } from './working-mode.ts';

type Given = ParsedKeys['given'];

const MODE_KEYS = ['usrloc.working_mode_preset', 'usrloc.cluster_mode'] as const;
const SECRET_KEYS = ['clusterer.secret', 'clusterer.secret_file', 'clusterer.no_secret'] as const;
const TLS_KEYS = ['certificate', 'private_key', 'ca_list'] as const;

/** Keys of `clusterer` that are for something without a cluster too: the node's number, and the table, which may be filled first. */
const KEYS_OF_ANY_NODE: ReadonlySet<string> = new Set(['my_node_id', 'current_id', 'db_url']);

/** Rules about the keys that make this node one of a cluster, or not. */
export function* clusterRules(keys: ConfigKeys, given: Given): Iterable<RuleFinding> {
  const { cluster_mode: mode } = workingMode(keys.usrloc.working_mode_preset, keys.usrloc);
  yield* olderNames(keys);
  if (mode === 'none') {
    yield* aloneRules(keys);
    yield* unusedKeys(keys, given);
    return;
  }
  yield* memberRules(keys);
  yield* secretRules(keys);
  yield* tlsRules(keys, given);
  yield* keys.clusterer.db_mode === 1 ? tableRules(keys) : configuredRules(keys, given);
  yield* pingRules(keys);
}

function* aloneRules({ usrloc, listen }: ConfigKeys): Iterable<RuleFinding> {
  const { location_cluster: clusterId, restart_persistency: persistency, working_mode_preset: preset } = usrloc;
  if (clusterId !== 0) {
    yield problem(
      ['usrloc.location_cluster', ...MODE_KEYS],
      `${clusterId} needs a cluster_mode other than none; write working_mode_preset: full-sharing-cluster, or remove it`,
    );
  }
  if (preset === undefined && persistency === 'sync-from-cluster') {
    yield problem(
      ['usrloc.restart_persistency', ...MODE_KEYS],
      'sync-from-cluster needs cluster_mode: full-sharing; write both, or working_mode_preset: full-sharing-cluster',
    );
  }
  for (const listener of listen.filter(isReplication)) {
    const use = `${socketName(listener)} is where the other node of a cluster comes to, and this node is in none`;
    yield problem(
      ['listen', ...MODE_KEYS],
      `${use}; write usrloc.working_mode_preset: full-sharing-cluster, or remove it`,
    );
  }
}

/** What was written for a cluster and does nothing without one. */
function* unusedKeys({ clusterer, tls_mgm }: ConfigKeys, given: Given): Iterable<RuleFinding> {
  const names = [
    ...Object.keys(clusterer).flatMap((key) => (KEYS_OF_ANY_NODE.has(key) ? [] : [`clusterer.${key}`])),
    ...Object.keys(tls_mgm).map((key) => `tls_mgm.${key}`),
  ];
  for (const name of names.filter(given)) {
    yield warning([name, ...MODE_KEYS], 'is not used: this node is in no cluster (usrloc.cluster_mode is none)');
  }
}

function* memberRules({ usrloc, listen, clusterer }: ConfigKeys): Iterable<RuleFinding> {
  if (usrloc.location_cluster === 0) {
    const message = '0 is no cluster, and full-sharing needs one; write location_cluster: 1';
    yield problem(['usrloc.location_cluster', ...MODE_KEYS], message);
  }
  if (!listen.some(isReplication)) {
    const message =
      'a cluster needs a listener that the other node comes to; add bin:ADDRESS with an address of this node alone, not the one that moves';
    yield problem(['listen', ...MODE_KEYS], message);
  }
  // The two nodes would both be number 1, and each would take the other one's changes for its own.
  if (givenNodeId(clusterer) === undefined) {
    yield problem(
      [
        'clusterer.my_node_id',
        'clusterer.current_id',
        'clusterer.my_node_info',
        'clusterer.current_info',
        ...MODE_KEYS,
      ],
      'is missing: each node of a cluster has its own number; write my_node_id: 1 here, and another one on the other node',
    );
  }
}

function* secretRules({ clusterer }: ConfigKeys): Iterable<RuleFinding> {
  const { secret, secret_file, no_secret } = clusterer;
  const hasText = secret !== undefined && secret.length > 0;
  if (hasText && secret_file !== undefined) {
    yield problem(SECRET_KEYS, 'stands beside secret_file; remove one of the two');
  } else if (no_secret && (hasText || secret_file !== undefined)) {
    yield problem(
      ['clusterer.no_secret', ...SECRET_KEYS, ...MODE_KEYS],
      '1 stands beside a secret; remove one of the two',
    );
  } else if (!no_secret && !hasText && secret_file === undefined) {
    yield problem(
      [...SECRET_KEYS, ...MODE_KEYS],
      'is missing: without one anybody who reaches this node could write bindings. Make one with `openssl rand -hex 32`, put it into a file on both nodes and write secret_file: FILE (or write secret: TEXT); to replicate without one write no_secret: 1',
    );
  }
}

function* tlsRules({ listen, tls_mgm }: ConfigKeys, given: Given): Iterable<RuleFinding> {
  const listener = listen.find(isReplication);
  if (listener === undefined) return;
  for (const key of TLS_KEYS) {
    if (listener.transport === 'bins' && tls_mgm[key] === undefined) {
      yield problem([`tls_mgm.${key}`, 'listen'], `is missing: ${socketName(listener)} needs one`);
    }
    if (listener.transport === 'bin' && given(`tls_mgm.${key}`)) {
      yield warning([`tls_mgm.${key}`, 'listen'], `is not used: TLS needs bins: in place of ${socketName(listener)}`);
    }
  }
}

function* tableRules({ clusterer }: ConfigKeys): Iterable<RuleFinding> {
  const names = ['my_node_info', 'current_info', 'neighbor_node_info', 'neighbor_info'] as const;
  for (const name of names) {
    if (clusterer[name] === undefined) continue;
    const message = 'is not read with db_mode: 1, where the nodes stand in a table; write db_mode: 0, or remove it';
    yield problem([`clusterer.${name}`, 'clusterer.db_mode', ...MODE_KEYS], message);
  }
}

function* configuredRules(keys: ConfigKeys, given: Given): Iterable<RuleFinding> {
  const { clusterer, usrloc } = keys;
  const self = ownInfo(clusterer);
  if (self === undefined) {
    yield about('my_node_info', `is missing: with db_mode: 0 the nodes stand here; expected ${NODE_INFO_EXPECTED}`);
  } else {
    yield* sameCluster('my_node_info', self, usrloc.location_cluster);
    yield* ownNumber(self, clusterer);
  }
  yield* neighbourRules(keys);
  if (given('clusterer.db_url')) {
    yield warning(['clusterer.db_url', 'clusterer.db_mode'], 'is not used: with db_mode: 0 no table is read');
  }
}

function* ownNumber({ nodeId }: NodeInfo, clusterer: ConfigKeys['clusterer']): Iterable<RuleFinding> {
  const number = clusterer.my_node_id ?? clusterer.current_id;
  if (nodeId === undefined || number === undefined || nodeId === number) return;
  yield about('my_node_info', `node_id=${nodeId} is not my_node_id (${number})`);
}

function* neighbourRules({ clusterer, usrloc }: ConfigKeys): Iterable<RuleFinding> {
  const neighbours = neighbourInfos(clusterer);
  if (neighbours.length > 1) {
    const message = `${neighbours.length} nodes beside this one: a third node is not supported yet`;
    yield about('neighbor_node_info', message);
  }
  if (neighbours.length === 0) {
    const message = `is missing: no other node is named, so that nothing is replicated; expected ${NODE_INFO_EXPECTED}`;
    yield { ...about('neighbor_node_info', message), severity: 'warning' };
  }
  for (const neighbour of neighbours) {
    yield* sameCluster('neighbor_node_info', neighbour, usrloc.location_cluster);
    if (neighbour.nodeId === undefined) yield about('neighbor_node_info', 'node_id is missing');
    if (neighbour.nodeId !== undefined && neighbour.nodeId === givenNodeId(clusterer)) {
      yield about('neighbor_node_info', `node_id=${neighbour.nodeId} is this node`);
    }
  }
}

type InfoKey = 'my_node_info' | 'neighbor_node_info';

function* sameCluster(key: InfoKey, { clusterId }: NodeInfo, locationCluster: number): Iterable<RuleFinding> {
  if (clusterId === locationCluster || locationCluster === 0) return;
  yield about(key, `cluster_id=${clusterId} is not usrloc.location_cluster (${locationCluster})`);
}

/** A problem of a key with two names, told of the newer one. */
function about(key: InfoKey, message: string): RuleFinding {
  const older = key === 'my_node_info' ? 'clusterer.current_info' : 'clusterer.neighbor_info';
  return problem([`clusterer.${key}`, older, 'clusterer.db_mode', ...MODE_KEYS], message);
}

function* olderNames({ clusterer }: ConfigKeys): Iterable<RuleFinding> {
  const pairs = [
    ['current_info', 'my_node_info'],
    ['neighbor_info', 'neighbor_node_info'],
  ] as const;
  for (const [older, newer] of pairs) {
    const both = clusterer[older] !== undefined && clusterer[newer] !== undefined;
    if (!both || isDeepStrictEqual(clusterer[older], clusterer[newer])) continue;
    const message = `is not ${newer}, of which it is the older name; remove it`;
    yield problem([`clusterer.${older}`, `clusterer.${newer}`], message);
  }
}

/** Two active nodes have to find each other before the wrong one gives contacts up that it cannot reach. */
function* pingRules({ nathelper, clusterer }: ConfigKeys): Iterable<RuleFinding> {
  const { natping_interval: intervalS, max_pings_lost: lost } = nathelper;
  const apartS = clusterer.node_timeout + clusterer.ping_interval;
  if (intervalS === 0 || lost * intervalS > apartS) return;
  yield warning(
    ['nathelper.max_pings_lost', 'nathelper.natping_interval', 'clusterer.node_timeout', 'clusterer.ping_interval'],
    `${lost} pings every ${intervalS} s are over after ${lost * intervalS} s, and two nodes may take ${apartS} s (clusterer.node_timeout and ping_interval) to find each other; raise it, or lower node_timeout`,
  );
}
