import { isAll, isBlank, parseDigits, skipBlanks, TOKEN } from './octets.ts';

/** RFC 3261 §8.1.1.5: below 2^31. */
const CSEQ_MAX = 2_147_483_647;

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** Parses a CSeq value, unfolded and trimmed; undefined when it is malformed or its number too great. */
export function parseCSeq(value: string): CSeq | undefined {
  let end = 0;
  while (end < value.length && !isBlank(value.charCodeAt(end))) end++;
  const number = parseDigits(value, 0, end, CSEQ_MAX);
  const method = value.substring(skipBlanks(value, end, value.length));
  return number < 0 || !isAll(method, TOKEN) ? undefined : { number, method };
}
