import type { ContactName } from '../history/planned-event.ts';

/** Contact URIs of the histories, and back: from what a table or a reply shows to who is meant. */
export const CONTACTS: readonly ContactName[] = ['c0', 'c1', 'c2', 'c3'];

const HOSTS: Readonly<Record<ContactName, string>> = {
  c0: '10.0.0.10:5060',
  c1: '10.0.0.11:5061',
  c2: '10.0.0.12:5062',
  c3: 'phone-3.example.net',
};

/** Equal by RFC 3261 §19.1.4 and yet another key: a parameter that only one of them has. */
export function contactUri(contact: ContactName, otherwise: boolean): string {
  if (!otherwise) return `sip:${contact}@${HOSTS[contact]}`;
  return `sip:%63${contact.slice(1)}@${HOSTS[contact].toUpperCase()};ob`;
}

export function contactOf(uri: string): ContactName {
  const found = CONTACTS.find((contact) => uri.toLowerCase().replace('%63', 'c').startsWith(`sip:${contact}@`));
  if (found === undefined) throw new Error(`no contact of a history: ${uri}`);
  return found;
}

export function aorUri(aor: number): string {
  return `sip:u${String(aor)}@example.com`;
}

export function aorName(aor: number): string {
  return `u${String(aor)}@example.com`;
}
