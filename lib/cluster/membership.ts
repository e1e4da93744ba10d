import { BlockList, isIP } from 'node:net';
import { nodeUrlText, type NodeUrl } from '../core/node-url.ts';
import { NO_ROW, type ClusterNode } from './cluster-node.ts';
import type { NodeRow } from './ports.ts';
import { readNodes } from './read-nodes.ts';

/** What the configuration says about this node's place in the cluster. */
export interface MembershipRules {
  /** `location_cluster`. */
  readonly clusterId: number;
  readonly nodeId: number;
  /** The listener `bin:`. */
  readonly listen: { readonly transport: NodeUrl['transport']; readonly address: string; readonly port: number };
}

/** What the rows mean for this node. */
export type Membership = Member | NoMember;

interface Named {
  /** The other nodes of the cluster, disabled ones too, by their ids. */
  readonly others: readonly ClusterNode[];
  /** What an operator should look at. */
  readonly warnings: readonly string[];
  /** What an operator may want to know. */
  readonly notes: readonly string[];
}

/** This node is one of the cluster. */
export interface Member extends Named {
  readonly kind: 'member';
  readonly self: ClusterNode;
  /** Whom it replicates with; undefined while nobody else is there and enabled. */
  readonly twin: ClusterNode | undefined;
}

/**
 * This node serves alone. `waiting`: there is no row for it yet. `off`: its row says that it is disabled. `refused`: the
 * rows cannot be meant like this.
 */
export interface NoMember extends Named {
  readonly kind: 'waiting' | 'off' | 'refused';
  /** A sentence each. */
  readonly reasons: readonly string[];
}

/**
 * Says what the rows of the table mean for this node.
 * @param tableName how sentences call the table
 */
export function membershipOf(rows: readonly NodeRow[], rules: MembershipRules, tableName: string): Membership {
  const { clusterId, nodeId } = rules;
  const { nodes, faults } = readNodes(rows);
  const own = nodes.filter((node) => node.clusterId === clusterId).toSorted((a, b) => a.nodeId - b.nodeId);
  const self = own.find((node) => node.nodeId === nodeId);
  const others = own.filter((node) => node.nodeId !== nodeId);
  const named: Named = { others, warnings: [], notes: strangers(nodes, rules) };
  const wrong = faults.filter((fault) => fault.clusterId === undefined || fault.clusterId === clusterId);
  if (wrong.length > 0) return { ...named, kind: 'refused', reasons: wrong.map(({ sentence }) => sentence) };
  if (self === undefined) return { ...named, kind: 'waiting', reasons: [waitingText(others, rules, tableName)] };
  if (!self.isEnabled) return { ...named, kind: 'off', reasons: [disabledText(self)] };
  return memberOf(self, named, rules);
}

/** All that a membership says, a sentence each; nothing where all is well. */
export function sentencesOf(membership: Membership): readonly string[] {
  const { warnings, notes } = membership;
  return 'reasons' in membership ? [...membership.reasons, ...warnings, ...notes] : [...warnings, ...notes];
}

function memberOf(self: ClusterNode, named: Named, rules: MembershipRules): Membership {
  const enabled = named.others.filter(({ isEnabled }) => isEnabled);
  const [twin] = enabled;
  const reasons = [...thirdNode(self, enabled), ...wrongTwin(self, twin, rules)];
  if (reasons.length > 0) return { ...named, kind: 'refused', reasons };
  const off = named.others.filter(({ isEnabled }) => !isEnabled).map(disabledText);
  const warnings = [...ownUrl(self, rules), ...nobodyElse(named.others, self), ...noSeed(self, twin)];
  return { ...named, kind: 'member', self, twin, warnings, notes: [...named.notes, ...off] };
}

function strangers(nodes: readonly ClusterNode[], { clusterId }: MembershipRules): readonly string[] {
  const others = new Set(nodes.map((node) => node.clusterId).filter((id) => id !== clusterId));
  if (others.size === 0) return [];
  return [`rows of other clusters (${[...others].join(', ')}) are left aside; this node's is ${clusterId}`];
}

function waitingText(
  others: readonly ClusterNode[],
  { clusterId, nodeId }: MembershipRules,
  tableName: string,
): string {
  const known = others.length === 0 ? '' : ` (it has ${nodesText(others)})`;
  return (
    `waiting for rows: ${tableName} has no row for node ${nodeId} of cluster ${clusterId}${known}; ` +
    'add both nodes, here and on the other node, with `twinreg cluster add` or with INSERT INTO clusterer as in sql/example-two-nodes.sql, and then call clusterer_reload'
  );
}

function disabledText({ rowId, nodeId }: ClusterNode): string {
  const why = 'so that nothing is replicated with it';
  if (rowId === NO_ROW) {
    return `node ${nodeId} is disabled (by clusterer_set_status, until it is enabled or this daemon ends), ${why}`;
  }
  return `row ${rowId}: node ${nodeId} is disabled (state 0), ${why}`;
}

/** Where the node is named, as sentences begin. */
function placeOf({ rowId, nodeId }: ClusterNode, rules: MembershipRules): string {
  if (rowId !== NO_ROW) return `row ${rowId}`;
  return nodeId === rules.nodeId ? 'my_node_info' : 'neighbor_node_info';
}

function thirdNode(self: ClusterNode, enabled: readonly ClusterNode[]): readonly string[] {
  if (enabled.length < 2) return [];
  const all = [self, ...enabled].toSorted((a, b) => a.nodeId - b.nodeId);
  return [
    `cluster ${self.clusterId} has ${nodesText(all)}, and a third node is not supported yet: remove it, or set its state to 0`,
  ];
}

function wrongTwin(self: ClusterNode, twin: ClusterNode | undefined, rules: MembershipRules): readonly string[] {
  if (twin === undefined) return [];
  const { url, place } = twin;
  const { transport } = rules.listen;
  if (place.host === self.place.host && place.port === self.place.port) {
    const both = twin.rowId === NO_ROW ? 'my_node_info and neighbor_node_info' : `rows ${self.rowId} and ${twin.rowId}`;
    return [`${both}: url: node ${self.nodeId} and node ${twin.nodeId} are both at ${url}`];
  }
  if (place.transport === transport) return [];
  return [`${placeOf(twin, rules)}: url: expected ${transport}: as this node's own listener has it, found ${url}`];
}

/** The other node finds this one by a row like this. */
function ownUrl(self: ClusterNode, rules: MembershipRules): readonly string[] {
  const { place, url } = self;
  const { listen } = rules;
  const isSame =
    place.transport === listen.transport && place.port === listen.port && mayBe(place.host, listen.address);
  if (isSame) return [];
  const listener = nodeUrlText({ ...listen, host: listen.address });
  const what = `${url} is this node, which listens on ${listener}`;
  return [`${placeOf(self, rules)}: url: ${what}: the other node will not find it`];
}

/** A name may be any address, and a wildcard listener has them all. */
function mayBe(host: string, address: string): boolean {
  const family = isIP(host);
  if (family === 0 || address === '0.0.0.0' || address === '::') return true;
  const addresses = new BlockList();
  addresses.addAddress(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return addresses.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

function nobodyElse(others: readonly ClusterNode[], self: ClusterNode): readonly string[] {
  return others.length > 0 ? [] : [aloneWarning(self)];
}

/** What is said of a node that has no other one beside it. */
export function aloneWarning({ clusterId, rowId }: ClusterNode): string {
  const how = rowId === NO_ROW ? 'neighbor_node_info names one' : 'it has a row (`twinreg cluster add`)';
  return `cluster ${clusterId} has no other node: nothing is replicated until ${how}`;
}

function noSeed(self: ClusterNode, twin: ClusterNode | undefined): readonly string[] {
  if (twin === undefined || self.isSeed || twin.isSeed) return [];
  return [
    `no node of cluster ${self.clusterId} has the flag seed: after a start of both, neither will call itself synced`,
  ];
}

function nodesText(nodes: readonly ClusterNode[]): string {
  return `${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.map(({ nodeId }) => nodeId).join(', ')}`;
}
