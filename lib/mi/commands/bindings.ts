import type { PutRecord } from '../../location/record.ts';

/** A binding as the view shows it, with what is known about it beside its record. */
export interface ShownBinding {
  readonly record: PutRecord;
  /** usrloc's contact_id: what the row in `location` has. */
  readonly contactId: string;
  readonly state: 'CS_NEW' | 'CS_SYNC' | 'CS_DIRTY' | 'CS_UNKNOWN';
}

/** An AoR as the view shows it at one moment. */
export interface AorBindings {
  readonly aor: string;
  /** In list order; empty when the AoR is unknown or has no valid binding. */
  readonly shown: readonly ShownBinding[];
  /** The moment, in cluster time. */
  readonly nowMs: number;
}

/** What the `ul_*` commands read. */
export interface Bindings {
  find(aor: string): AorBindings;
  /**
   * All AoRs, each step a small amount of work. Bindings may change between two steps: an AoR that is there all the time
   * comes once, as it is at its step; one that comes or goes meanwhile may be missing.
   */
  all(): Iterable<AorBindings>;
}

/** What decides how an AoR that an operator names is looked up. */
export interface BindingsSettings {
  /** usrloc's `use_domain`. */
  readonly useDomain: boolean;
  /** registrar's `case_sensitive`. */
  readonly caseSensitive: boolean;
}

/** There is one table; it has the name that OpenSIPS's scripts give it. */
export const TABLE_NAME = 'location';
