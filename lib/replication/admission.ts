import { HORIZON_S } from '../location/horizon.ts';
import type { Goodbye } from './goodbye.ts';
import type { Hello, HelloVersions, KeyRules } from './hello.ts';
import { isVersionSpoken } from './hello.ts';
import { PROTOCOL_VERSION } from './limits.ts';

/** What this node goes by when somebody says hello. */
export interface AdmissionRules {
  readonly clusterId: number;
  readonly nodeId: number;
  /** The other node of the cluster; undefined while nobody has named it. */
  readonly twinId: number | undefined;
  readonly isEnabled: boolean;
  readonly usesSecret: boolean;
  readonly keyRules: KeyRules;
}

export function refuseVersions(versions: HelloVersions): Goodbye | undefined {
  if (isVersionSpoken(versions)) return undefined;
  const { versionLeast, versionMost } = versions;
  const theirs = versionLeast === versionMost ? `${versionLeast}` : `${versionLeast} to ${versionMost}`;
  const text = `the other node speaks protocol version ${theirs}, this node ${PROTOCOL_VERSION}: upgrade the older one`;
  return { reason: 'protocol-version', text };
}

/** Who may go on to prove who it is. */
export function refuseHello(hello: Hello, rules: AdmissionRules): Goodbye | undefined {
  const { clusterId, nodeId, twinId } = rules;
  if (hello.clusterId !== clusterId) {
    return {
      reason: 'wrong-cluster',
      text: `node ${hello.nodeId} is of cluster ${hello.clusterId}, node ${nodeId} of cluster ${clusterId}: usrloc.location_cluster, and cluster_id of the rows, must be one number on both`,
    };
  }
  if (hello.nodeId === nodeId) {
    return {
      reason: 'same-node-id',
      text: `both nodes have the id ${nodeId}: give one of them another my_node_id, and name it so on both`,
    };
  }
  if (hello.nodeId !== twinId) {
    const known = twinId === undefined ? 'no other node' : `node ${twinId}`;
    return {
      reason: 'unknown-node',
      text: `node ${hello.nodeId} is not known to node ${nodeId}, where ${known} is named for cluster ${clusterId}: compare \`twinreg cluster list\` on both`,
    };
  }
  if (!rules.isEnabled) {
    return {
      reason: 'disabled',
      text: `replication is switched off at node ${nodeId} (one of the two is disabled there): \`twinreg mi clusterer_set_status\` there switches it on`,
    };
  }
  return hello.usesSecret === rules.usesSecret ? undefined : oneHasSecret(hello, rules);
}

function oneHasSecret({ nodeId, usesSecret }: Hello, rules: AdmissionRules): Goodbye {
  const [has, hasNot] = usesSecret ? [nodeId, rules.nodeId] : [rules.nodeId, nodeId];
  return {
    reason: 'wrong-secret',
    text: `node ${has} has a secret and node ${hasNot} has none: both need the same clusterer.secret or secret_file`,
  };
}

export function wrongSecret({ nodeId }: AdmissionRules, hello: Hello): Goodbye {
  const text = `node ${hello.nodeId} did not prove that it knows the secret of node ${nodeId}: give both the same clusterer.secret or secret_file, which is read at the start only`;
  return { reason: 'wrong-secret', text };
}

/** Of one who proved to be the twin: whether both mean the same by what they would tell each other. */
export function refuseRules(hello: Hello, { nodeId, keyRules }: AdmissionRules): Goodbye | undefined {
  if (hello.horizonS !== HORIZON_S) {
    const text = `the longest lifetime is ${hello.horizonS} s at node ${hello.nodeId} and ${HORIZON_S} s at node ${nodeId}: run the same version`;
    return { reason: 'horizon', text };
  }
  const differing = differences(hello.keyRules, keyRules);
  if (differing.length === 0) return undefined;
  const list = differing.map(
    ([name, theirs, ours]) => `${name} is ${theirs} at node ${hello.nodeId} and ${ours} at node ${nodeId}`,
  );
  return { reason: 'key-rules', text: `${list.join(', ')}: set both alike` };
}

function differences(theirs: KeyRules, ours: KeyRules): (readonly [name: string, theirs: string, ours: string])[] {
  const rows: (readonly [string, string, string])[] = [
    ['matching_mode', String(theirs.matchingMode), String(ours.matchingMode)],
    ['use_domain', yesNo(theirs.useDomain), yesNo(ours.useDomain)],
    ['case_sensitive', yesNo(theirs.caseSensitive), yesNo(ours.caseSensitive)],
    ['realm_prefix', `"${theirs.realmPrefix}"`, `"${ours.realmPrefix}"`],
  ];
  return rows.filter(([, a, b]) => a !== b);
}

function yesNo(value: boolean): string {
  return value ? '1' : '0';
}
