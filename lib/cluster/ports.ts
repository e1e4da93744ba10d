/** Columns of OpenSIPS's table `clusterer`, version 4. */
export const CLUSTERER_COLUMNS = [
  'id',
  'cluster_id',
  'node_id',
  'url',
  'state',
  'no_ping_retries',
  'priority',
  'sip_addr',
  'flags',
  'description',
] as const;

export type ClustererColumn = (typeof CLUSTERER_COLUMNS)[number];

/** A row as it stands in the table. Operators write it, so that any cell may hold anything. */
export type NodeRow = { readonly [Column in ClustererColumn]: unknown };

/** Where the nodes of the clusters are named. */
export interface NodeTable {
  /** How sentences call it: `the table clusterer of /var/lib/twinreg/location.db`. */
  readonly name: string;
  /** Whether its rows may change under way, so that there is something to reload (OpenSIPS's `db_mode` 1). */
  readonly isStored: boolean;
  /** All rows, of all clusters, in the order of their ids. Rejects with an OperationalError. */
  load(): Promise<readonly NodeRow[]>;
  /** Writes the column `state` of a node; nothing happens where there is no such row. Rejects with an OperationalError. */
  setState(clusterId: number, nodeId: number, isEnabled: boolean): Promise<void>;
}
