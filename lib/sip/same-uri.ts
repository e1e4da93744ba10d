import { canonicalHost } from './canonical-uri.ts';
import { Fault } from './fault.ts';
import { normalText } from './normal-text.ts';
import { PARAM, USER } from './octets.ts';
import { parseUri, type SipUri, type UriParam } from './uri.ts';

/**
 * Equality of RFC 3261 §19.1.4: symmetric and reflexive, not transitive. A default port or transport that is written
 * differs from one that is not.
 */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.text === b.text) return true;
  if (a.scheme !== b.scheme || a.port !== b.port) return false;
  if (a.host === '') return a.text.substring(a.scheme.length) === b.text.substring(b.scheme.length);
  return (
    isSameHost(a.host, b.host) &&
    isSameUserPart(a.user, b.user) &&
    isSameUserPart(a.password, b.password) &&
    paramsAgree(sortedParams(a), sortedParams(b)) &&
    isSameHeaders(a.headers, b.headers)
  );
}

/** The same on text; what does not parse equals only itself, octet by octet. */
export function sameUriText(a: string, b: string): boolean {
  if (a === b) return true;
  const uriA = parseUri(a);
  if (uriA instanceof Fault) return false;
  const uriB = parseUri(b);
  return !(uriB instanceof Fault) && sameUri(uriA, uriB);
}

function isSameHost(a: string, b: string): boolean {
  return a === b || canonicalHost(a) === canonicalHost(b);
}

/** User and password keep their case. */
function isSameUserPart(a: string, b: string): boolean {
  return a === b || normalText(a, USER, false) === normalText(b, USER, false);
}

/** Parameters that say where or how to send: one that only one of two URIs has makes them differ, even with its default value. */
const DECISIVE_PARAMS: ReadonlySet<string> = new Set(['user', 'ttl', 'method', 'maddr', 'transport']);

/**
 * The parameters of URIs that were not written in order, sorted once: a hostile phone may bind hundreds of contacts with
 * dozens of parameters each, all of which are compared with each other.
 */
const SORTED_PARAMS = new WeakMap<SipUri, readonly UriParam[]>();

function sortedParams(uri: SipUri): readonly UriParam[] {
  if (uri.isCanonical || uri.params.length < 2) return uri.params;
  const known = SORTED_PARAMS.get(uri);
  if (known !== undefined) return known;
  const sorted = uri.params.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  SORTED_PARAMS.set(uri, sorted);
  return sorted;
}

/** Whether the parameters, in the order of their names, contradict each other; those that only one has are mostly ignored. */
function paramsAgree(a: readonly UriParam[], b: readonly UriParam[]): boolean {
  let atA = 0;
  let atB = 0;
  for (;;) {
    const paramA = a[atA];
    const paramB = b[atB];
    if (paramA === undefined && paramB === undefined) return true;
    const order = nameOrder(paramA, paramB);
    if (order === 0 && !isSameParamValue(paramA?.value, paramB?.value)) return false;
    const alone = order < 0 ? paramA : paramB;
    if (order !== 0 && alone !== undefined && DECISIVE_PARAMS.has(alone.name)) return false;
    if (order <= 0) atA++;
    if (order >= 0) atB++;
  }
}

/** Negative when `a` comes first, 0 when the two have one name; the end of a list comes last. */
function nameOrder(a: UriParam | undefined, b: UriParam | undefined): number {
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}

function isSameParamValue(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && normalText(a, PARAM, true) === normalText(b, PARAM, true);
}

const HEADER_PART = PARAM | USER;

/** Headers are never ignored; their order is. */
function isSameHeaders(a: string, b: string): boolean {
  return a === b || normalHeaders(a) === normalHeaders(b);
}

function normalHeaders(headers: string): string {
  return headers.split('&').map(normalHeader).sort().join('&');
}

/** The name has no case; the value keeps it, since most headers' values have. */
function normalHeader(header: string): string {
  const equals = header.indexOf('=');
  if (equals < 0) return normalText(header, HEADER_PART, true);
  return (
    normalText(header.substring(0, equals), HEADER_PART, true) +
    '=' +
    normalText(header.substring(equals + 1), HEADER_PART, false)
  );
}
