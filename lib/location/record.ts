import type { Version } from './version.ts';

/**
 * What the table holds for one AoR: a record per key, and at most one floor.
 *
 * All text is a *byte string*: one character per octet of what came off the wire (latin1), so that nothing a phone sends
 * is changed or lost. Decoding to UTF-8 is for those who show it to people or write it into SQL columns.
 */
export interface AorState {
  /** `user@domain` (or `user` with use_domain 0), as the registrar made it canonical. */
  readonly aor: string;
  readonly floor: Floor | undefined;
  /** In no particular order; one per key. */
  readonly records: readonly LocationRecord[];
}

/** The mark that `*` and "remove AoR" leave: every record of the AoR at or below `version` is dead, known here or not. */
export interface Floor {
  readonly version: Version;
  readonly callId: string;
  readonly cseq: number;
}

/** `expiresAtMs` of a binding that MI added without an end. */
export const PERMANENT = Number.POSITIVE_INFINITY;

/** `q` of a Contact that gave none. */
export const Q_UNSPECIFIED = -1;

/** `methods` when neither the Contact nor Allow said what the phone can do. */
export const METHODS_UNKNOWN = 0xffffffff;

/** What all texts of one record may take: an AoR's whole list of bindings has to fit into a datagram. */
export const RECORD_OCTETS_MAX = 65_000;

/** usrloc's FL_MEM in `flags`: such a contact is never written to the database. */
export const MEMORY_ONLY = 1;

interface RecordBase {
  /** Identity within the AoR, a pure function of the request: the canonical contact URI; with matching_mode 1 the Call-ID too. */
  readonly key: string;
  readonly version: Version;
  /** Whether this key was ever permanent; merges by OR, and such a record is never forgotten. */
  readonly sticky: boolean;
  /** Contact URI as the phone wrote it, without angle brackets. */
  readonly contactUri: string;
  readonly callId: string;
  /** 0..2^32-1; SIP allows up to 2^31-1. */
  readonly cseq: number;
  /** Cluster time in milliseconds, or PERMANENT. A put record past it is dead; nothing is written when that happens. */
  readonly expiresAtMs: number;
}

/** A binding as an order wrote it. Whether it is shown is the view's decision (expiry, floor, newer equal contact, max_contacts). */
export interface PutRecord extends RecordBase {
  readonly kind: 'put';
  readonly binding: Binding;
}

/** A binding that an order removed. Kept, because it outranks older copies that may still exist elsewhere. */
export interface RemovedRecord extends RecordBase {
  readonly kind: 'removed';
}

/** A binding that this node judged gone (evicted, pings lost, connection closed): the put record's own version, at rank 2. */
export interface JudgedRecord extends RecordBase {
  readonly kind: 'judged';
}

export type LocationRecord = PutRecord | RemovedRecord | JudgedRecord;

/** What a binding carries beyond its identity and order. Field names are usrloc's, in our spelling. */
export interface Binding {
  /** Thousandths 0..1000, or Q_UNSPECIFIED. */
  readonly q: number;
  /** Where the phone really is: `sip:ip:port[;transport=x]`, or '' when Contact can be trusted. */
  readonly received: string;
  /** All Path URIs in order, joined with a comma; '' without. */
  readonly path: string;
  /** +sip.instance value with its angle brackets, or ''. */
  readonly instance: string;
  readonly userAgent: string;
  /** Local socket that the REGISTER came in on, advertised form: `udp:10.0.0.150:5060`. */
  readonly socket: string;
  /** Bitmask of usrloc's method numbers, or METHODS_UNKNOWN. */
  readonly methods: number;
  /** usrloc's flags, of which only MEMORY_ONLY has a meaning here. */
  readonly flags: number;
  /** Branch flags by name, in a fixed order, separated by one space: `SIPPING_ENABLE SIPPING_RTO`; or ''. */
  readonly cflags: string;
  /** Free string of the script in OpenSIPS; here only what MI or the disk gave. */
  readonly attr: string;
}

/** Rank 1: as an order wrote it; rank 2: judged gone. Orders equal versions. */
export function rankOf(record: LocationRecord): 1 | 2 {
  return record.kind === 'judged' ? 2 : 1;
}
