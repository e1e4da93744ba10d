import { OperationalError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { withState } from './configured-nodes.ts';
import { membershipOf, type Membership, type MembershipRules } from './membership.ts';
import type { NodeRow, NodeTable } from './ports.ts';

interface ClusterParts {
  readonly rules: MembershipRules;
  readonly table: NodeTable;
  readonly log: Log;
}

/** The rows of the cluster that are in force, and what they mean for this node. They change by `reload` and `setStatus` alone. */
export class Cluster {
  readonly #parts: ClusterParts;
  #rows: readonly NodeRow[];
  #membership: Membership;
  readonly #listeners: ((membership: Membership) => void)[] = [];
  /** Settles when the change that was asked for last is over: they come one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(parts: ClusterParts, rows: readonly NodeRow[], membership: Membership) {
    this.#parts = parts;
    this.#rows = rows;
    this.#membership = membership;
  }

  /**
   * Reads the table. Whatever the rows say, there is a cluster: a node whose rows are wrong or missing serves alone, and
   * the log says why. Rejects with an OperationalError when the table cannot be read.
   */
  static async open(parts: ClusterParts): Promise<Cluster> {
    const rows = await parts.table.load();
    const membership = membershipOf(rows, parts.rules, parts.table.name);
    tell(membership, parts);
    return new Cluster(parts, rows, membership);
  }

  get rules(): MembershipRules {
    return this.#parts.rules;
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Those of all clusters. */
  get rows(): readonly NodeRow[] {
    return this.#rows;
  }

  /** Whether there is something to reload; else the nodes stand in the configuration. */
  get isStored(): boolean {
    return this.#parts.table.isStored;
  }

  /** Calls `listener` whenever other rows are in force, synchronously, with what they mean; also when they mean the same as before. */
  onChange(listener: (membership: Membership) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Reads the table again. Rejects with an OperationalError, and the old rows stay in force, when it cannot be read or
   * this node has no place in the cluster by it; a row that says that this node is disabled is in force at once.
   */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const rows = await this.#parts.table.load();
      const next = this.#taken(rows);
      this.#apply(rows, next);
    });
  }

  /**
   * Enables or disables a node, this one or another, in the table and in force. Rejects with an OperationalError, and
   * nothing is changed, when the table cannot be written or too many nodes would be enabled.
   * @returns false: there is no such node
   */
  setStatus(nodeId: number, isEnabled: boolean): Promise<boolean> {
    const { rules, table } = this.#parts;
    return this.#inTurn(async () => {
      const isNode = (row: NodeRow) => row.cluster_id === rules.clusterId && row.node_id === nodeId;
      if (!this.#rows.some(isNode)) return false;
      const rows = withState(this.#rows, rules.clusterId, nodeId, isEnabled);
      const next = this.#taken(rows);
      await table.setState(rules.clusterId, nodeId, isEnabled);
      this.#apply(rows, next);
      return true;
    });
  }

  #taken(rows: readonly NodeRow[]): Membership {
    const { rules, table } = this.#parts;
    const next = membershipOf(rows, rules, table.name);
    if (next.kind === 'member' || next.kind === 'off') return next;
    throw new OperationalError(next.reasons.join('; '));
  }

  #apply(rows: readonly NodeRow[], membership: Membership): void {
    this.#rows = rows;
    this.#membership = membership;
    tell(membership, this.#parts);
    for (const listener of this.#listeners) listener(membership);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** One line for what is in force, and one for each thing that an operator should know of it. */
function tell(membership: Membership, { rules: { clusterId, nodeId }, log }: ClusterParts): void {
  const { kind, notes, warnings } = membership;
  const fields = { clusterId, nodeId, state: kind };
  if (kind === 'member') {
    const { twin } = membership;
    log.info({ ...fields, twinId: twin?.nodeId, twinUrl: twin?.url }, 'nodes of the cluster');
  } else {
    for (const reason of membership.reasons) log.warn({ ...fields, reason }, 'nothing is replicated');
  }
  for (const warning of warnings) log.warn({ ...fields, warning }, 'nodes of the cluster: look at this');
  for (const note of notes) log.info({ ...fields, note }, 'nodes of the cluster: a note');
}
