import type { PlaceTransport } from './place.ts';
import type { SipText } from './sip-text.ts';
import { readVias } from './via-text.ts';

/** What the server does with a request before any app hears of it. */
export type Verdict =
  | { readonly kind: 'drop' }
  /** Answered by the server. `isBroken`: it could not be read, and on a connection nothing after it can. */
  | { readonly kind: 'refuse'; readonly status: string; readonly isBroken: boolean }
  /** The server ends. */
  | { readonly kind: 'crash' }
  | { readonly kind: 'offer' };

const DROP: Verdict = { kind: 'drop' };
const HEADER_OCTETS_MAX = 8192;
/** Headers of which the server takes one. */
const SINGLE: readonly (readonly [key: string, name: string])[] = [
  ['from', 'From'],
  ['to', 'To'],
  ['call-id', 'Call-ID'],
  ['cseq', 'CSeq'],
];
/** Methods that the server offers to apps. */
const OFFERED: ReadonlySet<string> = new Set(
  'INVITE REGISTER MESSAGE OPTIONS INFO NOTIFY SUBSCRIBE PUBLISH'.split(' '),
);
const DIALOG_ONLY: ReadonlySet<string> = new Set(['BYE', 'CANCEL', 'UPDATE']);
const MONTHS = /^\w{3}, \d\d \w{3} \d{4} /;

function refuse(status: string, isBroken = true): Verdict {
  return { kind: 'refuse', status, isBroken };
}

/** A request outside of any dialog, by what it is; what an app must still check passes. */
export function verdictOn(message: SipText, transport: PlaceTransport): Verdict {
  const line = /^([!-~]+) ([^ ]+) SIP\/(\d)\.\d$/.exec(message.startLine);
  const vias = message.all('via').map(readVias);
  const via = vias.find((values) => values !== undefined)?.[0];
  if (line === null || via?.protocol.toLowerCase() !== `sip/2.0/${transport}`) return DROP;
  const [, method = '', , version] = line;
  if (version !== '2') return refuse('505 Version Not Supported');
  if (vias.includes(undefined)) return refuse('400 Bad Via Header');
  return (
    brokenHeader(message, transport) ?? brokenSequence(message, method) ?? brokenContact(message) ?? byMethod(method)
  );
}

function brokenHeader(message: SipText, transport: PlaceTransport): Verdict | undefined {
  for (const [key, name] of SINGLE) {
    if (message.all(key).length > 1) return refuse(`400 Bad ${name} Header`);
  }
  for (const [key, name] of SINGLE.slice(0, 2)) {
    const value = message.get(key);
    if (value !== undefined && !isAddress(value)) return refuse(`400 Bad ${name} Header`);
  }
  if (message.all('contact').some((value) => !isContact(value))) return refuse('400 Bad Contact Header');
  const expires = message.get('expires');
  if (expires !== undefined && !/^\d+$/.test(expires) && !MONTHS.test(expires)) return refuse('400 Bad Expires Header');
  const length = message.get('content-length');
  if (length === undefined ? transport === 'tcp' : !/^\d+$/.test(length)) {
    return refuse(length === undefined ? '400 Bad Request' : '400 Bad Content-Length Header');
  }
  const isUnreadable = message.rows.some(
    ({ raw }) => !raw.includes(':') || raw.includes('\0') || raw.length > HEADER_OCTETS_MAX,
  );
  const forwards = message.get('max-forwards');
  return isUnreadable || (forwards !== undefined && !/^\d+$/.test(forwards)) ? refuse('400 Bad Request') : undefined;
}

function brokenSequence(message: SipText, method: string): Verdict | undefined {
  const cseq = message.get('cseq');
  if (cseq !== undefined) {
    const parts = /^(\d+)\s+(\S+)/.exec(cseq);
    if (parts === null || Number(parts[1]) >= 2 ** 32) return refuse('400 Bad CSeq Header');
    if (parts[2] !== method) return refuse('400 Bad Request');
  }
  return SINGLE.some(([key]) => message.get(key) === undefined) ? refuse('400 Bad Request') : undefined;
}

/** Two rules for REGISTER that are the server's own, not those of its SIP stack. */
function brokenContact(message: SipText): Verdict | undefined {
  const contact = message.get('contact');
  if (contact === undefined || !message.startLine.startsWith('REGISTER ')) return undefined;
  const isForeign = contact !== '*' && !/[a-z][a-z0-9+.-]*:/i.test(contact) && !contact.startsWith('*');
  const lasts = contact === '*' && !/^0*$/.test(message.get('expires') ?? '');
  return isForeign || lasts ? refuse('400 Bad Request', false) : undefined;
}

function byMethod(method: string): Verdict {
  if (OFFERED.has(method)) return { kind: 'offer' };
  if (DIALOG_ONLY.has(method)) return refuse('481 Call/Transaction Does Not Exist', false);
  return method === 'PRACK' ? { kind: 'crash' } : DROP;
}

/** An address as the server reads it: little more than that quotes and brackets have an end. */
function isAddress(value: string): boolean {
  const bare = value.replaceAll(/"(?:\\.|[^"\\])*"/g, '');
  return value !== '' && !bare.includes('"') && countOf(bare, '<') === countOf(bare, '>');
}

function isContact(value: string): boolean {
  return isAddress(value) && !/<\s*[<>]/.test(value);
}

function countOf(text: string, character: string): number {
  return text.split(character).length - 1;
}
