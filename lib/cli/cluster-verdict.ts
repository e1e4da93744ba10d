import { membershipOf, sentencesOf, type Membership, type MembershipRules } from '../cluster/membership.ts';
import type { NodeRow } from '../cluster/ports.ts';
import { readNodes } from '../cluster/read-nodes.ts';

/** What is known of whoever goes by the rows. */
export interface RowReader {
  /** This node's place in a cluster; undefined where it is in none, or nobody says it. */
  readonly rules: MembershipRules | undefined;
  /** How sentences call what has the rows. */
  readonly place: string;
  /** Whether a configuration file was named, which says why there are no rules. */
  readonly hasConfigFile: boolean;
}

/** What the rows mean for this node; undefined where it is in no cluster, as far as is known. */
export function membershipBy(rows: readonly NodeRow[], { rules, place }: RowReader): Membership | undefined {
  return rules === undefined ? undefined : membershipOf(rows, rules, place);
}

/** What an operator should know of the rows, a sentence each; nothing where all is well. */
export function clusterVerdict(rows: readonly NodeRow[], reader: RowReader): readonly string[] {
  const membership = membershipBy(rows, reader);
  if (membership !== undefined) return sentencesOf(membership);
  return [...readNodes(rows).faults.map(({ sentence }) => sentence), ...unused(rows, reader)];
}

function unused(rows: readonly NodeRow[], { hasConfigFile }: RowReader): readonly string[] {
  if (hasConfigFile) {
    const why = 'this configuration has no cluster (usrloc.cluster_mode is none)';
    return rows.length === 0 ? [] : [`${why}: the rows are not used`];
  }
  if (rows.length > 0)
    return ['whether these rows are used, and by which node, the configuration says: name it with -f FILE'];
  return [
    'nodes that stand in a configuration (clusterer.db_mode is 0) are shown with -f FILE, or while their daemon runs',
  ];
}
