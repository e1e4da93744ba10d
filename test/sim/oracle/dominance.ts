import { FORGET_MARGIN_MS, HORIZON_MS, LATE_COPY_MS } from '../../../lib/location/horizon.ts';
import type { AorState } from '../../../lib/location/record.ts';
import { rankOf } from '../../../lib/location/record.ts';
import { compareVersions } from '../../../lib/location/version.ts';
import type { Op } from './op.ts';

/** Whether the state holds the op, or something that outranks it. What is forgotten it does not hold. */
export function holds(state: AorState, op: Op): boolean {
  const { floor } = state;
  if (floor !== undefined && compareVersions(floor.version, op.version) >= 0) return true;
  if (op.kind === 'floor') return false;
  const record = state.records.find(({ key }) => key === op.key);
  if (record === undefined) return false;
  const order = compareVersions(record.version, op.version);
  return order > 0 || (order === 0 && rankOf(record) >= (op.kind === 'judge' ? 2 : 1));
}

/** When the op has nothing more to say to those who come later, in cluster time, and may be forgotten by who holds all copies. */
export function spentAtMs(op: Op): number {
  return (op.kind === 'put' ? op.expiresAtMs : op.version.ms) + LATE_COPY_MS;
}

/** When no older version can exist anywhere, in cluster time. */
export function outlivedAtMs(op: Op): number {
  return op.version.ms + HORIZON_MS + FORGET_MARGIN_MS;
}
