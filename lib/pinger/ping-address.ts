import { isIPv4 } from 'node:net';
import { formatIpv6, parseIpv6 } from '../sip/ipv6.ts';

/** `unusable`: no single other host has this address, or it is none at all. */
export type AddressKind = 'host' | 'name' | 'unusable';

const MAPPED_MARK = 0xffff;
const UNSPECIFIED = '::';

/**
 * What the host of a URI is, IPv6 without brackets. Whoever registers must not have us send to a whole network, or look up a
 * name that is none.
 */
export function addressKind(host: string): AddressKind {
  const address = sameSpelling(host);
  if (isIPv4(address)) return ipv4Kind(address);
  // `127.1` and `2130706433` are addresses to some resolvers and names to others.
  if (!host.includes(':')) return /^[\d.]*$/.test(host) ? 'unusable' : 'name';
  const [first = MAPPED_MARK] = parseIpv6(host) ?? [];
  return address === UNSPECIFIED || first >= 0xff00 ? 'unusable' : 'host';
}

/** The one spelling of an address, to compare by: IPv6 without zone, IPv4-mapped as IPv4 (RFC 4291 §2.5.5.2). A name as it is. */
export function sameSpelling(host: string): string {
  const groups = host.includes(':') ? parseIpv6(host.replace(/%.*/s, '')) : undefined;
  if (groups === undefined) return host;
  const [mark = 0, high = 0, low = 0] = groups.slice(5);
  const isMapped = mark === MAPPED_MARK && groups.slice(0, 5).every((group) => group === 0);
  return isMapped ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.') : formatIpv6(groups);
}

/** Not 0/8 (RFC 1122 §3.2.1.3), not multicast (RFC 5771), not the limited broadcast. */
function ipv4Kind(host: string): AddressKind {
  const first = Number.parseInt(host, 10);
  const isMulticast = first >= 224 && first < 240;
  return first === 0 || isMulticast || host === '255.255.255.255' ? 'unusable' : 'host';
}
