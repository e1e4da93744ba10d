import type { AdmissionRules } from '../../../lib/replication/admission.ts';
import type { Hello } from '../../../lib/replication/hello.ts';
import { HORIZON_S } from '../../../lib/location/horizon.ts';

/** Cluster time in greetings. */
export const NOON = 1_800_000_000_000;

export const SECRET = 'a secret of the test';

/** What node 2 says to node 1. */
export function hello(fields: Partial<Hello> = {}): Hello {
  return {
    versionLeast: 1,
    versionMost: 1,
    clusterId: 1,
    nodeId: 2,
    incarnation: 22,
    clockMs: NOON,
    nonce: Buffer.alloc(16, 2),
    horizonS: HORIZON_S,
    clean: false,
    synced: true,
    usesSecret: true,
    roleTakenAtMs: undefined,
    keyRules: { matchingMode: 0, useDomain: true, caseSensitive: true, realmPrefix: '', maxContacts: 0 },
    holds: undefined,
    listeners: [],
    ...fields,
  };
}

/** What node 1 says to node 2. */
export function helloBack(fields: Partial<Hello> = {}): Hello {
  return hello({ nodeId: 1, incarnation: 11, nonce: Buffer.alloc(16, 1), ...fields });
}

/** What node 1 goes by. */
export function rules(fields: Partial<AdmissionRules> = {}): AdmissionRules {
  const { keyRules } = hello();
  return { clusterId: 1, nodeId: 1, twinId: 2, isEnabled: true, usesSecret: true, keyRules, ...fields };
}

/** What node 2 goes by. */
export function rulesBack(fields: Partial<AdmissionRules> = {}): AdmissionRules {
  return rules({ nodeId: 2, twinId: 1, ...fields });
}
