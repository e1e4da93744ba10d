import { NO_ROW } from './cluster-node.ts';
import type { NodeRow, NodeTable } from './ports.ts';

/** A node as `my_node_info` and `neighbor_node_info` name it. */
export interface ConfiguredNode {
  readonly clusterId: number;
  readonly nodeId: number | undefined;
  readonly url: string;
  readonly noPingRetries: number;
  readonly flags: string | undefined;
  readonly description: string | undefined;
}

const PRIORITY_USUAL = 50;

/** Nodes that stand in the configuration (`db_mode` 0). A state that is set holds until the daemon ends, as in OpenSIPS. */
export class ConfiguredNodes implements NodeTable {
  readonly name = 'the configuration';
  readonly isStored = false;
  #rows: readonly NodeRow[];

  constructor(rows: readonly NodeRow[]) {
    this.#rows = rows;
  }

  /** @param nodeId this node's, which its own info need not say */
  static of(self: ConfiguredNode, neighbours: readonly ConfiguredNode[], nodeId: number): ConfiguredNodes {
    return new ConfiguredNodes([rowOf({ ...self, nodeId }), ...neighbours.map(rowOf)]);
  }

  load(): Promise<readonly NodeRow[]> {
    return Promise.resolve(this.#rows);
  }

  setState(clusterId: number, nodeId: number, isEnabled: boolean): Promise<void> {
    this.#rows = withState(this.#rows, clusterId, nodeId, isEnabled);
    return Promise.resolve();
  }
}

function rowOf({ clusterId, nodeId, url, noPingRetries, flags, description }: ConfiguredNode): NodeRow {
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

/** The rows with another `state` of one node. */
export function withState(
  rows: readonly NodeRow[],
  clusterId: number,
  nodeId: number,
  isEnabled: boolean,
): readonly NodeRow[] {
  const state = isEnabled ? 1 : 0;
  return rows.map((row) => (row.cluster_id === clusterId && row.node_id === nodeId ? { ...row, state } : row));
}
