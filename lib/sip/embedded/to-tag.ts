import type { Random } from '../../core/random.ts';
import type { SipRequest } from '../request.ts';

/**
 * The To tags of a server that keeps no transaction: RFC 3261 §8.2.7 wants the same tag for every retransmission of a
 * request, so the tag is a hash of what stays the same in them and is the request's own. Two random words keep the tags
 * of different processes apart.
 */
export class ToTags {
  readonly #seed: number;
  readonly #prefix: string;

  constructor(random: Random) {
    this.#seed = random.u32();
    this.#prefix = `${random.u32().toString(36)}-`;
  }

  tagFor(request: SipRequest): string {
    const hash = Math.imul(hashText(this.#seed, request.callId) ^ request.cseq, FNV_PRIME);
    return this.#prefix + hexOf(hash);
  }
}

const FNV_PRIME = 0x01000193;

const OCTETS_HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** Four look-ups: `Number.toString(16)` of what fits no small integer costs three times as much. */
function hexOf(word: number): string {
  const high = octetHex(word >>> 24) + octetHex(word >>> 16);
  return high + octetHex(word >>> 8) + octetHex(word);
}

function octetHex(word: number): string {
  return OCTETS_HEX[word & 0xff] ?? '';
}

/** FNV-1a, 32 bits: tags need to differ, not to withstand anybody. */
function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return hash;
}
