import type { Cluster } from './cluster.ts';
import { sentencesOf, type MembershipRules } from './membership.ts';
import type { NodeRow } from './ports.ts';

/** A link as OpenSIPS's clusterer calls its states: it answers, it does not answer right now, it is given up. */
export type LinkState = 'Up' | 'Probe' | 'Down';

/** What management asks of replication. */
export interface ReplicationView {
  /** Of the link to a node; `Down` for whoever is not the twin. */
  linkState(nodeId: number): LinkState;
  /** The seed rule's word: what lookups here may trust. */
  readonly isSynced: boolean;
  /** Begins to compare both tables, or does nothing while that is under way. False: there is nobody to compare with. */
  sync(): boolean;
}

/** Another node of the cluster, for who lists them. */
export interface ListedNode {
  readonly nodeId: number;
  /** −1 for a node that stands in the configuration. */
  readonly rowId: number;
  readonly url: string;
  readonly link: LinkState;
  readonly isEnabled: boolean;
  readonly description: string | undefined;
}

/** What this node goes by: its place, the rows in force, and what is to be said of them. */
export interface NodesInForce {
  readonly rules: MembershipRules;
  readonly rows: readonly NodeRow[];
  readonly sentences: readonly string[];
}

/** The cluster as management sees it and changes it. */
export class ClusterControl {
  readonly #cluster: Cluster;
  readonly #replication: ReplicationView;

  constructor(cluster: Cluster, replication: ReplicationView) {
    this.#cluster = cluster;
    this.#replication = replication;
  }

  get clusterId(): number {
    return this.#cluster.rules.clusterId;
  }

  get nodeId(): number {
    return this.#cluster.rules.nodeId;
  }

  get isStored(): boolean {
    return this.#cluster.isStored;
  }

  /** Whether this node takes part, as far as the rows go. */
  get isEnabled(): boolean {
    return this.#cluster.membership.kind === 'member';
  }

  /** Whether this node has a twin to replicate with, there or not. */
  get hasTwin(): boolean {
    const { membership } = this.#cluster;
    return membership.kind === 'member' && membership.twin !== undefined;
  }

  /** Whether no other node is named, by rows that are right. */
  get isAlone(): boolean {
    const { kind, others } = this.#cluster.membership;
    return kind === 'member' && others.length === 0;
  }

  get isSynced(): boolean {
    return this.#replication.isSynced;
  }

  others(): readonly ListedNode[] {
    return this.#cluster.membership.others.map(({ nodeId, rowId, url, isEnabled, description }) => {
      const link = isEnabled ? this.#replication.linkState(nodeId) : 'Down';
      return { nodeId, rowId, url, link, isEnabled, description };
    });
  }

  inForce(): NodesInForce {
    const { rules, rows, membership } = this.#cluster;
    return { rules, rows, sentences: sentencesOf(membership) };
  }

  /** As Cluster.setStatus. */
  setStatus(nodeId: number, isEnabled: boolean): Promise<boolean> {
    return this.#cluster.setStatus(nodeId, isEnabled);
  }

  /** As Cluster.reload. */
  reload(): Promise<void> {
    return this.#cluster.reload();
  }

  sync(): boolean {
    return this.hasTwin && this.#replication.sync();
  }
}
