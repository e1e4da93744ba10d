import { ConfiguredNodes } from '../cluster/configured-nodes.ts';
import type { NodeRow } from '../cluster/ports.ts';
import type { ClusterFile } from './cluster-file.ts';
import { clusterVerdict } from './cluster-verdict.ts';
import type { DaemonNodes } from './daemon-nodes.ts';

/** What `cluster list` shows, wherever it comes from. */
export interface ListedNodes {
  readonly rows: readonly NodeRow[];
  readonly problems: readonly string[];
  /** How sentences call what has the rows. */
  readonly place: string;
  /** The table's file; undefined where the nodes stand in a configuration, or the daemon's own file is not known. */
  readonly file: string | undefined;
  readonly isStored: boolean;
  /** This node's. */
  readonly nodeId: number;
  /** Where the daemon is asked for the links. */
  readonly socketPath: string;
}

/** As a running daemon goes by them. */
export function listedByDaemon({ rows, problems, isStored, rules }: DaemonNodes, socketPath: string): ListedNodes {
  const place = isStored ? 'the table clusterer that the daemon has read' : 'the configuration of the daemon';
  return { rows, problems, place, file: undefined, isStored, nodeId: rules.nodeId, socketPath };
}

/**
 * From the table, or the configuration; what a daemon has in its configuration goes before, since `clusterer_set_status`
 * changes it there and nowhere else.
 */
export async function listedFrom(file: ClusterFile): Promise<ListedNodes> {
  const { daemon, config, reader } = file;
  const { miSocketPath: socketPath, cluster } = config;
  if (daemon?.isStored === false) return listedByDaemon(daemon, socketPath);
  const nodeId = daemon?.rules.nodeId ?? config.nodeId;
  if (daemon === undefined && cluster?.nodes.kind === 'configured') {
    const table = ConfiguredNodes.of(cluster.nodes.self, cluster.nodes.neighbours, nodeId);
    const rows = await table.load();
    const problems = clusterVerdict(rows, { ...reader, place: table.name });
    return { rows, problems, place: table.name, file: undefined, isStored: false, nodeId, socketPath };
  }
  const rows = await file.rows();
  const problems = clusterVerdict(rows, reader);
  return { rows, problems, place: reader.place, file: file.path, isStored: true, nodeId, socketPath };
}
