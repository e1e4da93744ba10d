import { formatIpv6, parseIpv6 } from './ipv6.ts';
import { normalText } from './normal-text.ts';
import { PARAM, USER } from './octets.ts';
import type { SipUri, UriParam } from './uri.ts';

/**
 * The key of a URI: a pure function of it, and a URI itself. Equal keys mean equality by RFC 3261 §19.1.4. The converse
 * cannot hold, because that equality is not transitive: URIs that differ only in a parameter that the other lacks are
 * equal but have two keys, as have those whose headers are written differently.
 *
 * Scheme and host in lower case, IPv6 in one spelling, user and password with normal escapes, parameters sorted by name
 * and without case, headers as written. Other schemes keep what follows theirs. Most phones write their URI like this
 * already; then the key is the text.
 */
export function canonicalUri(uri: SipUri): string {
  if (uri.isCanonical) return uri.text;
  if (uri.host === '') return uri.scheme + uri.text.substring(uri.scheme.length);
  return (
    uri.scheme +
    ':' +
    userinfo(uri) +
    canonicalHost(uri.host) +
    (uri.port === 0 ? '' : ':' + String(uri.port)) +
    sortedParams(uri.params) +
    (uri.headers === '' ? '' : '?' + uri.headers)
  );
}

/** One spelling for each address; names as they are. @param host as in SipUri */
export function canonicalHost(host: string): string {
  if (!host.startsWith('[')) return host;
  const groups = parseIpv6(host.substring(1, host.length - 1));
  return groups === undefined ? host : '[' + formatIpv6(groups) + ']';
}

function userinfo(uri: SipUri): string {
  if (uri.user === '') return '';
  const user = normalText(uri.user, USER, false);
  return uri.password === '' ? user + '@' : user + ':' + normalText(uri.password, USER, false) + '@';
}

function sortedParams(params: readonly UriParam[]): string {
  let text = '';
  for (const param of params.toSorted(byName)) {
    text += ';' + param.name;
    if (param.value !== undefined) text += '=' + normalText(param.value, PARAM, true);
  }
  return text;
}

function byName(a: UriParam, b: UriParam): number {
  return a.name < b.name ? -1 : 1;
}
