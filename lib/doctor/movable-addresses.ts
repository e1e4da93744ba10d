import { isLoopback } from '../core/is-loopback.ts';
import type { Config } from '../config/config.ts';

/** Each stands for all addresses of its family. */
export const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The addresses of the SIP listeners that can be on one host or the other: no wildcard, and no loopback address. */
export function movableAddresses({ listen }: Pick<Config, 'listen'>): readonly string[] {
  const addresses = new Set(listen.map(({ address }) => canonicalAddress(address)));
  return [...addresses].filter((address) => !WILDCARDS.has(address) && !isLoopback(address));
}

/** One text for each address: IPv6 as a URL has it, without its zone. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const [bare = text] = text.split('%', 1);
  return URL.canParse(`http://[${bare}]`) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : text;
}
