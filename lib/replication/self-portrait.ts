import { HORIZON_S } from '../location/horizon.ts';
import type { AdmissionRules } from './admission.ts';
import { Greeting } from './greeting.ts';
import type { HeldLog, Hello } from './hello.ts';
import { PROTOCOL_VERSION } from './limits.ts';
import type { ReplicatorPorts } from './ports.ts';
import type { ReplicatorSettings, Twin } from './replicator-types.ts';

const NONCE_WORDS = 4;

/** What of this node changes from one hello to the next. */
interface PresentState {
  readonly clean: boolean;
  readonly synced: boolean;
  readonly holds: HeldLog | undefined;
}

/** The greeting on a new connection: this node's hello as of now, and whom it lets in. */
export function newGreeting(
  settings: ReplicatorSettings,
  twin: Twin | undefined,
  state: PresentState,
  ports: Pick<ReplicatorPorts, 'clusterClock' | 'random' | 'role'>,
): Greeting {
  return new Greeting(helloOf(settings, state, ports), admissionOf(settings, twin), settings.secrets);
}

function helloOf(
  { clusterId, nodeId, incarnation, secrets, keyRules, listeners }: ReplicatorSettings,
  state: PresentState,
  { clusterClock, random, role }: Pick<ReplicatorPorts, 'clusterClock' | 'random' | 'role'>,
): Hello {
  const nonce = Buffer.alloc(NONCE_WORDS * 4);
  for (let word = 0; word < NONCE_WORDS; word++) nonce.writeUInt32BE(random.u32(), word * 4);
  return {
    versionLeast: PROTOCOL_VERSION,
    versionMost: PROTOCOL_VERSION,
    clusterId,
    nodeId,
    incarnation,
    clockMs: clusterClock.nowMs(),
    nonce,
    horizonS: HORIZON_S,
    usesSecret: secrets.length > 0,
    roleTakenAtMs: role.takenAtMs,
    keyRules,
    listeners,
    ...state,
  };
}

function admissionOf(
  { clusterId, nodeId, secrets, keyRules }: ReplicatorSettings,
  twin: Twin | undefined,
): AdmissionRules {
  const isEnabled = twin?.isEnabled !== false;
  return { clusterId, nodeId, twinId: twin?.nodeId, isEnabled, usesSecret: secrets.length > 0, keyRules };
}
