import { Fault } from './fault.ts';
import { CONTACTS_MAX } from './limits.ts';
import { NameAddrScanner } from './name-addr.ts';
import { skipBlanks } from './octets.ts';

/** One value of a Contact header, as a phone gives it in REGISTER. Values are without quotes; '' for a flag, undefined = not there. */
export interface ContactValue {
  /** As written, without angle brackets; not parsed yet. */
  readonly uriText: string;
  /** All header parameters as written, from the first `;` on; '' without. */
  readonly params: string;
  readonly q: string | undefined;
  readonly expires: string | undefined;
  /** +sip.instance, with its angle brackets. */
  readonly instance: string | undefined;
  readonly received: string | undefined;
  readonly methods: string | undefined;
}

export type Contacts =
  | { readonly kind: 'none' }
  /** `alone`: the star was the only Contact value of the request. */
  | { readonly kind: 'star'; readonly alone: boolean }
  | { readonly kind: 'list'; readonly contacts: readonly ContactValue[] };

const NONE: Contacts = { kind: 'none' };
const STAR_ALONE: Contacts = { kind: 'star', alone: true };
const TOO_MANY = new Fault(400, 'Too Many Contacts');
const STAR_AMONG_OTHERS: Contacts = { kind: 'star', alone: false };

/** Reads Contact rows, unfolded, as if they were one (RFC 3261 §7.3.1): `addRow` each, then `contacts`. */
export class ContactReader {
  readonly #contacts: ContactValue[] = [];
  #stars = 0;

  /** Reads the row that stands in `text` from `start` to `end`; after a Fault the reader is of no more use. */
  addRow(text: string, start: number, end: number): Fault | undefined {
    const scanner = new NameAddrScanner(text, start, end);
    do {
      if (this.#contacts.length + this.#stars === CONTACTS_MAX) return TOO_MANY;
      const behindStar = endOfStar(text, scanner.at, end);
      if (behindStar < 0) {
        const fault = this.#addContact(scanner);
        if (fault !== undefined) return fault;
      } else {
        this.#stars++;
        scanner.at = behindStar;
      }
    } while (scanner.hasNext());
    return undefined;
  }

  contacts(): Contacts {
    if (this.#stars === 0) return this.#contacts.length === 0 ? NONE : { kind: 'list', contacts: this.#contacts };
    return this.#stars === 1 && this.#contacts.length === 0 ? STAR_ALONE : STAR_AMONG_OTHERS;
  }

  #addContact(scanner: NameAddrScanner): Fault | undefined {
    const fault = scanner.next();
    if (fault !== undefined) return fault;
    let q: string | undefined;
    let expires: string | undefined;
    let instance: string | undefined;
    let received: string | undefined;
    let methods: string | undefined;
    const { params } = scanner;
    while (params.next()) {
      if (params.isNamed('expires')) expires ??= params.value();
      else if (params.isNamed('q')) q ??= params.value();
      else if (params.isNamed('+sip.instance')) instance ??= params.value();
      else if (params.isNamed('received')) received ??= params.value();
      else if (params.isNamed('methods')) methods ??= params.value();
    }
    const malformed = scanner.finish();
    if (malformed !== undefined) return malformed;
    const uriText = scanner.uriText();
    this.#contacts.push({ uriText, params: scanner.paramsText(), q, expires, instance, received, methods });
    return undefined;
  }
}

const STAR = 42;
const COMMA = 44;

/** Index behind a `*` that is a whole value, -1 for anything else; a star may also begin a display name. */
function endOfStar(text: string, at: number, end: number): number {
  if (at >= end || text.charCodeAt(at) !== STAR) return -1;
  const behind = skipBlanks(text, at + 1, end);
  return behind === end || text.charCodeAt(behind) === COMMA ? behind : -1;
}
