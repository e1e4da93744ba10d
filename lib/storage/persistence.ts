import type { ChangeListener, CommitGate } from '../location/ports.ts';
import type { StoreStatus } from './store-status.ts';

/** What the rest of the node sees of the disk, whether there is one or not. */
export interface Persistence extends ChangeListener, CommitGate {
  /** Calls `done` when a flush that began after this call is on disk, and with it all that was in memory when it began. */
  whenFlushedAfterNow(done: () => void): void;
  /**
   * Brings the rows (and so the view `location`) up to what is in memory now; resolves when they are on disk. Rejects with
   * an OperationalError when the file is closed before. For `ul_flush`.
   */
  mergeNow(): Promise<void>;
  /** Undefined when nothing is stored. */
  status(): StoreStatus | undefined;
  /**
   * Writes what is left and closes the file. Rejects with an OperationalError when the disk takes none of it for as long
   * as a stop may wait. Idempotent.
   */
  close(): Promise<void>;
}
