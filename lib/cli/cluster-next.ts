import {
  aloneWarning,
  sentencesOf,
  type Member,
  type Membership,
  type MembershipRules,
  type NoMember,
} from '../cluster/membership.ts';
import { nodeUrlText } from '../core/node-url.ts';
import type { Reloaded } from './cluster-reloaded.ts';

/** What a row that was added or removed has come to. */
export interface ChangedRows {
  readonly change: 'added' | 'removed';
  readonly rules: MembershipRules;
  readonly membership: Membership;
  readonly reloaded: Reloaded;
}

/**
 * What happens next, and what is to be done, a line each. Rows come and go one by one: that another one is still missing is
 * no fault, and is not told like one.
 */
export function nextSteps(changed: ChangedRows): readonly string[] {
  const { membership, reloaded } = changed;
  if (membership.kind === 'waiting') return [...ownRowMissing(changed, membership), ...membership.notes];
  if (membership.kind === 'member' && membership.others.length === 0) return nobodyElse(changed, membership);
  const said = sentencesOf(membership);
  return [...said, daemonText(reloaded, said)];
}

function ownRowMissing({ change, rules, reloaded }: ChangedRows, { reasons }: NoMember): readonly string[] {
  const { nodeId } = rules;
  const command = `twinreg cluster add ${nodeId} ${ownUrl(rules)}`;
  // That this node's row is missing is all that the daemon may have against the rows.
  const isWaiting = reloaded.kind === 'refused' && reasons.some((reason) => reloaded.reason.includes(reason));
  const daemon = daemonText(reloaded, reasons);
  if (change === 'added') {
    const next = `next: the row of this node, number ${nodeId}: ${command}`;
    return [next, isWaiting ? 'the daemon takes the rows then' : daemon];
  }
  const gone = `this node, number ${nodeId}, has no row any more: from its next start on it serves alone`;
  return [gone, daemon, `to have it back: ${command}`];
}

function nobodyElse({ change, reloaded }: ChangedRows, { self, warnings, notes }: Member): readonly string[] {
  const { clusterId, nodeId } = self;
  const others = [...warnings.filter((warning) => warning !== aloneWarning(self)), ...notes];
  const next =
    change === 'added'
      ? 'next: the row of the other node, so that there is somebody to replicate with: twinreg cluster add NODE_ID bin:ADDRESS'
      : `node ${nodeId} is alone in cluster ${clusterId} now: it serves on, and replicates with nobody`;
  return [...others, next, daemonText(reloaded, others)];
}

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Where the other node finds this one, as far as its own listener says it. */
function ownUrl({ listen: { transport, address, port } }: MembershipRules): string {
  return ANY_ADDRESS.has(address) ? `${transport}:ADDRESS:${port}` : nodeUrlText({ transport, host: address, port });
}

const GOES_ON = 'the daemon goes on with the rows that it had';

/** @param said what was said before; the daemon's reason is left out where it is the same */
export function daemonText(reloaded: Reloaded, said: readonly string[] = []): string {
  switch (reloaded.kind) {
    case 'reloaded':
      return 'the daemon has read the table again';
    case 'not-running':
      return 'the daemon is not running; it reads the table when it starts';
    case 'no-cluster':
      return 'the daemon that runs is in no cluster; restart it when usrloc.working_mode_preset is full-sharing-cluster';
    case 'refused':
      return said.some((line) => reloaded.reason.includes(line)) ? GOES_ON : `${GOES_ON}: ${reloaded.reason}`;
  }
}
