import type { RoleAnnouncement } from './role-announcement.ts';

/**
 * Whether a node that has the role leaves pinging and judging to its twin, which has it too: a killed keepalived leaves the
 * address where it was, and takes the role from nobody. The later order counts, and between equal times the greater
 * node id, so that of two nodes that see each other exactly one yields. It goes by the last announcements and by nothing else: were it
 * remembered, both would yield after each was given the role again.
 *
 * @param own undefined: this node has not got the role
 * @param twin undefined: the twin has not got it, or no link says so
 */
export function yields(own: RoleAnnouncement | undefined, twin: RoleAnnouncement | undefined): boolean {
  if (own === undefined || twin === undefined) return false;
  if (twin.takenAtMs !== own.takenAtMs) return twin.takenAtMs > own.takenAtMs;
  return twin.nodeId > own.nodeId;
}
