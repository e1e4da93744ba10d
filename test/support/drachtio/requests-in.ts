import { randomUUID } from 'node:crypto';
import type { AppConnection, AppConnections, SipOrder } from './app-connections.ts';
import { portOf, protocolOf, type DrachtioPlace } from './place.ts';
import { verdictOn } from './sip-rules.ts';
import { paramOf, SipText } from './sip-text.ts';
import type { DatagramWire, Peer, StreamConnection } from './sip-wire.ts';
import { sortHeaders, splitList } from './sip-writer.ts';
import { newTag, nowText } from './volatile.ts';
import { readVias, viaText } from './via-text.ts';

/** How long a request waits for its app. */
const APP_TIMEOUT_MS = 64_000;

/** A request that came in, with the way back. */
interface Received {
  readonly message: SipText;
  /** Octets that it had on the wire. */
  readonly octets: number;
  readonly peer: Peer;
  readonly connection: StreamConnection | undefined;
  /** All Via rows as answers repeat them, the first one with where it came from. */
  readonly via: readonly string[];
}

interface WithApp extends Received {
  readonly key: string;
  readonly timer: NodeJS.Timeout;
}

export interface InboundListener {
  /** A request that no server survives. */
  crashed(): void;
  /** A REGISTER over a connection was answered with 200: whether its first contact stays. */
  registered(contact: string, connection: StreamConnection, stays: boolean): void;
}

/** Server transactions: what phones ask. */
export class RequestsIn {
  readonly #place: DrachtioPlace;
  readonly #apps: AppConnections;
  readonly #wire: DatagramWire;
  readonly #listener: InboundListener;
  /** T1 × 64: how long the answer to a datagram is given again. */
  readonly #lingerMs: number;
  /** By transaction identifier. */
  readonly #withApp = new Map<string, WithApp>();
  /** Keys of `#withApp`. */
  readonly #keys = new Set<string>();
  /** Answers to datagrams by key. */
  readonly #answered = new Map<string, { readonly text: string; readonly timer: NodeJS.Timeout }>();

  constructor(
    place: DrachtioPlace,
    apps: AppConnections,
    wire: DatagramWire,
    listener: InboundListener,
    lingerMs: number,
  ) {
    this.#place = place;
    this.#apps = apps;
    this.#wire = wire;
    this.#listener = listener;
    this.#lingerMs = lingerMs;
  }

  close(): void {
    for (const { timer } of this.#withApp.values()) clearTimeout(timer);
    for (const { timer } of this.#answered.values()) clearTimeout(timer);
    this.#withApp.clear();
    this.#answered.clear();
    this.#keys.clear();
  }

  take(text: string, peer: Peer, connection: StreamConnection | undefined): void {
    const message = new SipText(text);
    const verdict = verdictOn(message, peer.transport);
    if (verdict.kind === 'drop') return;
    const received = { message, octets: text.length, peer, connection, via: amendedVia(message, peer) };
    if (verdict.kind === 'crash') this.#listener.crashed();
    else if (verdict.kind === 'refuse') {
      // A version that it does not know is answered before it looks at where the request came from.
      const via = verdict.status.startsWith('505')
        ? message.rows.filter(({ name }) => name === 'via').map(({ raw }) => raw)
        : received.via;
      this.#send({ ...received, via }, bareAnswer({ ...received, via }, verdict.status));
      if (verdict.isBroken) connection?.close();
    } else this.#offer(received);
  }

  /** An app's answer. */
  answer({ app, id, tokens, sip }: SipOrder): void {
    const transaction = tokens[2] ?? '';
    const waiting = this.#withApp.get(transaction);
    if (waiting?.connection?.isOpen === false) this.#forget(transaction);
    if (waiting === undefined || waiting.connection?.isOpen === false) {
      app.answer(id, 'NOK', 'Response not sent due to unknown transaction');
      return;
    }
    this.#forget(transaction);
    const headEnd = sip.indexOf('\r\n\r\n');
    const [startLine = '', ...rows] = (headEnd === -1 ? sip : sip.slice(0, headEnd)).split('\r\n');
    const body = headEnd === -1 ? '' : sip.slice(headEnd + 4);
    const headers = sortHeaders(rows);
    const status = startLine.replace(/^SIP\/2\.0 +/, '');
    const isFinal = !status.startsWith('1');
    const tag = paramOf(headers.own.get('to') ?? '', 'tag') ?? newTag();
    if (headers.isFaulty) {
      this.#finish(waiting, bareAnswer(waiting, '500 Internal Server Error', tag));
      app.answer(id, 'NOK', 'Unknown server error sending response');
      return;
    }
    const text = [
      `SIP/2.0 ${status}\r\n`,
      ...repeatedRows(waiting, isFinal ? tag : undefined),
      ...headers.known.map((row) => `${row}\r\n`),
      `Content-Length: ${String(body.length)}\r\n`,
      ...headers.unknown.map((row) => `${row}\r\n`),
      `\r\n${body}`,
    ].join('');
    if (isFinal) this.#finish(waiting, text);
    else {
      // The server keeps no transaction after the first answer: what is left of it ends by itself.
      this.#send(waiting, text);
      this.#finish(waiting, bareAnswer(waiting, '500 Internal Server Error', tag));
    }
    this.#report(app, id, transaction, waiting, text, isFinal);
    if (status.startsWith('200')) this.#remember(waiting, headers.known);
  }

  #offer(received: Received): void {
    const { message, peer } = received;
    const key = [message.get('call-id'), message.get('cseq'), paramOf(message.get('via') ?? '', 'branch')].join('|');
    const answered = this.#answered.get(key);
    if (answered !== undefined) this.#send(received, answered.text);
    if (answered !== undefined || this.#keys.has(key)) return;
    const method = message.startLine.split(' ')[0] ?? '';
    if (method === 'INVITE') this.#send(received, bareAnswer(received, '100 Trying', undefined));
    const app = this.#apps.next(method);
    if (app === undefined) {
      this.#send(received, bareAnswer(received, '503 Service Unavailable'));
      return;
    }
    const transaction = randomUUID();
    const timer = setTimeout(() => this.#forget(transaction), APP_TIMEOUT_MS);
    timer.unref();
    this.#withApp.set(transaction, { ...received, key, timer });
    this.#keys.add(key);
    const local = `${this.#place.address}|${String(portOf(this.#place, peer.transport))}`;
    const origin = `${protocolOf(peer.transport)}|${peer.address}|${String(peer.port)}|${nowText()}`;
    app.send(`sip|network|${String(received.octets)}|${origin}|${transaction}||${local}|`, passedText(received));
  }

  #report(app: AppConnection, id: string, transaction: string, waiting: WithApp, text: string, isFinal: boolean): void {
    const { peer } = waiting;
    const sent = `application|${String(text.length)}|${isFinal ? '' : protocolOf(peer.transport)}|${peer.address}|${String(peer.port)}`;
    app.answer(id, 'OK', `${sent}|${nowText()}|${transaction}|||Msg sent:|`, text);
  }

  #remember({ message, connection }: WithApp, rows: readonly string[]): void {
    const contact = splitList(message.get('contact') ?? '')[0];
    if (connection === undefined || contact === undefined || !message.startLine.startsWith('REGISTER ')) return;
    const kept = rows.find((row) => row.startsWith('Contact: ')) ?? '';
    const expires = paramOf(kept, 'expires') ?? rows.find((row) => row.startsWith('Expires: '))?.slice(9) ?? '0';
    this.#listener.registered(contact, connection, Number(expires) > 0);
  }

  #finish(waiting: WithApp, text: string): void {
    this.#send(waiting, text);
    if (waiting.connection !== undefined) return;
    const timer = setTimeout(() => this.#answered.delete(waiting.key), this.#lingerMs);
    timer.unref();
    this.#answered.set(waiting.key, { text, timer });
  }

  #forget(transaction: string): void {
    const waiting = this.#withApp.get(transaction);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#withApp.delete(transaction);
    this.#keys.delete(waiting.key);
  }

  #send({ peer, connection }: Received, text: string): void {
    if (connection === undefined) this.#wire.send(text, peer);
    else connection.send(text);
  }
}

/**
 * All Via values that can be read, a row for each, the first with where the request came from (RFC 3261 §18.2.1; RFC 3581 §4, asked for or not).
 */
function amendedVia(message: SipText, { address, port }: Peer): readonly string[] {
  const [first, ...others] = message.all('via').flatMap((row) => readVias(row) ?? []);
  if (first === undefined) return [];
  const params = first.params
    .filter((param) => !param.startsWith('received='))
    .map((param) => (isRport(param) ? `rport=${String(port)}` : param));
  if (first.host !== address) params.push(`received=${address}`);
  if (!params.some(isRport)) params.push(`rport=${String(port)}`);
  return [{ ...first, params }, ...others].map((via) => `Via: ${viaText(via)}\r\n`);
}

function isRport(param: string): boolean {
  return /^rport(?:=|$)/.test(param);
}

/** The request as the app gets it: as it came, but for Via. */
function passedText({ message, via }: Received): string {
  const rows = message.rows.flatMap((row, index) => {
    if (row.name !== 'via') return [row.raw];
    return message.rows.findIndex(({ name }) => name === 'via') === index ? via : [];
  });
  const length = Number(message.get('content-length') ?? message.body.length);
  return `${message.rawStartLine}${rows.join('')}${message.emptyLine}${message.body.slice(0, length)}`;
}

/** Via, From, To, Call-ID and CSeq of an answer. From, Call-ID and CSeq stay as they were written. */
function repeatedRows({ message, via }: Received, tag: string | undefined): readonly string[] {
  const raw = (key: string) => {
    const row = message.rows.find(({ name }) => name === key)?.raw ?? '';
    return row === '' || row.endsWith('\n') ? row : `${row}\r\n`;
  };
  const to = message.get('to');
  const isTagged = to === undefined || tag === undefined || paramOf(to, 'tag') !== undefined;
  return [...via, raw('from'), isTagged ? raw('to') : `To: ${to};tag=${tag}\r\n`, raw('call-id'), raw('cseq')];
}

/** An answer of the server's own. A header that it could not read is not repeated. */
function bareAnswer(received: Received, status: string, tag: string | undefined = newTag()): string {
  const unread = /Bad (From|To|Call-ID|CSeq) Header/.exec(status)?.[1]?.toLowerCase();
  const { message } = received;
  const isRepeated = unread !== undefined && message.all(unread).length === 1;
  const rows = repeatedRows(received, status.startsWith('100') ? undefined : tag);
  const kept = isRepeated ? rows.filter((row) => !row.toLowerCase().startsWith(`${unread}:`)) : rows;
  return `SIP/2.0 ${status}\r\n${kept.join('')}Content-Length: 0\r\n\r\n`;
}
