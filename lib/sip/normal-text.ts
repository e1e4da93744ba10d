import { classOf, toLower, UNRESERVED, UPPER } from './octets.ts';
import { escapedOctet } from './unescape.ts';

const PERCENT = 37;

/**
 * One spelling for all equal ones (RFC 3261 §19.1.4): escapes of unreserved octets are undone, the others get upper-case
 * digits, and an octet that may not stand plainly in this part of a URI is escaped. Reserved octets stay as they are,
 * since `;` and `%3B` differ. Applying it again changes nothing.
 *
 * @param plain the classes of octets that may stand plainly
 * @param foldsCase for the parts whose letters have no case
 */
export function normalText(text: string, plain: number, foldsCase: boolean): string {
  if (isNormal(text, plain, foldsCase)) return text;
  let normal = '';
  for (let at = 0; at < text.length; at++) {
    const raw = text.charCodeAt(at);
    const escaped = raw === PERCENT ? escapedOctet(text, at) : -1;
    if (escaped >= 0) at += 2;
    const octet = escaped >= 0 ? escaped : raw;
    const standsPlain = (classOf(octet) & (escaped >= 0 ? UNRESERVED : plain)) !== 0;
    normal += standsPlain ? String.fromCharCode(foldsCase ? toLower(octet) : octet) : escapeOf(octet);
  }
  return normal;
}

function isNormal(text: string, plain: number, foldsCase: boolean): boolean {
  for (let at = 0; at < text.length; at++) {
    const octetClass = classOf(text.charCodeAt(at));
    if ((octetClass & plain) === 0 || (foldsCase && (octetClass & UPPER) !== 0)) return false;
  }
  return true;
}

function escapeOf(octet: number): string {
  return (octet < 16 ? '%0' : '%') + octet.toString(16).toUpperCase();
}
