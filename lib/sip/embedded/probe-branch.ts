import { headerParam } from '../header-param.ts';
import type { SipResponse } from '../response.ts';

/** RFC 3261 §8.1.1.7's cookie, then a mark of ours. */
const PREFIX = 'z9hG4bK-tr-';

/** As `OptionsRequest.token` promises. */
const TOKEN_LENGTH_MAX = 64;

/** The branch of an OPTIONS with this token. */
export function probeBranch(token: string): string {
  return PREFIX + token;
}

/**
 * The token of the OPTIONS that a response answers; undefined when it answers none of ours. That the branch comes back is
 * all the proof there is and needs to be, since nobody else knows it. RFC 3261 §18.1.2 would also have sent-by compared, but gateways
 * behind a NAT rewrite that. §8.1.3.3: with a second Via it was meant for somebody else.
 */
export function probeToken(response: SipResponse): string | undefined {
  if (response.cseqMethod !== 'OPTIONS') return undefined;
  const branch = headerParam(response.topVia.params, 'branch');
  if (branch === undefined || !branch.startsWith(PREFIX)) return undefined;
  const rows = response.headers('via');
  if (rows.length > 1 || response.topVia.length !== rows[0]?.length) return undefined;
  const token = branch.slice(PREFIX.length);
  return token === '' || token.length > TOKEN_LENGTH_MAX ? undefined : token;
}
