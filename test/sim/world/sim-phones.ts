import { registerText } from '../../registrar/support/register-text.ts';
import type { ContactWish, PhoneEvent } from '../history/planned-event.ts';
import { SentRequest } from '../oracle/sent-request.ts';
import { aorName, aorUri, contactUri } from './contacts.ts';

/** A request, ready to be sent once or more often. */
export interface PhoneRequest {
  readonly text: string;
  readonly sent: SentRequest;
}

/** A phone waits for an answer for so long before it does something else. */
const WAITS_MS = 1000;

interface Unanswered {
  readonly sinceMs: number;
}

/** The phones of one history: they number their requests, wait for answers, and may send one again. */
export class SimPhones {
  readonly #cseqs = new Map<string, number>();
  readonly #requests = new Map<number, PhoneRequest>();
  readonly #unanswered = new Map<number, Unanswered>();
  #made = 0;

  /** The request that the event of this id makes; undefined when there is none to send again, or its phone still waits for an answer. */
  requestOf(id: number, event: PhoneEvent, nowMs: number): PhoneRequest | undefined {
    if (event.kind === 'again') return this.#requests.get(event.of);
    const phone = event.kind === 'query' ? undefined : event.phone;
    if (phone !== undefined && nowMs - (this.#unanswered.get(phone)?.sinceMs ?? -Infinity) < WAITS_MS) return undefined;
    const request = this.#make(event);
    this.#requests.set(id, request);
    if (phone !== undefined) this.#unanswered.set(phone, { sinceMs: nowMs });
    return request;
  }

  answered(event: PhoneEvent): void {
    if (event.kind === 'register' || event.kind === 'star') this.#unanswered.delete(event.phone);
  }

  #make(event: Exclude<PhoneEvent, { kind: 'again' }>): PhoneRequest {
    const callId = `${event.kind === 'query' ? 'q' : `p${String(event.phone)}`}-u${String(event.aor)}`;
    const cseq = (this.#cseqs.get(callId) ?? 0) + 1;
    this.#cseqs.set(callId, cseq);
    const userAgent = `request/${String(this.#made++)}`;
    const wishes = event.kind === 'register' ? event.contacts : [];
    const text = registerText({
      to: aorUri(event.aor),
      callId,
      cseq,
      headers: [`User-Agent: ${userAgent}`],
      contact: event.kind === 'star' ? '*' : wishes.map(contactText),
      ...(event.kind === 'star' ? { expires: 0 } : {}),
    });
    const facts = {
      aor: aorName(event.aor),
      asks: event.kind === 'register' ? 'contacts' : event.kind,
      contacts: wishes.map(({ contact }) => contact),
      callId,
      cseq,
      userAgent,
      label: labelOf(event, wishes, `${callId}/${String(cseq)}`),
    } as const;
    return { text, sent: new SentRequest(facts) };
  }
}

function contactText({ contact, otherwise, expiresS }: ContactWish): string {
  return `<${contactUri(contact, otherwise === true)}>;expires=${String(expiresS)}`;
}

function labelOf(event: PhoneEvent, wishes: readonly ContactWish[], number: string): string {
  if (event.kind === 'star') return `REGISTER * (${number})`;
  if (event.kind === 'query') return `query (${number})`;
  const list = wishes.map(
    ({ contact, otherwise, expiresS }) =>
      `${expiresS === 0 ? '-' : ''}${contact}${otherwise === true ? "'" : ''}${expiresS === 0 ? '' : ` ${String(expiresS)} s`}`,
  );
  return `REGISTER ${list.join(', ')} (${number})`;
}
