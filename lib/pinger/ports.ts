import type { LocationTable } from '../location/location-table.ts';
import type { NextHop, OptionsRequest, SendOutcome } from '../sip/engine.ts';

/** Whether this node pings and judges now: it is the active one of its pair. */
export interface PingGate {
  readonly isOpen: boolean;
}

/** What of a SIP engine the pinger needs. */
export interface PingSender {
  sendOptions(options: OptionsRequest): SendOutcome;
  sendKeepAlive(hop: NextHop, socketName: string): SendOutcome;
}

/** What of the location table the pinger reads. */
export type PingedTable = Pick<LocationTable, 'recordIdLimit' | 'recordIdOf' | 'read' | 'readRecord' | 'readShown'>;

/** Takes the judgement that a contact is gone, with origin `ping`; it counts only while the record is at the version judged. */
export type PingJudge = Pick<LocationTable, 'commit'>;

/** Hears what becomes of pings; for metrics and traces. Called in order, synchronously; must not throw. */
export interface PingObserver {
  sent?(aor: string, contactUri: string, hop: NextHop, kind: 'options' | 'keep-alive'): void;
  /** A final reply came in time. */
  answered?(aor: string, contactUri: string, status: number, latencyMs: number): void;
  /** No reply came within `ping_threshold`. */
  lost?(aor: string, contactUri: string, lostInARow: number): void;
  /** Judged gone after `max_pings_lost`. */
  removed?(aor: string, contactUri: string): void;
}
