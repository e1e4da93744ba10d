import type { CommittedChangeSet } from './change.ts';
import type { Floor, LocationRecord } from './record.ts';

/**
 * Hears of everything that happens in the table, in order, synchronously, right after it was applied. A listener does not
 * change the table from within; it does not throw.
 */
export interface ChangeListener {
  committed?(changes: CommittedChangeSet): void;
  /** A put record passed its expiry (by the table's `expire`, within about a second). Nothing was written: expiry is a view. */
  expired?(aor: string, record: LocationRecord): void;
  /** A dead record was dropped from memory; its id may be reused from now on. */
  forgotten?(aor: string, recordId: number): void;
  /** The AoR's floor was dropped. */
  floorForgotten?(aor: string): void;
}

/** What a reply may wait for: this node's disk, or the other node. */
export type GateName = 'disk' | 'twin';

/**
 * Something that must have taken note of a change before a phone may hear about it: the twin, or the disk with
 * write-through. Gates are asked after the listeners have heard, and see changes only as listeners.
 */
export interface CommitGate {
  /**
   * Calls `done` once, when every change of `aor` up to now has passed this gate: synchronously when nothing is
   * outstanding or the gate is open (demoted, no twin, write-back). A gate that opens releases all who wait at once.
   * @param held for who wants to know what is waited for: called, before this returns, with the name of each gate that has
   *   not let the change pass yet. Only gates that have others behind them know names.
   */
  settle(aor: string, done: () => void, held?: (by: GateName) => void): void;
}

/** Read access by record id, for those who keep ids (storage merges rows in the background). */
export interface RecordReader {
  /** One more than the greatest record id in use. */
  readonly recordIdLimit: number;
  /** The record as it is now, or undefined when the id is free. */
  readRecord(recordId: number): { readonly aor: string; readonly record: LocationRecord } | undefined;
}

/** Fills an empty table from disk, before anything listens. Ids are the disk's own, so that its rows stay valid. */
export interface RecordLoader {
  restore(recordId: number, aor: string, record: LocationRecord): void;
  restoreFloor(aor: string, floor: Floor): void;
}
