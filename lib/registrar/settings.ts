import type { BranchFlagRule } from './branch-flags.ts';
import type { SaveFlags } from './save-flags.ts';

/** What the registrar is configured with. Names are those of OpenSIPS's usrloc, registrar and nathelper, in our spelling. */
export interface RegistrarSettings {
  readonly addressOfRecord: AddressOfRecordSettings;
  readonly expiry: ExpirySettings;
  readonly contacts: ContactSettings;
  readonly nat: NatSettings;
  readonly save: SaveFlags;
  /** Which bindings get which branch flags (the tutorial's `setbflag` lines); rules add up. */
  readonly branchFlags: readonly BranchFlagRule[];
  /** Values of the Service-Route rows of a 200, in order, each as it is written there: `<sip:10.0.0.1;lr>` (RFC 3608). */
  readonly serviceRoutes: readonly string[];
  /** `retry_after`, seconds: Retry-After of 5xx replies; 0 = none but on the limits' 503, which always has one. */
  readonly retryAfterS: number;
  /** Octets that a 200 may have with the SIP engine that there is; undefined = any number. */
  readonly replyBytesMax?: number;
}

export interface AddressOfRecordSettings {
  /** `use_domain`: AoR is user@domain, else the user alone. */
  readonly useDomain: boolean;
  /** `case_sensitive`: without it the whole AoR is folded to lower case (ASCII). The domain always is. */
  readonly caseSensitive: boolean;
  /** `realm_prefix`: cut off the domain's front; '' = nothing. Lower case. */
  readonly realmPrefix: string;
  /** Domains served, lower case, IPv6 in brackets; empty = any. The addresses of the listeners are served as Request-URI in any case. */
  readonly domains: readonly string[];
  /** `max_username_len`, octets, default 64. */
  readonly maxUsernameLen: number;
  /** `max_domain_len`, octets, default 64. */
  readonly maxDomainLen: number;
  /** `max_aor_len`, octets, default 256. */
  readonly maxAorLen: number;
}

export interface ExpirySettings {
  /** `default_expires`, seconds, ≥ 1, default 3600. */
  readonly defaultExpiresS: number;
  /** `min_expires`, seconds, default 60; 0 = no lower bound. */
  readonly minExpiresS: number;
  /** `max_expires`, seconds, 0 or up to HORIZON_S; 0 = HORIZON_S. Not below min_expires. */
  readonly maxExpiresS: number;
  /** `expires_max_deviation`, seconds, ± around what is granted, kept within min and max; default 0. */
  readonly expiresMaxDeviationS: number;
  /** What a too short interval gets: `raise` (OpenSIPS, default) grants min_expires, `reject` answers 423 (RFC 3261 §10.3 step 7). */
  readonly minExpiresPolicy: 'raise' | 'reject';
}

export interface ContactSettings {
  /** `matching_mode`: 0 = by contact URI, 1 = by contact URI and Call-ID. */
  readonly matchingMode: 0 | 1;
  /** `cseq_delay` in milliseconds, default 40 000: how long an equal CSeq is a retransmission. */
  readonly cseqDelayMs: number;
  /** `allow_dup_cseq`: an equal CSeq that is no retransmission any more counts as one higher. Default off. */
  readonly allowDupCseq: boolean;
  /**
   * For phones that reboot into their old Call-ID with a low CSeq, which are locked out until their binding expires otherwise:
   * a CSeq that is too low is refused only while the request may be a late copy, 40 s after the last change. Default off.
   */
  readonly lenientCseq: boolean;
  /** `max_contacts` of one AoR, valid ones only; 0 = no limit. */
  readonly maxContacts: number;
  /** `max_contact_len`, octets of the Contact URI, default 255. */
  readonly maxContactLen: number;
  /** Octets of all Path URIs together, joined with commas; OpenSIPS's fixed MAX_PATH_SIZE is 255. Default 1024. */
  readonly maxPathLen: number;
  /** `default_q` in thousandths, or Q_UNSPECIFIED. */
  readonly defaultQ: number;
  /** `received_param`: Contact parameter that `received` may come from, default `received`; '' = never. Lower case. */
  readonly receivedParam: string;
}

export interface NatSettings {
  /** `nat_uac_test`: bits of NAT_TESTS; 0 = no detection. `parseNatUacTest` reads names. */
  readonly uacTest: number;
  /** What a NATed contact gets: `received` (fix_nated_register), or its host and port replaced by the source (fix_nated_contact). */
  readonly fix: 'received' | 'contact';
  /** usrloc's `nat_bflag`: branch flag that marks NATed bindings; '' = none. */
  readonly bflag: string;
}
