import type { SipReply } from '../engine.ts';
import type { SipHeader } from '../fault.ts';
import { NameAddrScanner } from '../name-addr.ts';

/**
 * A reply as drachtio-server takes it: without Via, From, To, Call-ID, CSeq and Content-Length, which it copies or counts
 * itself. @param server value of the Server header, '' for none
 */
export function replyText({ status, reason, headers }: SipReply, server: string): string {
  let text = `SIP/2.0 ${String(status)} ${reason}`;
  for (const [name, value] of headers) text += `\r\n${name}: ${name === 'Contact' ? withoutLocalhost(value) : value}`;
  if (server !== '') text += `\r\nServer: ${server}`;
  return `${text}\r\n\r\n`;
}

/** The server puts its own address in the place of a host that begins so, in From, To and Contact; a host's case means nothing. */
export function withoutLocalhost(text: string): string {
  return text.includes('@localhost') ? text.replaceAll('@localhost', '@LOCALHOST') : text;
}

const CUT_SENTENCE = 'More contacts than one reply through drachtio-server has room for';

/**
 * The same with as many Contacts as fit: first those that the request is about, which its sender looks for. Where
 * nothing is left to leave out it is 500. @param own URIs as the request has them @param room octets
 */
export function cutReplyText(reply: SipReply, server: string, own: ReadonlySet<string>, room: number): string {
  const contacts = reply.headers.filter(isContact).flatMap(([, value]) => contactValues(value));
  const others = reply.headers.filter((header) => !isContact(header));
  const bare: SipReply = { ...reply, headers: [...others, ['P-Registrar-Error', CUT_SENTENCE]] };
  let left = room - replyText(bare, server).length;
  if (left < 0 || contacts.length === 0) return replyText(TOO_LONG, server);
  const inOrder = [...contacts.filter(({ uri }) => own.has(uri)), ...contacts.filter(({ uri }) => !own.has(uri))];
  const kept: SipHeader[] = [];
  for (const { text } of inOrder) {
    const header: SipHeader = ['Contact', text];
    left -= 'Contact: \r\n'.length + text.length;
    if (left < 0) break;
    kept.push(header);
  }
  return replyText({ ...bare, headers: [...kept, ...bare.headers] }, server);
}

const TOO_LONG: SipReply = {
  status: 500,
  reason: 'Server Internal Error',
  headers: [['P-Registrar-Error', 'A longer reply than drachtio-server takes']],
};

function isContact([name]: SipHeader): boolean {
  return name === 'Contact';
}

function contactValues(row: string): { readonly uri: string; readonly text: string }[] {
  const found: { uri: string; text: string }[] = [];
  const scanner = new NameAddrScanner(row, 0, row.length);
  do {
    const start = scanner.at;
    if (scanner.next() !== undefined) break;
    while (scanner.params.next());
    if (scanner.finish() !== undefined) break;
    found.push({ uri: scanner.uriText(), text: row.slice(start, scanner.at).trim() });
  } while (scanner.hasNext());
  return found;
}
