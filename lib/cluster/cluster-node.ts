import type { NodeUrl } from '../core/node-url.ts';

/** The row's number of a node that stands in the configuration, as OpenSIPS has it. */
export const NO_ROW = -1;

/** A node of a cluster, as its row says. */
export interface ClusterNode {
  /** The column `id`, which MI shows as `db_id`; NO_ROW for a node that stands in the configuration. */
  readonly rowId: number;
  readonly clusterId: number;
  readonly nodeId: number;
  /** As it is written. */
  readonly url: string;
  /** What `url` means; a host name is not looked up. */
  readonly place: NodeUrl;
  /** The column `state`. */
  readonly isEnabled: boolean;
  readonly noPingRetries: number;
  /** Whether the column `flags` begins with `seed`. */
  readonly isSeed: boolean;
  readonly description: string | undefined;
}
