import { requestText, transactionOf, type Exchange } from './exchange.ts';
import type { App, Phone, Stage } from './stage.ts';

/** What is wrong with a REGISTER. */
export interface MalformedCase {
  readonly what: string;
  /** @param text of a REGISTER that is well formed */
  change(text: string): string;
}

/** Takes a row out of a message. */
function without(name: string): (text: string) => string {
  return (text) => text.replace(new RegExp(`^${name}:.*\r\n`, 'm'), '');
}

/** Writes another row in the place of one. */
function instead(name: string, row: string): (text: string) => string {
  return (text) => text.replace(new RegExp(`^${name}:.*$`, 'm'), row);
}

function startLine(line: string): (text: string) => string {
  return (text) => text.replace(/^REGISTER .*$/m, line);
}

/** Rows after CSeq. */
function more(...rows: readonly string[]): (text: string) => string {
  return (text) => text.replace('Content-Length: 0', [...rows, 'Content-Length: 0'].join('\r\n'));
}

/** Changes what is behind host and port of Via. */
function viaParams(change: (params: string) => string): (text: string) => string {
  return (text) => text.replace(/(?<=^Via: [^;]*);.*$/m, change);
}

export const BARELY_SIP: readonly MalformedCase[] = [
  { what: 'no message at all', change: () => 'garbage\r\n\r\n' },
  { what: 'no Via', change: without('Via') },
  { what: 'a Via that is none', change: instead('Via', 'Via: nothing') },
  { what: 'a method of small letters', change: startLine('register sip:example.com SIP/2.0') },
  { what: 'an unknown method', change: startLine('DANCE sip:example.com SIP/2.0') },
  { what: 'no Request-URI', change: startLine('REGISTER SIP/2.0') },
  { what: 'a Request-URI that is none', change: startLine('REGISTER ::: SIP/2.0') },
  { what: 'a Request-URI with a space', change: startLine('REGISTER sip:a b@example.com SIP/2.0') },
  { what: 'no version', change: startLine('REGISTER sip:example.com') },
  { what: 'an answer to nothing', change: (text) => text.replace(/^REGISTER .*$/m, 'SIP/2.0 200 OK') },
  { what: 'a head without its end', change: (text) => text.slice(0, -4) },
  { what: 'a Via with a quote in its host', change: (text) => text.replace(/(?<=UDP \S+)(?=:)/, '"') },
  { what: 'a Via with a port of words', change: viaParams((params) => `:port${params}`) },
  { what: 'a Via with words after its port', change: viaParams((params) => ` port${params}`) },
  { what: 'a Via with a parameter without a name', change: viaParams((params) => `${params};;x`) },
  { what: 'a Via that ends in a semicolon', change: viaParams((params) => `${params};`) },
  { what: 'a Via with a quote without its end', change: viaParams((params) => `${params};x="y`) },
  { what: 'a Via with a parameter that is no word', change: viaParams((params) => `${params};x=@`) },
  { what: 'a Via with a Via behind it that is none', change: viaParams((params) => `${params}, SIP/2.0/UDP`) },
];

export const BROKEN: readonly MalformedCase[] = [
  { what: 'no From', change: without('From') },
  { what: 'no To', change: without('To') },
  { what: 'no Call-ID', change: without('Call-ID') },
  { what: 'no CSeq', change: without('CSeq') },
  { what: 'an empty From', change: instead('From', 'From:') },
  { what: 'an empty To', change: instead('To', 'To:') },
  { what: 'an empty Call-ID', change: instead('Call-ID', 'Call-ID:') },
  { what: 'a CSeq of another method', change: instead('CSeq', 'CSeq: 1 OPTIONS') },
  { what: 'a CSeq that is no number', change: instead('CSeq', 'CSeq: one REGISTER') },
  { what: 'a CSeq beyond 32 bits', change: instead('CSeq', 'CSeq: 4294967296 REGISTER') },
  { what: 'two From', change: more('From: <sip:bob@example.com>;tag=x') },
  { what: 'two Call-ID', change: more('Call-ID: other') },
  { what: 'two CSeq', change: more('CSeq: 2 REGISTER') },
  { what: 'a Contact that is none', change: instead('Contact', 'Contact: <<<') },
  { what: 'a Contact without its end', change: instead('Contact', 'Contact: <sip:alice@192.0.2.7') },
  { what: 'Contact: None', change: instead('Contact', 'Contact: None') },
  {
    what: 'Contact: * with Expires: 60',
    change: (text) => more('Expires: 60')(instead('Contact', 'Contact: *')(text)),
  },
  { what: 'Expires: -1', change: more('Expires: -1') },
  { what: 'Content-Length: -1', change: instead('Content-Length', 'Content-Length: -1') },
  { what: 'a header without a colon', change: more('Nonsense') },
  { what: 'a zero octet', change: more('X-Zero: a\0b') },
  { what: 'a header of 9000 octets', change: more(`X-Long: ${'x'.repeat(9000)}`) },
  { what: 'version 3', change: startLine('REGISTER sip:example.com SIP/3.0') },
  { what: 'a second Via that is none', change: more('Via: SIP/2.0/UDP [::1') },
  { what: 'a Via that is none and one behind it', change: (text) => text.replace('Via:', 'Via: nothing\r\nVia:') },
  { what: 'an empty second Via', change: more('Via:') },
];

export const ODD: readonly MalformedCase[] = [
  { what: 'Max-Forwards: 0', change: instead('Max-Forwards', 'Max-Forwards: 0') },
  { what: 'no Max-Forwards', change: without('Max-Forwards') },
  { what: 'Max-Forwards of no number', change: instead('Max-Forwards', 'Max-Forwards: many') },
  { what: 'From without a tag', change: instead('From', 'From: <sip:alice@example.com>') },
  { what: 'To with a tag', change: instead('To', 'To: <sip:alice@example.com>;tag=x') },
  { what: 'no Contact', change: without('Contact') },
  { what: 'Contact: *', change: instead('Contact', 'Contact: *') },
  { what: 'Contact: * with Expires: 0', change: (text) => more('Expires: 0')(instead('Contact', 'Contact: *')(text)) },
  { what: 'Contact: * and another', change: instead('Contact', 'Contact: *, <sip:alice@192.0.2.7>') },
  { what: 'a tel contact', change: instead('Contact', 'Contact: <tel:+4930123>') },
  { what: 'a mailto contact', change: instead('Contact', 'Contact: <mailto:alice@example.com>') },
  { what: 'a contact of words', change: instead('Contact', 'Contact: <sip:alice@192.0.2.7>;expires=abc;q=7') },
  {
    what: 'a contact with headers',
    change: instead('Contact', 'Contact: <sip:alice@192.0.2.7?Route=%3Csip:x%3Blr%3E>'),
  },
  { what: 'an empty Contact', change: instead('Contact', 'Contact:') },
  { what: 'Expires beyond 32 bits', change: more('Expires: 99999999999') },
  { what: 'Expires of words', change: more('Expires: soon') },
  { what: 'Expires as a date', change: more('Expires: Sat, 13 Nov 2010 23:29:00 GMT') },
  { what: 'a body shorter than its Content-Length', change: instead('Content-Length', 'Content-Length: 20') },
  { what: 'no Content-Length', change: without('Content-Length') },
  { what: 'a body longer than its Content-Length', change: (text) => `${text}more` },
  { what: 'a tel Request-URI', change: startLine('REGISTER tel:+4930123 SIP/2.0') },
  { what: 'an http Request-URI', change: startLine('REGISTER http://example.com/ SIP/2.0') },
  { what: 'a Request-URI with a user', change: startLine('REGISTER sip:alice@example.com;x=y SIP/2.0') },
  { what: 'Latin-1', change: more('X-Latin: \xe9') },
  { what: 'Require of an unknown extension', change: more('Require: flying') },
  { what: 'Proxy-Require of an unknown extension', change: more('Proxy-Require: flying') },
  { what: 'a negative CSeq', change: instead('CSeq', 'CSeq: -1 REGISTER') },
  { what: 'two To', change: more('To: <sip:bob@example.com>') },
  { what: 'a To that is no URI', change: instead('To', 'To: "unclosed <sip:alice@example.com>') },
  { what: 'a From that is no URI', change: instead('From', 'From: alice') },
  { what: 'single line feeds', change: (text) => text.replaceAll('\r\n', '\n') },
  { what: 'empty lines before', change: (text) => `\r\n\r\n${text}` },
  { what: '300 headers', change: more(...Array.from({ length: 300 }, (_, number) => `X-${String(number)}: y`)) },
  { what: 'a method twice', change: instead('CSeq', 'CSeq: 1 REGISTER REGISTER') },
  { what: 'an answer to come over TCP', change: (text) => text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP') },
  { what: 'a body', change: (text) => `${text.replace('Content-Length: 0', 'Content-Length: 4')}body` },
  {
    what: 'a Via with spaces',
    change: (text) => text.replace(/^Via: .*$/m, (row) => row.replaceAll(/[:;=/]/g, ' $& ').replace(' : ', ': ')),
  },
  { what: 'a Via with values in quotes', change: viaParams((params) => `${params};x="a, \\"b";received="y"`) },
  { what: 'three Via in two rows', change: viaParams((params) => `${params},, SIP/2.0/TCP a\r\nVia: SIP/2.0/UDP b;c`) },
];

/** Plays cases of one kind; what comes of each is in the transcript, whatever it is. */
async function playCases(stage: Stage, name: string, cases: readonly MalformedCase[]): Promise<void> {
  const app = await stage.routed('register');
  const phone = await stage.phone();
  let number = 0;
  for (const { what, change } of cases) {
    number += 1;
    stage.note(`## ${what}`);
    phone.send(change(requestText(phone, { id: `${name}-${String(number)}` })));
    await outcome(stage, app, phone);
  }
}

/** Shows what comes of a message, at the phone and at the app; what the app gets it answers. */
async function outcome(stage: Stage, app: App, phone: Phone): Promise<void> {
  const answers = await phone.rest();
  const frames = await app.rest();
  if (answers.length + frames.length === 0) stage.note('nobody gets anything');
  for (const frame of frames) {
    app.send(`1|sip|${transactionOf(frame)}|`, 'SIP/2.0 200 OK\r\n\r\n');
    await app.get();
    await phone.rest();
  }
}

export const MALFORMED_EXCHANGES: readonly Exchange[] = [
  {
    name: 'malformed-dropped',
    title: 'What is hardly SIP: most of it is dropped without a word',
    play: (stage) => playCases(stage, 'malformed-dropped', BARELY_SIP),
  },
  {
    name: 'malformed-refused',
    title: 'What lacks a header, or has a broken one: most of it the server refuses by itself',
    play: (stage) => playCases(stage, 'malformed-refused', BROKEN),
  },
  {
    name: 'malformed-passed',
    title: 'What is odd, but readable: most of it reaches the app unchecked',
    play: (stage) => playCases(stage, 'malformed-passed', ODD),
  },
  {
    name: 'malformed-tcp',
    title: 'What the server refuses on a connection, it closes the connection after',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      phone.send(requestText(phone, { id: 'malformed-tcp-1' }).replace(/^Content-Length.*\r\n/m, ''));
      await outcome(stage, app, phone);
      const second = await stage.phone('tcp');
      second.send(requestText(second, { id: 'malformed-tcp-2' }).replace(/^Call-ID.*\r\n/m, ''));
      await outcome(stage, app, second);
    },
  },
];
