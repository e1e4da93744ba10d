import type { Random } from '../core/random.ts';
import type { BucketIndex } from '../location/bucket-index.ts';
import type { LocationTable } from '../location/location-table.ts';

/** What replication needs of the location table. */
export type ReplicatedTable = Pick<
  LocationTable,
  'read' | 'merge' | 'clockAgreed' | 'lastStampMs' | 'bucketDigest' | 'writeBucketDigests'
> & { bucketIndex(): BucketIndex };

/** The commit gate by positions that replication opens and closes; `location`'s PositionGate is one. */
export interface TwinGate {
  settle(aor: string, done: () => void): void;
  changed(aor: string, position: number): void;
  committedUpTo(position: number): void;
  open(): void;
  close(): boolean;
}

export interface ReplicatorPorts {
  readonly table: ReplicatedTable;
  readonly gate: TwinGate;
  readonly clusterClock: {
    nowMs(): number;
    /** Moves cluster time; whoever keeps times by it is told. */
    shift(byMs: number): void;
  };
  readonly random: Random;
  /** Cluster time at which this node took the role; undefined = it has none. */
  readonly role: { readonly takenAtMs: number | undefined };
  /** Whether this node would serve phones if their traffic came to it, which the twin is told. */
  isReady(): boolean;
  /** Addresses of the settings' listeners that are not on this host now. */
  absentAddresses(): readonly string[];
  /** Asks for the input `flush` at the end of this turn of the event loop, or a few milliseconds later; asked once until it came. */
  flushSoon(): void;
  /** Calls `done` when a flush of this node's disk that began after this call is durable; without a disk at once. */
  whenDurable(done: () => void): void;
}
