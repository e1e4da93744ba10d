import { membershipOf } from '../cluster/membership.ts';
import type { NodeRow } from '../cluster/ports.ts';
import { readNodes } from '../cluster/read-nodes.ts';
import type { Config } from '../config/config.ts';

/** What an operator should know of the rows, a sentence each; nothing where all is well. */
export function clusterVerdict(
  rows: readonly NodeRow[],
  { cluster, nodeId, clustererPath }: Config,
): readonly string[] {
  if (cluster === undefined) {
    const unused =
      rows.length === 0
        ? []
        : ['this configuration has no cluster (usrloc.cluster_mode is none): the rows are not used'];
    return [...readNodes(rows).faults.map(({ sentence }) => sentence), ...unused];
  }
  const { clusterId, listen } = cluster;
  const membership = membershipOf(rows, { clusterId, nodeId, listen }, `the table clusterer of ${clustererPath}`);
  return [...('reasons' in membership ? membership.reasons : []), ...membership.warnings, ...membership.notes];
}
