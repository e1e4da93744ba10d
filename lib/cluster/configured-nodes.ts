import type { NodeRow, NodeTable } from './ports.ts';

/** Nodes that stand in the configuration (`db_mode` 0). A state that is set holds until the daemon ends, as in OpenSIPS. */
export class ConfiguredNodes implements NodeTable {
  readonly name = 'the configuration';
  readonly isStored = false;
  #rows: readonly NodeRow[];

  constructor(rows: readonly NodeRow[]) {
    this.#rows = rows;
  }

  load(): Promise<readonly NodeRow[]> {
    return Promise.resolve(this.#rows);
  }

  setState(clusterId: number, nodeId: number, isEnabled: boolean): Promise<void> {
    this.#rows = withState(this.#rows, clusterId, nodeId, isEnabled);
    return Promise.resolve();
  }
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
