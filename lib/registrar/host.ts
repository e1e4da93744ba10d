import { canonicalHost } from '../sip/canonical-uri.ts';

/** A network address as the host of a URI or a Via: IPv6 in brackets. A zone (`fe80::1%eth0`) is this host's own, and has no place there. */
export function bracketed(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  return `[${zone < 0 ? address : address.slice(0, zone)}]`;
}

/** Whether `host`, of a URI or a Via, is literally this network address (without brackets). No name is looked up. */
export function isAddress(host: string, address: string): boolean {
  if (host === address) return true;
  return host.startsWith('[') && canonicalHost(host) === canonicalHost(bracketed(address));
}
