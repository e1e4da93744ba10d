/** nathelper's parameters in this component's words. */
export interface PingerSettings {
  /** Between two pings of one contact (`natping_interval`); 0 = nobody is pinged. */
  readonly intervalMs: number;
  /** Branch flag that a contact must have to be pinged at all (usrloc's `nat_bflag` with `ping_nated_only`); '' = none. */
  readonly requiredFlag: string;
  /** Whether contacts are pinged that are reached over anything but UDP (`natping_tcp`). */
  readonly pingsConnections: boolean;
  /** `sipping_from`, a SIP URI. */
  readonly fromUri: string;
  /** Contacts with this branch flag get OPTIONS (`sipping_bflag`), the others keep-alives. */
  readonly optionsFlag: string;
  /** Contacts with this branch flag are removed when they do not answer (`remove_on_timeout_bflag`). */
  readonly removalFlag: string;
  /** Lost pings in a row after which a contact is removed (`max_pings_lost`), 1..100. */
  readonly lostMax: number;
  /** A ping that has no answer for so long is lost (`ping_threshold`); at most `intervalMs`. */
  readonly thresholdMs: number;
  /** Statuses that are no sign of life (`sipping_ignore_rpl_codes`). */
  readonly ignoredStatuses: ReadonlySet<number>;
  /** Pings that any second may send (`natping_max_rate`), at least 10. */
  readonly ratePerS: number;
}
