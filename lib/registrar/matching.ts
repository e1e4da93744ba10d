import type { LocationRecord } from '../location/record.ts';
import { Fault } from '../sip/fault.ts';
import { sameUri } from '../sip/same-uri.ts';
import { parseUri, type SipUri } from '../sip/uri.ts';
import { keyHead } from './binding-key.ts';
import type { ContactFacts } from './contact-facts.ts';

/** What the table knows of one Contact of a request, dead records included. */
export interface Match {
  /** The record under the Contact's own key. */
  readonly own: LocationRecord | undefined;
  /** Records under other keys whose contact is the same (RFC 3261 §19.1.4; with matching_mode 1 of the same Call-ID). */
  readonly others: readonly LocationRecord[];
}

const NO_OTHERS: readonly LocationRecord[] = [];

/** The records of one AoR, as one request asks for them: each URI is parsed at most once, and only where it may match. */
export class RecordMatcher {
  readonly #records: readonly LocationRecord[];
  readonly #callId: string;
  readonly #matchingMode: 0 | 1;
  #uris: (SipUri | Fault | undefined)[] | undefined = undefined;

  constructor(records: readonly LocationRecord[], callId: string, matchingMode: 0 | 1) {
    this.#records = records;
    this.#callId = callId;
    this.#matchingMode = matchingMode;
  }

  matchOf(contact: ContactFacts): Match {
    const only = this.#records[0];
    if (only === undefined) return { own: undefined, others: NO_OTHERS };
    if (this.#records.length === 1 && only.key === contact.key) return { own: only, others: NO_OTHERS };
    return this.#search(contact);
  }

  #search(contact: ContactFacts): Match {
    const head = keyHead(contact.key, contact.uri);
    let own: LocationRecord | undefined;
    let others: LocationRecord[] | undefined;
    for (let index = 0; index < this.#records.length; index++) {
      const record = this.#records[index];
      if (record === undefined || !record.key.startsWith(head)) continue;
      if (record.key === contact.key) own = record;
      else if (this.#isSameContact(index, record, contact.uri)) (others ??= []).push(record);
    }
    return { own, others: others ?? NO_OTHERS };
  }

  #isSameContact(index: number, record: LocationRecord, uri: SipUri): boolean {
    if (this.#matchingMode === 1 && record.callId !== this.#callId) return false;
    this.#uris ??= new Array<SipUri | Fault | undefined>(this.#records.length).fill(undefined);
    const known = (this.#uris[index] ??= parseUri(record.contactUri));
    return !(known instanceof Fault) && sameUri(known, uri);
  }
}
