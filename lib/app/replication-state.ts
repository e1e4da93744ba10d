import type { TwinStatus } from './twin-status.ts';
import type { ReplicationState } from '../mi/commands/status.ts';

/**
 * Replication as the management command `status` shows it.
 * @param isTwinActive as the role knows it
 * @param wallOffsetMs cluster time minus wall clock
 */
export function replicationState(status: TwinStatus, isTwinActive: boolean, wallOffsetMs: number): ReplicationState {
  const { silentMs, clockOffsetMs } = status;
  return {
    ...placeState(status),
    enabled: status.isEnabled,
    commit: status.commit,
    outgoing: status.outgoing,
    incoming: status.incoming,
    twin_ready: status.isTwinReady,
    twin_active: isTwinActive,
    since_ms: Math.round(status.sinceMs),
    sync_since_ms: Math.round(status.syncSinceMs),
    synced: status.synced,
    ...(status.listeners.difference === undefined ? {} : { listen_difference: status.listeners.difference }),
    ...waitingState(status),
    lag_changes: status.lagChanges,
    lag_ms: status.lagMs,
    log_bytes: status.logBytes,
    head: status.head,
    applied: status.applied,
    ...(silentMs === undefined ? {} : { silent_ms: Math.round(silentMs) }),
    ...(clockOffsetMs === undefined ? {} : { clock_offset_ms: clockOffsetMs }),
    wall_clock_offset_ms: Math.round(wallOffsetMs),
    ...progressState(status),
    ...reconcileState(status),
    ...refusalState(status),
    ...strangerState(status),
  };
}

function placeState({ listen, membership, twinId, twinUrl }: TwinStatus) {
  const { kind, warnings } = membership;
  return {
    listen,
    membership: kind,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(twinId === undefined ? {} : { twin_id: twinId }),
    ...(twinUrl === undefined ? {} : { twin_url: twinUrl }),
  };
}

/** A node that takes no part waits for its rows, whatever the link would say. */
function waitingState({ membership, waitsFor }: TwinStatus): Pick<ReplicationState, 'waits_for'> {
  if (membership.kind !== 'member') return { waits_for: membership.reasons.join('; ') };
  return waitsFor === undefined ? {} : { waits_for: waitsFor };
}

function progressState({ progress }: TwinStatus): Pick<ReplicationState, 'progress'> {
  if (progress === undefined) return {};
  const { received, sent, bucketsDone, buckets } = progress;
  return { progress: { received, sent, buckets_done: bucketsDone, buckets } };
}

function reconcileState({ lastReconcile }: TwinStatus): Pick<ReplicationState, 'last_reconcile'> {
  if (lastReconcile === undefined) return {};
  const { agoMs, tookMs, received, changed } = lastReconcile;
  return { last_reconcile: { ms_ago: Math.round(agoMs), took_ms: Math.round(tookMs), received, changed } };
}

function refusalState({ lastGoodbye }: TwinStatus): Pick<ReplicationState, 'last_refusal'> {
  if (lastGoodbye === undefined) return {};
  const { agoMs, by, reason, text } = lastGoodbye;
  return { last_refusal: { ms_ago: Math.round(agoMs), by, reason, text } };
}

function strangerState({ lastStranger }: TwinStatus): Pick<ReplicationState, 'last_stranger'> {
  if (lastStranger === undefined) return {};
  const { agoMs, reason, text } = lastStranger;
  return { last_stranger: { ms_ago: Math.round(agoMs), reason, text } };
}
