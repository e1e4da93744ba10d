import type { Judgement, Order } from '../../location/change.ts';
import type { AorState, PutRecord } from '../../location/record.ts';
import type { AddressOfRecordSettings } from '../../registrar/settings.ts';

/** A binding as the view shows it, with what is known about it beside its record. */
export interface ShownBinding {
  readonly record: PutRecord;
  /** usrloc's contact_id: what the row in `location` has. */
  readonly contactId: string;
  readonly state: 'CS_NEW' | 'CS_SYNC' | 'CS_DIRTY' | 'CS_UNKNOWN';
  /** How long the phone took to answer its last ping, in microseconds; absent when it was not pinged. */
  readonly pingLatencyUs?: number | undefined;
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

/** What the `ul_*` commands change bindings with. */
export interface BindingOrders {
  /** All that is known of the AoR, what is dead included, at `nowMs` of cluster time. */
  read(aor: string): { readonly state: AorState; readonly nowMs: number };
  /**
   * Carries out one command's changes, all or none, at once. Resolves when the commit gates let an answer go, as a
   * REGISTER's reply waits for them; with a sentence when a limit of the table refused them and nothing was changed.
   */
  commit(aor: string, changes: readonly (Order | Judgement)[]): Promise<string | undefined>;
}

/** What decides which AoR of the table an operator means. */
export type AorSettings = Pick<AddressOfRecordSettings, 'useDomain' | 'caseSensitive' | 'realmPrefix'>;

/** What bounds a contact that an operator adds, and says which others are the same. */
export interface ContactSettings {
  readonly matchingMode: 0 | 1;
  /** registrar's `max_contact_len` and `max_aor_len`, octets. */
  readonly maxContactLen: number;
  readonly maxAorLen: number;
}

/** There is one table; it has the name that OpenSIPS's scripts give it. */
export const TABLE_NAME = 'location';
