import type { CommitGate } from '../location/ports.ts';

/** usrloc's `sql_write_mode`, of which `none` means that there is no store (see `memory-only-store.ts`). */
export type WriteMode = 'write-back' | 'write-through';

export interface StorageSettings {
  /** Absolute path of the database file. */
  readonly path: string;
  /** The folder `sql/` of this installation. */
  readonly migrationsPath: string;
  readonly writeMode: WriteMode;
  /** Pause between flushes with write-back: what a crash may lose. With write-through, between flushes that only write the mark. */
  readonly flushIntervalMs: number;
  /** With write-through: how long changes gather before they are flushed together, 5..20. */
  readonly groupCommitMs: number;
  /** With write-through: how long a reply waits for the disk before the disk counts as degraded, and replies go out without it. */
  readonly commitTimeoutMs: number;
  /** How long a stop waits for a disk that takes none of the last changes; one that takes some has as long again. */
  readonly closeTimeoutMs: number;
}

export const STORAGE_DEFAULTS = {
  writeMode: 'write-back',
  flushIntervalMs: 1000,
  groupCommitMs: 10,
  commitTimeoutMs: 400,
  closeTimeoutMs: 5000,
} as const satisfies Partial<StorageSettings>;

/** What the store needs of a commit gate: it says which change is at which position, and which position is on disk. */
export interface DiskGate extends CommitGate {
  /** The AoR has changed, and the change is at `position`. Positions never fall. Said while the gate is open, too. */
  changed(aor: string, position: number): void;
  /** Everything up to `position` is on disk. */
  committedUpTo(position: number): void;
  /** The disk is degraded: all who wait go, and from now on nobody waits. */
  open(): void;
  /** What is not on disk yet is waited for from now on. False: not yet possible, to be tried again. */
  close(): boolean;
}
