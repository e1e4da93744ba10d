import type { ContactName } from '../history/planned-event.ts';
import { contactOf } from '../world/contacts.ts';

interface RequestFacts {
  readonly aor: string;
  readonly asks: 'contacts' | 'star' | 'query';
  readonly contacts: readonly ContactName[];
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string;
  readonly label: string;
}

/** A REGISTER on its way to a node, as its sender knows it. */
export class SentRequest {
  readonly aor: string;
  readonly asks: 'contacts' | 'star' | 'query';
  readonly callId: string;
  readonly cseq: number;
  /** New for each request, so that a binding tells which one made it; copies of one request bear the same. */
  readonly userAgent: string;
  readonly label: string;
  readonly #contacts: readonly ContactName[];

  constructor(facts: RequestFacts) {
    this.aor = facts.aor;
    this.asks = facts.asks;
    this.callId = facts.callId;
    this.cseq = facts.cseq;
    this.userAgent = facts.userAgent;
    this.label = facts.label;
    this.#contacts = facts.contacts;
  }

  /** Whether it may write a record of this contact. */
  names(contactUri: string): boolean {
    return this.#contacts.includes(contactOf(contactUri));
  }

  /** Whether it is about the contact; undefined: about all of them. */
  concerns(contact: ContactName | undefined): boolean {
    return contact === undefined || this.asks === 'star' || this.#contacts.includes(contact);
  }
}
