import { Fault } from '../sip/fault.ts';
import { sameUri } from '../sip/same-uri.ts';
import { parseUri, type SipUri } from '../sip/uri.ts';

/** Parsed URIs that are remembered, more than an AoR has records by default; when so many are, all are forgotten. */
const REMEMBERED_MAX = 512;

/**
 * RFC 3261 §19.1.4 equality of Contact URIs given as text, as the table asks for it: one contact against all others of its
 * AoR, again and again. The one is parsed once. Of the others those at the same host and port are remembered, for only
 * they cost more than a look: a phone may have some hundred contacts that differ in a parameter, and mostly none does.
 */
export class ContactComparer {
  #askedText = '';
  #asked: SipUri | Fault = parseUri('');
  readonly #remembered = new Map<string, SipUri | Fault>();

  /** What does not parse equals only itself, octet by octet. */
  readonly isSame = (a: string, b: string): boolean => {
    if (a === b) return true;
    const asked = this.#parseAsked(a);
    if (asked instanceof Fault) return false;
    const known = this.#remembered.size === 0 ? undefined : this.#remembered.get(b);
    const other = known ?? parseUri(b);
    if (other instanceof Fault) return false;
    if (known === undefined && other.host === asked.host && other.port === asked.port) this.#remember(b);
    return sameUri(asked, other);
  };

  #parseAsked(text: string): SipUri | Fault {
    if (this.#askedText !== text) {
      this.#askedText = text;
      this.#asked = parseUri(text);
    }
    return this.#asked;
  }

  #remember(text: string): void {
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    // A copy, since the text may be a slice of the request, which it would keep in memory as a whole.
    const copy = Buffer.from(text, 'latin1').toString('latin1');
    this.#remembered.set(copy, parseUri(copy));
  }
}
