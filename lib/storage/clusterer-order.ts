import type { NodeRow } from '../cluster/ports.ts';

/** What is to be done with the table `clusterer` of a file. */
export type ClustererOrder = ClustererPlace &
  (
    | { readonly type: 'load' }
    | { readonly type: 'set-state'; readonly clusterId: number; readonly nodeId: number; readonly isEnabled: boolean }
    | { readonly type: 'add'; readonly row: NewNodeRow }
    | { readonly type: 'remove'; readonly clusterId: number; readonly nodeId: number }
  );

/** Where the table is, and what is needed to make it where there is none. */
export interface ClustererPlace {
  /** Absolute path of the database file. */
  readonly path: string;
  /** The folder `sql/` of this installation. */
  readonly migrationsPath: string;
  /** Of the process that would make the file; 0 = not known. */
  readonly pid: number;
}

/** A row to be; it is enabled, and what it does not say is as the table has it by default. */
export interface NewNodeRow {
  readonly clusterId: number;
  readonly nodeId: number;
  readonly url: string;
  readonly noPingRetries: number;
  readonly flags: string | undefined;
  readonly description: string | undefined;
}

export type ClustererAnswer =
  | { readonly type: 'rows'; readonly rows: readonly NodeRow[] }
  /** `rows`: how many were written. */
  | { readonly type: 'written'; readonly rows: number }
  /** The message is for the operator. */
  | { readonly type: 'failed'; readonly message: string };
