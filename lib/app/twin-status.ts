import type { Membership } from '../cluster/membership.ts';
import type { ReplicationStatus } from '../replication/replicator-types.ts';

/** Replication as it is, and what it goes by. */
export interface TwinStatus extends ReplicationStatus {
  /** Where this node takes the twin's connections: `bin:10.0.0.177:5555`. */
  readonly listen: string;
  /** Where the twin takes this node's; undefined while no twin is named. */
  readonly twinUrl: string | undefined;
  readonly commit: 'twin' | 'local';
  readonly membership: Membership;
}
