import type { Random } from '../core/random.ts';
import { Fault } from '../sip/fault.ts';
import { parseDigits } from '../sip/octets.ts';
import { EXPIRES_MAX_S } from './limits.ts';

export interface ExpiryRules {
  /** All in seconds. */
  readonly defaultExpiresS: number;
  readonly minExpiresS: number;
  /** 1..HORIZON_S. */
  readonly maxExpiresS: number;
  readonly expiresMaxDeviationS: number;
  readonly minExpiresPolicy: 'raise' | 'reject';
}

/** RFC 3261 §10.3 step 7: only what is shorter than an hour may be called too brief. */
const BRIEF_BELOW_S = 3600;

/** The text of an `expires` parameter in seconds; what is not a number of 32 bits is as good as not there (RFC 3261 §10.2.1.1): undefined. */
export function parseExpires(text: string): number | undefined {
  const seconds = parseDigits(text, 0, text.length, EXPIRES_MAX_S);
  return seconds < 0 ? undefined : seconds;
}

/**
 * What is granted for `askedS` (undefined: nothing usable was said), in seconds; 0 = remove.
 * The deviation follows OpenSIPS: it goes both ways and stays within min and max, so that it may lengthen a little.
 */
export function grantExpires(askedS: number | undefined, rules: ExpiryRules, random: Random): number | Fault {
  if (askedS === 0) return 0;
  if (askedS !== undefined && isTooBrief(askedS, rules)) return tooBrief(rules.minExpiresS);
  const grantedS = within(askedS ?? rules.defaultExpiresS, rules);
  if (rules.expiresMaxDeviationS === 0) return grantedS;
  const span = 2 * rules.expiresMaxDeviationS + 1;
  return within(grantedS - rules.expiresMaxDeviationS + (random.u32() % span), rules);
}

function isTooBrief(askedS: number, rules: ExpiryRules): boolean {
  return rules.minExpiresPolicy === 'reject' && askedS < rules.minExpiresS && rules.minExpiresS <= BRIEF_BELOW_S;
}

function tooBrief(minExpiresS: number): Fault {
  return new Fault(423, 'Interval Too Brief', [['Min-Expires', String(minExpiresS)]]);
}

/** At least one second: less would be a removal that nobody asked for. */
function within(seconds: number, rules: ExpiryRules): number {
  return Math.max(1, Math.min(rules.maxExpiresS, Math.max(rules.minExpiresS, seconds)));
}
