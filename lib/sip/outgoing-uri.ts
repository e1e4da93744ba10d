import { Fault } from './fault.ts';
import { classOf, CR, LF, NEVER_IN_URI } from './octets.ts';
import { parseUri } from './uri.ts';

/** RFC 3261 §19.1.1: what follows a contact's `?` belongs neither into a Request-URI nor into To. */
export function withoutHeaders(uriText: string): string {
  // A question mark may also stand in the user part.
  if (!uriText.includes('?')) return uriText;
  const uri = parseUri(uriText);
  if (uri instanceof Fault || (uri.headers === '' && !uriText.endsWith('?'))) return uriText;
  return uriText.substring(0, uriText.length - uri.headers.length - 1);
}

/** Whether it has no octet that could end the URI, or begin another header. */
export function isUriText(text: string): boolean {
  for (let at = 0; at < text.length; at++) if ((classOf(text.charCodeAt(at)) & NEVER_IN_URI) !== 0) return false;
  return text !== '';
}

/** Stored Path values may have display names and quoted parameters, but no row of a request ends in the middle. */
export function isOneLine(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === CR || octet === LF || octet === 0) return false;
  }
  return true;
}
