import { isIPv4, isIPv6 } from 'node:net';
import type { InterfaceAddress } from '../serving/interface-addresses.ts';

/**
 * What a socket on a wildcard address calls itself: the first address of its family that is neither loopback nor
 * link-local, else loopback. Replies find their way by `rport`, so a wrong guess on a host with several networks costs
 * nothing; who needs a certain name there sets it with `as`.
 */
export function ownAddress(family: 4 | 6, addresses: readonly InterfaceAddress[]): string {
  const isOfFamily = family === 4 ? isIPv4 : isIPv6;
  const found = addresses.find(({ address, internal }) => !internal && isOfFamily(address) && !isLinkLocal(address));
  return found?.address ?? (family === 4 ? '127.0.0.1' : '::1');
}

/** RFC 3927 §2.1, RFC 4291 §2.5.6 as systems assign them. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || address.toLowerCase().startsWith('fe80:');
}
