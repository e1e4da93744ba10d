/** Whether what is in memory is on disk within the promised time. */
export type DiskState =
  | { readonly state: 'ok' }
  | {
      readonly state: 'degraded';
      /** What the disk does, and what it concerns: `no space is left for /var/lib/twinreg/location.db (SQLITE_FULL…)`. */
      readonly reason: string;
      /** Wall clock. */
      readonly sinceMs: number;
    };

export interface StoreStatus {
  readonly disk: DiskState;
  readonly path: string;
  readonly writeMode: 'write-back' | 'write-through';
  /** Change sets, and records noted after an overflow, that are not on disk yet. */
  readonly pending: number;
  /** How long the oldest of these has been waiting; 0 when there is none. */
  readonly lagMs: number;
  /** Wall clock of the last flush that the disk has taken; 0 before the first. */
  readonly lastFlushMs: number;
  /** The batch that is being filled, and the last one on disk. */
  readonly seq: number;
  readonly durableSeq: number;
  /** The mark of that flush, in cluster time. */
  readonly durableMarkMs: number;
  readonly journalBytes: number;
  /** Records whose rows (and so the view `location`) are older than what is on disk in the journal. */
  readonly recordsBehind: number;
}
