import { LATE_COPY_MS } from '../location/horizon.ts';
import type { Version } from '../location/version.ts';

/**
 * `retransmission`: this very request was carried out already. `invalid`: it comes too late or was numbered wrongly
 * (RFC 3261 §10.3 step 7), and fails as a whole.
 */
export type CseqVerdict = 'fresh' | 'retransmission' | 'invalid';

export interface CseqRules {
  readonly cseqDelayMs: number;
  readonly allowDupCseq: boolean;
  readonly lenientCseq: boolean;
}

/** Call-ID and CSeq of what wrote a record or a floor, and when. */
export interface CseqMark {
  readonly callId: string;
  readonly cseq: number;
  readonly version: Version;
}

/**
 * What a record or a floor says about a request's Call-ID and CSeq.
 *
 * What is dead (removed, judged, expired, below the floor) still speaks for as long as copies of the requests before it
 * may arrive: else a late copy of a REGISTER would revive what was unregistered since. After that it is silent, so that a
 * phone that reboots is locked out by no more than its live binding.
 */
export function cseqVerdict(
  callId: string,
  cseq: number,
  mark: CseqMark,
  alive: boolean,
  rules: CseqRules,
  nowMs: number,
): CseqVerdict {
  if (mark.callId !== callId) return 'fresh';
  const ageMs = nowMs - mark.version.ms;
  const maybeLate = ageMs <= LATE_COPY_MS;
  if (!alive && !maybeLate) return 'fresh';
  if (cseq > mark.cseq) return 'fresh';
  if (rules.lenientCseq && !maybeLate) return 'fresh';
  if (cseq < mark.cseq) return 'invalid';
  // usrloc's cseq_delay; an equal CSeq after it is invalid, unless allow_dup_cseq counts it as one higher.
  if (ageMs < rules.cseqDelayMs) return 'retransmission';
  return rules.allowDupCseq ? 'fresh' : 'invalid';
}

/** The graver of two verdicts, for a request that several records have a say in. */
export function graver(a: CseqVerdict, b: CseqVerdict): CseqVerdict {
  if (a === 'invalid' || b === 'invalid') return 'invalid';
  return a === 'fresh' ? b : a;
}
