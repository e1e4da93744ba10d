import { isIPv4 } from 'node:net';
import { formatIpv6, parseIpv6 } from '../ipv6.ts';

const MAPPED_MARK = 0xffff;

/**
 * The one spelling of a numeric address, to compare by: IPv6 without zone as `formatIpv6` writes it, an IPv4-mapped one as
 * IPv4. Undefined for a name. The zone of a link-local address is this host's own, so that no URI has one.
 */
export function numericAddress(host: string): string | undefined {
  if (isIPv4(host)) return host;
  if (!host.includes(':')) return undefined;
  const zone = host.indexOf('%');
  const groups = parseIpv6(zone < 0 ? host : host.slice(0, zone));
  if (groups === undefined) return undefined;
  return mappedIpv4(groups) ?? formatIpv6(groups);
}

/** RFC 4291 §2.5.5.2 */
function mappedIpv4(groups: readonly number[]): string | undefined {
  const [mark = 0, high = 0, low = 0] = groups.slice(5);
  if (mark !== MAPPED_MARK || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
