import { MIGRATIONS_PATH } from './migrations-path.ts';
import { ConfiguredNodes } from '../cluster/configured-nodes.ts';
import type { NodeTable } from '../cluster/ports.ts';
import type { Config, NodesConfig } from '../config/config.ts';
import { ClustererTable } from '../storage/clusterer-table.ts';

/** Where the nodes of the cluster are named: the table `clusterer`, or with `db_mode` 0 the configuration itself. */
export function nodeTableOf(nodes: NodesConfig, { nodeId, clustererPath }: Config, pid: number): NodeTable {
  if (nodes.kind === 'configured') return ConfiguredNodes.of(nodes.self, nodes.neighbours, nodeId);
  return new ClustererTable({ path: clustererPath, migrationsPath: MIGRATIONS_PATH, pid });
}
