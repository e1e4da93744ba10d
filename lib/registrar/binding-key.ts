import { canonicalUri } from '../sip/canonical-uri.ts';
import type { SipUri } from '../sip/uri.ts';

/** No octet of a Call-ID is a line feed, so what follows the last one is the Call-ID, and no two pairs make one key. */
const KEY_SEPARATOR = '\n';

/** A binding's identity within its AoR: the canonical contact; with matching_mode 1 the Call-ID too. Whoever adds bindings makes keys with this. */
export function bindingKey(uri: SipUri, callId: string, matchingMode: 0 | 1): string {
  const canonical = canonicalUri(uri);
  return matchingMode === 0 ? canonical : canonical + KEY_SEPARATOR + callId;
}

const SEMICOLON = 0x3b;
const QUESTION = 0x3f;
const LINE_FEED = 0x0a;

/**
 * The key up to and with host and port: equal contacts have the same there, since only parameters and the order of
 * headers can differ between them. A cheap first question before URIs are parsed and compared.
 */
export function keyHead(key: string, uri: SipUri): string {
  // The user part may hold `;` and `?`, but no `@`; host and port hold none of the three.
  let end = uri.user === '' ? 0 : key.indexOf('@');
  while (end < key.length && !endsHead(key.charCodeAt(end))) end++;
  return key.slice(0, end);
}

function endsHead(code: number): boolean {
  return code === SEMICOLON || code === QUESTION || code === LINE_FEED;
}
