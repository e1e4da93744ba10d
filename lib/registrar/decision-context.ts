import type { Random } from '../core/random.ts';
import type { AorState, PutRecord } from '../location/record.ts';
import type { RegistrarRules } from './rules.ts';

/** The world that a decision is made in. */
export interface DecisionContext {
  readonly state: AorState;
  /** The view of `state`; needed with max_contacts or replyBytesMax only. */
  readonly live: readonly PutRecord[];
  readonly rules: RegistrarRules;
  /** Cluster time. */
  readonly nowMs: number;
  readonly random: Random;
}
