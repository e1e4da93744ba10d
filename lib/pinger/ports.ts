import type { LocationTable } from '../location/location-table.ts';
import type { NextHop, OptionsRequest, SendOutcome } from '../sip/engine.ts';

/** Whether this node pings and judges now: it is the active one of its pair. */
export interface PingGate {
  readonly isOpen: boolean;
  /** Cluster time since which nobody may have pinged, as it is when the gate opens; without it the rounds begin at the present moment. */
  readonly silentSinceMs?: number | undefined;
}

/** What of a SIP engine the pinger needs. */
export interface PingSender {
  sendOptions(options: OptionsRequest): SendOutcome;
  sendKeepAlive(hop: NextHop, socketName: string): SendOutcome;
}

/**
 * Whether lost pings may remove a contact for good: in sync with the twin, or without one. A node out of sync may be the one
 * that is cut off, and hides the contact on itself alone.
 */
export interface RemovalPermit {
  readonly mayRemove: boolean;
}

/** What of the location table the pinger reads. */
export type PingedTable = Pick<
  LocationTable,
  'recordIdLimit' | 'recordIdOf' | 'read' | 'readRecord' | 'readShown' | 'readHidden' | 'hiddenCount'
>;

/**
 * Takes the judgement that a contact is gone, with origin `ping`, or hides the contact here; either counts only while the
 * record is at the version judged. Whoever answers again is shown again.
 */
export type PingJudge = Pick<LocationTable, 'commit' | 'hideLocally' | 'showLocally'>;

/** Hears what becomes of pings; for metrics and traces. Called in order, synchronously; must not throw. */
export interface PingObserver {
  sent?(aor: string, contactUri: string, hop: NextHop, kind: 'options' | 'keep-alive'): void;
  /** A final reply came in time. */
  answered?(aor: string, contactUri: string, status: number, latencyMs: number): void;
  /** No reply came within `ping_threshold`. */
  lost?(aor: string, contactUri: string, lostInARow: number): void;
  /** Judged gone after `max_pings_lost`. */
  removed?(aor: string, contactUri: string): void;
  /** Hidden on this node after `max_pings_lost`, since it may not remove; until it answers or is written anew, or this node is in sync. */
  hidden?(aor: string, contactUri: string): void;
}
