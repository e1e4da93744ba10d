/** `nat_uac_test`: bits and names as in OpenSIPS. */
export const NAT_TESTS = {
  /** Contact's host is a private IPv4 address. */
  'private-contact': 1,
  /** The source address is not the one in the topmost Via. */
  'diff-ip-src-via': 2,
  /** Via's host is a private IPv4 address. */
  'private-via': 4,
  /** Accepted for scripts' sake; a REGISTER has no SDP. */
  'private-sdp': 8,
  /** The source port is not the one in the topmost Via. */
  'diff-port-src-via': 16,
  /** The source address is not the Contact's host. */
  'diff-ip-src-contact': 32,
  /** The source port is not the Contact's. */
  'diff-port-src-contact': 64,
  /** No test of its own: 100.64.0.0/10 (RFC 6598) counts as private in the others. */
  'carrier-grade-nat': 128,
} as const;

const ALL_TESTS = 255;

/** A test that does not exist, as it was written. */
export interface BadNatTest {
  readonly badTest: string;
}

/** Reads both forms: a sum of bits (`19`), or names separated by commas (`private-contact,diff-ip-src-via`). '' = none. */
export function parseNatUacTest(text: string): number | BadNatTest {
  let bits = 0;
  for (const part of text.split(',')) {
    const name = part.trim();
    const bit = name === '' ? 0 : (NAT_TEST_BITS.get(name) ?? Number(name));
    if (!Number.isInteger(bit) || bit < 0 || bit > ALL_TESTS) return { badTest: name };
    bits |= bit;
  }
  return bits;
}

const NAT_TEST_BITS: ReadonlyMap<string, number> = new Map(Object.entries(NAT_TESTS));

/** RFC 1918, and with `carrierGrade` RFC 6598. Anything but a dotted IPv4 address is not private. */
export function isPrivateIpv4(host: string, carrierGrade: boolean): boolean {
  const first = firstTwoOctets(host);
  if (first < 0) return false;
  const high = first >> 8;
  const low = first & 0xff;
  if (high === 10) return true;
  if (high === 172) return low >= 16 && low <= 31;
  if (high === 192) return low === 168;
  return carrierGrade && high === 100 && low >= 64 && low <= 127;
}

/** The first two octets of a dotted IPv4 address as one number; -1 for anything else. */
function firstTwoOctets(host: string): number {
  let result = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) {
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30;
      if (octet > 255) return -1;
    } else if (code === 0x2e && octet >= 0 && dots < 3) {
      if (dots < 2) result = (result << 8) | octet;
      dots++;
      octet = -1;
    } else return -1;
  }
  return dots === 3 && octet >= 0 ? result : -1;
}
