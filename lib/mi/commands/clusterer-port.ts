import type { ClusterControl } from '../../cluster/cluster-control.ts';

/** The cluster as the commands of clusterer take it; undefined where this node is in none. */
export type ClusterPort = Pick<ClusterControl, keyof ClusterControl> | undefined;
