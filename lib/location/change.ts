import type { Binding, Floor, LocationRecord } from './record.ts';
import type { Version } from './version.ts';

/** Who made a change. Only what originates here (`sip`, `mi`, `ping`) goes to the twin; what came from disk is not written back to it. */
export type Origin = 'sip' | 'mi' | 'ping' | 'peer' | 'disk';

/** Comes from a phone or an operator; commit stamps it with a new version. */
export type Order =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly contactUri: string;
      readonly callId: string;
      readonly cseq: number;
      /** Cluster time in milliseconds, or PERMANENT. */
      readonly expiresAtMs: number;
      readonly binding: Binding;
    }
  | {
      readonly kind: 'remove';
      readonly key: string;
      readonly contactUri: string;
      readonly callId: string;
      readonly cseq: number;
    }
  | { readonly kind: 'floor'; readonly callId: string; readonly cseq: number };

/**
 * The node's own opinion about one record as it saw it. It applies only while that record is still at `version`:
 * a refresh that the judge had not seen wins by itself.
 */
export interface Judgement {
  readonly kind: 'judge';
  readonly key: string;
  readonly version: Version;
  readonly reason: 'evicted' | 'replaced' | 'pings-lost' | 'connection-closed';
}

/** Everything that one request changes. It applies whole or not at all. */
export interface ChangeSet {
  readonly aor: string;
  readonly origin: Origin;
  readonly changes: readonly (Order | Judgement)[];
}

/** One record as it now stands. */
export interface RecordWrite {
  /** Dense, 0-based, stable while the record exists, then reused. Local to this process and its disk; never sent to the twin. */
  readonly recordId: number;
  readonly before: LocationRecord | undefined;
  readonly after: LocationRecord;
}

/** What listeners hear: the change set as it was applied. Judgements that no longer held and merges that lost are not in it. */
export interface CommittedChangeSet {
  readonly aor: string;
  readonly origin: Origin;
  readonly writes: readonly RecordWrite[];
  /** Set when this change set raised the AoR's floor. */
  readonly floor: Floor | undefined;
}
