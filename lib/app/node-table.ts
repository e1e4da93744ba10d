import { MIGRATIONS_PATH } from './migrations-path.ts';
import { ConfiguredNodes } from '../cluster/configured-nodes.ts';
import type { NodeRow, NodeTable } from '../cluster/ports.ts';
import type { Config, NodesConfig } from '../config/config.ts';
import type { NodeInfo } from '../config/node-info.ts';
import { ClustererTable } from '../storage/clusterer-table.ts';

/** As OpenSIPS has it for nodes without a row. */
const NO_ROW = -1;
const PRIORITY_USUAL = 50;

/** Where the nodes of the cluster are named: the table `clusterer`, or with `db_mode` 0 the configuration itself. */
export function nodeTableOf(nodes: NodesConfig, { nodeId, clustererPath }: Config, pid: number): NodeTable {
  if (nodes.kind === 'table') {
    return new ClustererTable({ path: clustererPath, migrationsPath: MIGRATIONS_PATH, pid });
  }
  return new ConfiguredNodes([rowOf({ ...nodes.self, nodeId }), ...nodes.neighbours.map(rowOf)]);
}

function rowOf({ clusterId, nodeId, url, noPingRetries, flags, description }: NodeInfo): NodeRow {
  return {
    id: NO_ROW,
    cluster_id: clusterId,
    node_id: nodeId ?? null,
    url,
    state: 1,
    no_ping_retries: noPingRetries,
    priority: PRIORITY_USUAL,
    sip_addr: null,
    flags: flags ?? null,
    description: description ?? null,
  };
}
