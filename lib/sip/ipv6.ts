import { hexValue, octetAt, parseDigits } from './octets.ts';

/**
 * The eight 16-bit groups of an IPv6 address without brackets, or undefined when it is none (RFC 4291 §2.2, RFC 5954).
 * `:::` before an IPv4 part counts as `::`: the grammar of RFC 3261 produced it, and RFC 5118 §4.10 asks to accept it.
 */
export function parseIpv6(text: string): readonly number[] | undefined {
  if (text.length < 2 || text.length > IPV6_TEXT_MAX) return undefined;
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    const end = endOfGroup(text, at);
    if (octetAt(text, end) === DOT) {
      if (!pushIpv4(groups, text, at)) return undefined;
      break;
    }
    if (!pushHex(groups, text, at, end)) return undefined;
    if (end === text.length) break;
    at = end + 1;
    if (at === text.length) return undefined;
    if (octetAt(text, at) !== COLON) continue;
    if (gap >= 0) return undefined;
    gap = groups.length;
    at++;
    if (octetAt(text, at) === COLON && text.indexOf('.', at) > at) at++;
  }
  return fillGap(groups, gap);
}

const COLON = 58;
const DOT = 46;
const GROUPS = 8;
/** Octets of the longest spelling: six groups and an IPv4 part, 45, and one for a third colon. */
const IPV6_TEXT_MAX = 46;

/** The address as RFC 5952 writes it, but all in hex: one spelling for each address. */
export function formatIpv6(groups: readonly number[]): string {
  const gap = longestZeroRun(groups);
  if (gap.length < 2) return groups.map(toHex).join(':');
  const before = groups.slice(0, gap.start).map(toHex).join(':');
  const after = groups
    .slice(gap.start + gap.length)
    .map(toHex)
    .join(':');
  return before + '::' + after;
}

function toHex(group: number): string {
  return group.toString(16);
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at < groups.length; at++) {
    if (groups[at] !== 0) start = at + 1;
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start };
  }
  return best;
}

function endOfGroup(text: string, at: number): number {
  while (at < text.length && hexValue(text.charCodeAt(at)) >= 0) at++;
  return at;
}

function pushHex(groups: number[], text: string, start: number, end: number): boolean {
  if (start === end || end - start > 4 || groups.length === GROUPS) return false;
  if (end < text.length && text.charCodeAt(end) !== COLON) return false;
  groups.push(Number.parseInt(text.substring(start, end), 16));
  return true;
}

function pushIpv4(groups: number[], text: string, start: number): boolean {
  const parts = text.substring(start).split('.');
  if (parts.length !== 4 || groups.length > GROUPS - 2) return false;
  const octets: number[] = [];
  for (const part of parts) {
    const octet = part.length > 3 ? -1 : parseDigits(part, 0, part.length, 255);
    if (octet < 0) return false;
    octets.push(octet);
  }
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  groups.push(a * 256 + b, c * 256 + d);
  return true;
}

function fillGap(groups: number[], gap: number): readonly number[] | undefined {
  if (gap < 0) return groups.length === GROUPS ? groups : undefined;
  if (groups.length === GROUPS) return undefined;
  const zeros = new Array<number>(GROUPS - groups.length).fill(0);
  return [...groups.slice(0, gap), ...zeros, ...groups.slice(gap)];
}
