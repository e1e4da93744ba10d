import type { ClusterConfig, NodesConfig, SecretConfig, TlsFiles } from './config.ts';
import type { ConfigKeys } from './config-schema.ts';
import { isReplication } from './listen-address.ts';
import type { NodeInfo } from './node-info.ts';
import { workingMode } from './working-mode.ts';

type Clusterer = ConfigKeys['clusterer'];

const BYTES_PER_MIB = 1024 * 1024;

/**
 * What the keys say about the cluster. Keys with problems may be missing something; then there is nothing to resolve, and
 * nobody will ask.
 * @param pathOf makes a path of the file absolute.
 */
export function clusterConfig(keys: ConfigKeys, pathOf: (path: string) => string): ClusterConfig | undefined {
  const { usrloc, clusterer, tls_mgm } = keys;
  const listen = keys.listen.find(isReplication);
  const nodes = nodesOf(clusterer);
  if (workingMode(usrloc.working_mode_preset, usrloc).cluster_mode === 'none') return undefined;
  if (listen === undefined || nodes === undefined) return undefined;
  return {
    clusterId: usrloc.location_cluster,
    listen,
    tls: listen.transport === 'bins' ? tlsFiles(tls_mgm, pathOf) : undefined,
    nodes,
    secret: secretOf(clusterer, pathOf),
    commit: clusterer.commit,
    commitTimeoutMs: clusterer.commit_timeout_ms,
    pingIntervalMs: clusterer.ping_interval * 1000,
    pingTimeoutMs: clusterer.ping_timeout,
    nodeTimeoutMs: clusterer.node_timeout * 1000,
    seedFallbackMs: clusterer.seed_fallback_interval * 1000,
    logBytesMax: clusterer.log_size * BYTES_PER_MIB,
    digestIntervalMs: clusterer.digest_interval * 1000,
  };
}

/** `my_node_id` by either name, or with `db_mode: 0` as `my_node_info` has it; undefined where nothing says it. */
export function givenNodeId(clusterer: Clusterer): number | undefined {
  return clusterer.my_node_id ?? clusterer.current_id ?? ownInfo(clusterer)?.nodeId;
}

export function nodeIdOf(clusterer: Clusterer): number {
  return givenNodeId(clusterer) ?? 1;
}

/** `my_node_info` by either name. */
export function ownInfo({ my_node_info, current_info }: Clusterer): NodeInfo | undefined {
  return my_node_info ?? current_info;
}

/** `neighbor_node_info` by either name. */
export function neighbourInfos({ neighbor_node_info, neighbor_info }: Clusterer): readonly NodeInfo[] {
  return neighbor_node_info ?? neighbor_info ?? [];
}

function nodesOf(clusterer: Clusterer): NodesConfig | undefined {
  if (clusterer.db_mode === 1) return { kind: 'table' };
  const self = ownInfo(clusterer);
  return self === undefined ? undefined : { kind: 'configured', self, neighbours: neighbourInfos(clusterer) };
}

function secretOf({ secret, secret_file }: Clusterer, pathOf: (path: string) => string): SecretConfig {
  if (secret_file !== undefined) return { kind: 'file', path: pathOf(secret_file) };
  return secret === undefined || secret.length === 0 ? { kind: 'none' } : { kind: 'texts', texts: secret };
}

function tlsFiles({ certificate, private_key, ca_list }: ConfigKeys['tls_mgm'], pathOf: (path: string) => string) {
  if (certificate === undefined || private_key === undefined || ca_list === undefined) return undefined;
  const files: TlsFiles = {
    certificatePath: pathOf(certificate),
    privateKeyPath: pathOf(private_key),
    caListPath: pathOf(ca_list),
  };
  return files;
}
