/** What goes to the storage thread. It answers `open`, `load-*` and `close` once each, and every flush in order. */
export type ToStorage =
  | {
      readonly type: 'open';
      readonly path: string;
      readonly migrationsPath: string;
      readonly pid: number;
    }
  | { readonly type: 'load-start' }
  | { readonly type: 'load-next' }
  | FlushOrder
  /** Try again the flush that failed, then those behind it. */
  | { readonly type: 'retry' }
  /** `markMs`: the last mark, when every stamp of this process is on disk: the next start begins there, not above a reserve. */
  | { readonly type: 'close'; readonly markMs: number | undefined };

export interface FlushOrder {
  readonly type: 'flush';
  readonly seq: number;
  readonly journal: SharedArrayBuffer;
  readonly journalBytes: number;
  readonly rows: SharedArrayBuffer;
  readonly rowsBytes: number;
  /** Journal rows up to this one are merged and can go; 0: none. */
  readonly deleteUpTo: number;
  /** Cluster time, or what stamps and earlier marks were above of it. Never falls. */
  readonly markMs: number;
  /** Cluster time minus wall clock. */
  readonly clockOffsetMs: number;
  /** First remove all that the tables hold: the file is not the one that this process loaded. */
  readonly clear: boolean;
}

export type FromStorage =
  | Opened
  /** The message is for the operator. */
  | { readonly type: 'open-failed'; readonly message: string }
  | LoadStarted
  | LoadChunk
  | { readonly type: 'load-failed'; readonly message: string }
  | { readonly type: 'flushed'; readonly seq: number }
  | { readonly type: 'flush-failed'; readonly seq: number; readonly reason: string; readonly reopen: boolean }
  | { readonly type: 'closed'; readonly problem: string | undefined };

export interface Opened {
  readonly type: 'opened';
  /** Random, made with the file. */
  readonly fileId: string;
  /** The last flush that the file holds. */
  readonly seq: number;
  readonly markMs: number;
  /** How many rows the table `clusterer` has. */
  readonly clustererRows: number;
  /** What was done to the schema, for the log: names of migrations. */
  readonly migrated: readonly string[];
  /** The copy that was made before migrating, if one was. */
  readonly backup: string | undefined;
}

export interface LoadStarted {
  readonly type: 'load-started';
  /** One more than the greatest record id: an upper bound of the number of records. */
  readonly idLimit: number;
  readonly journalRows: readonly { readonly seq: number; readonly bytes: number }[];
  /** Profiles, as number and `record-codec` form, one after the other. */
  readonly profiles: SharedArrayBuffer;
  readonly profilesBytes: number;
  readonly floors: SharedArrayBuffer;
  readonly floorsBytes: number;
  readonly rejectedFloors: readonly Rejected[];
}

export interface LoadChunk {
  readonly type: 'load-chunk';
  readonly records: SharedArrayBuffer;
  readonly recordsBytes: number;
  readonly count: number;
  readonly rejected: readonly Rejected[];
  readonly done: boolean;
}

/** A row that could not be understood. */
export interface Rejected {
  /** Undefined where it is not one that a record can have. */
  readonly recordId: number | undefined;
  /** What row, as far as it can be read, and what is wrong with it. */
  readonly reason: string;
}
