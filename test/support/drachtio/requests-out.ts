import { randomInt, randomUUID } from 'node:crypto';
import type { AppConnection, SipOrder } from './app-connections.ts';
import { routeOf, type Route } from './next-hop.ts';
import { portOf, protocolOf, type DrachtioPlace, type PlaceTransport } from './place.ts';
import { paramOf, SipText } from './sip-text.ts';
import type { DatagramWire, Peer, StreamConnection, StreamWire } from './sip-wire.ts';
import { sortHeaders, splitList, type WrittenHeaders } from './sip-writer.ts';
import { newTag, nowText } from './volatile.ts';

/** Timer E of the server: pauses before each further transmission over UDP; the last one repeats. */
const RETRANSMISSION_PAUSES_MS: readonly number[] = [1000, 2000, 4000];
/** What the server keeps of a first line; the rest is lost. */
const START_LINE_OCTETS_MAX = 512;
const URI_OCTETS_MAX = 255;
const METHODS: ReadonlySet<string> = new Set(
  'INVITE ACK CANCEL BYE OPTIONS REGISTER INFO UPDATE MESSAGE SUBSCRIBE NOTIFY REFER PUBLISH'.split(' '),
);

export interface OutboundTools {
  readonly place: DrachtioPlace;
  readonly datagrams: DatagramWire;
  readonly streams: StreamWire;
  readonly webSockets: StreamWire | undefined;
  /** T1 × 64: how long an answer is waited for. */
  readonly timeoutMs: number;
  /** The connection that the server remembers for a Request-URI. */
  remembered(uri: string): StreamConnection | undefined;
  /** A request that no server survives. */
  crashed(): void;
}

/** One request of an app, until its final answer. */
interface Sent {
  readonly app: AppConnection;
  readonly transaction: string;
  readonly transport: string;
  /** Rows that an answer of the server's own repeats. */
  readonly rows: {
    readonly via: string;
    readonly from: string;
    readonly to: string;
    readonly callId: string;
    readonly cseq: string;
  };
  readonly fromTag: string;
  readonly timers: Set<NodeJS.Timeout>;
}

/** Client transactions: what apps ask. */
export class RequestsOut {
  readonly #tools: OutboundTools;
  /** By branch. */
  readonly #sent = new Map<string, Sent>();
  /** What came due while the server does nothing. */
  #held: (() => void)[] | undefined;

  constructor(tools: OutboundTools) {
    this.#tools = tools;
  }

  close(): void {
    for (const sent of this.#sent.values()) stopTimers(sent);
    this.#sent.clear();
    this.#held = undefined;
  }

  /** What comes due waits for `resume`. */
  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const act of held) act();
  }

  /** Requests that wait for their final answer. */
  get underWay(): number {
    return this.#sent.size;
  }

  order({ app, id, tokens, sip }: SipOrder): void {
    const [firstLine = '', ...rows] = (sip.split('\r\n\r\n')[0] ?? '').split('\r\n');
    const startLine = firstLine.slice(0, START_LINE_OCTETS_MAX);
    const [method = '', written = '', version] = startLine.split(' ');
    const transaction = tokens[2] ?? '';
    if (method === 'CANCEL') {
      app.answer(id, 'NOK', `unable to cancel unknown transaction id: ${transaction}`);
      return;
    }
    if (!METHODS.has(method) || version === undefined || !/^[a-z][a-z0-9+.-]*:/i.test(written)) {
      app.answer(id, 'NOK', `invalid request-uri: ${startLine}`);
      return;
    }
    // The server reads a host where a tel URI has none, and does not outlive that. A long URI overruns a buffer: what a real server
    // does then is not to be known, so this one ends.
    if (/^tel:/i.test(written) || written.length >= URI_OCTETS_MAX) {
      this.#tools.crashed();
      return;
    }
    this.#send(app, id, method, written, tokens[4] ?? '', rows);
  }

  /** An answer of a phone; one that belongs to no request is dropped. */
  answered(text: string, peer: Peer): void {
    const message = new SipText(text);
    const status = /^SIP\/2\.0 ([1-6]\d\d)(?: |$)/.exec(message.startLine)?.[1];
    const branch = paramOf(message.get('via') ?? '', 'branch') ?? '';
    const sent = this.#sent.get(branch);
    if (sent === undefined || status === undefined || status === '100') return;
    const hasCore = ['to', 'call-id', 'cseq'].every((name) => message.get(name) !== undefined);
    if (!hasCore || paramOf(message.get('from') ?? '', 'tag') !== sent.fromTag) return;
    if (Number(status) >= 200) this.#end(branch);
    const origin = `${protocolOf(peer.transport)}|${peer.address}|${String(peer.port)}`;
    sent.app.send(`sip|network|${String(text.length)}|${origin}|${nowText()}|${sent.transaction}||`, text);
  }

  #send(app: AppConnection, id: string, method: string, written: string, hop: string, rows: readonly string[]): void {
    const question = written.indexOf('?');
    const withoutHeaders = question === -1 ? written : written.slice(0, question);
    const uri = plainUser(withoutHeaders);
    const uriRows = question === -1 ? [] : rowsOfUri(written.slice(question + 1));
    const routes = uriRows.filter((row) => /^route:/i.test(row)).flatMap((row) => splitList(row.slice(6)));
    const headers = sortHeaders([...rows, ...uriRows]);
    const remembered = this.#tools.remembered(uri);
    const route = routeOf(withoutHeaders, hop, routes[0], this.#tools.place);
    if (remembered === undefined && route.kind === 'refused') {
      app.answer(id, 'NOK', route.reason);
      return;
    }
    // What has headers is no address, and the server takes the Request-URI for To where the app gives none.
    if (question !== -1 && !headers.own.has('to')) {
      app.answer(id, 'NOK', 'Error creating leg');
      return;
    }
    const peer = remembered?.peer ?? (route.kind === 'send' ? route : undefined);
    const request = this.#request(method, uri, routes, headers, peer?.transport ?? 'udp');
    const sent: Sent = {
      ...request.sent,
      app,
      transaction: randomUUID(),
      transport: peer === undefined ? 'unknown' : protocolOf(peer.transport),
    };
    this.#sent.set(request.branch, sent);
    if (remembered !== undefined) this.#sendOver(remembered, id, sent, request);
    else if (peer === undefined) this.#sendNowhere(id, sent, request, route);
    else this.#sendTo(peer, id, sent, request);
  }

  #sendOver(connection: StreamConnection, id: string, sent: Sent, { branch, text }: Request): void {
    const octets = connection.isOpen ? text.length : 0;
    this.#report(id, sent, text, `${String(octets)}|tcp|${connection.peer.address}|${String(connection.peer.port)}`);
    if (!connection.isOpen) this.#fail(branch, '410 Gone');
    else {
      connection.send(text);
      this.#awaitAnswer(branch, sent);
    }
  }

  #sendNowhere(id: string, sent: Sent, { branch, text }: Request, route: Route): void {
    const isNamed = route.kind !== 'no-tls';
    // A name is looked up before Via is written.
    this.#report(id, sent, isNamed ? text.replace(/^Via: .*\r\n/m, '') : text, '0|unknown||0');
    this.#fail(branch, isNamed ? '503 DNS Error' : '416 Unsupported URI Scheme');
  }

  #sendTo(peer: Peer, id: string, sent: Sent, { branch, text }: Request): void {
    const { place, datagrams, streams, webSockets } = this.#tools;
    const failed = () => this.#fail(branch, '503 Service Unavailable');
    const end = peer.transport === 'udp' ? { address: place.address, port: place.sipPort } : peer;
    this.#report(
      id,
      sent,
      text,
      `${String(text.length)}|${protocolOf(peer.transport)}|${end.address}|${String(end.port)}`,
    );
    this.#awaitAnswer(branch, sent);
    if (peer.transport === 'tcp') streams.ask(text, peer, failed);
    else if (peer.transport === 'ws') webSockets?.ask(text, peer, failed);
    else {
      datagrams.ask(text, peer, failed);
      this.#sendAgain(branch, sent, 0, () => datagrams.ask(text, peer, failed));
    }
  }

  #sendAgain(branch: string, sent: Sent, turn: number, send: () => void): void {
    const pauseMs = RETRANSMISSION_PAUSES_MS[Math.min(turn, RETRANSMISSION_PAUSES_MS.length - 1)] ?? 0;
    this.#later(sent, pauseMs, () => {
      if (!this.#sent.has(branch)) return;
      send();
      this.#sendAgain(branch, sent, turn + 1, send);
    });
  }

  #awaitAnswer(branch: string, sent: Sent): void {
    this.#later(sent, this.#tools.timeoutMs, () => this.#fail(branch, '408 Request Timeout'));
  }

  #later({ timers }: Sent, delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (this.#held === undefined) act();
      else this.#held.push(act);
    }, delayMs);
    timers.add(timer.unref());
  }

  #report(id: string, { app, transaction }: Sent, text: string, how: string): void {
    app.answer(id, 'OK', `application|${how}|${nowText()}|${transaction}|Msg sent:|`, text);
  }

  /** The server answers in the place of the phone. */
  #fail(branch: string, status: string): void {
    const sent = this.#sent.get(branch);
    if (sent === undefined) return;
    this.#end(branch);
    const { via, from, to, callId, cseq } = sent.rows;
    const tagged = to.includes(';tag=') ? to : to.replace('\r\n', `;tag=${newTag()}\r\n`);
    const text = `SIP/2.0 ${status}\r\n${via}${from}${tagged}${callId}${cseq}Content-Length: 0\r\n\r\n`;
    sent.app.send(`sip|network|0|${sent.transport}||0|${nowText()}|${sent.transaction}||`, text);
  }

  #end(branch: string): void {
    const sent = this.#sent.get(branch);
    if (sent !== undefined) stopTimers(sent);
    this.#sent.delete(branch);
  }

  #request(
    method: string,
    uri: string,
    routes: readonly string[],
    headers: WrittenHeaders,
    transport: PlaceTransport,
  ): Request {
    const { place } = this.#tools;
    const here = `${place.address}:${String(portOf(place, transport))}`;
    const branch = `z9hG4bK${newTag()}`;
    const from = atHost(headers.own.get('from') ?? `<sip:${here}>`, here);
    const fromTag = paramOf(from, 'tag') ?? newTag();
    const number = /^\d+/.exec(headers.own.get('cseq') ?? '')?.[0] ?? String(randomInt(100_000_000, 200_000_000));
    const rows = {
      via: `Via: SIP/2.0/${transport.toUpperCase()} ${here}${transport === 'udp' ? ';rport' : ''};branch=${branch}\r\n`,
      from: `From: ${from.includes(';tag=') ? from : `${from};tag=${fromTag}`}\r\n`,
      to: `To: ${plainUser(atHost(headers.own.get('to') ?? `<${uri}>`, here))}\r\n`,
      callId: `Call-ID: ${headers.own.get('call-id') ?? randomUUID()}\r\n`,
      cseq: `CSeq: ${number} ${method}\r\n`,
    };
    const isContact = (row: string) => row.startsWith('Contact: ');
    const text = [
      `${method} ${uri} SIP/2.0\r\n`,
      rows.via,
      ...routes.map((route) => `Route: ${route}\r\n`),
      `Max-Forwards: ${headers.own.get('max-forwards') ?? '70'}\r\n`,
      rows.from,
      rows.to,
      rows.callId,
      rows.cseq,
      ...headers.known.filter((row) => !isContact(row)).map((row) => `${row}\r\n`),
      'Content-Length: 0\r\n',
      ...headers.unknown.map((row) => `${row}\r\n`),
      ...headers.known.filter(isContact).map((row) => `${ownContact(row, here, transport)}\r\n`),
      '\r\n',
    ].join('');
    return { branch, text, sent: { rows, fromTag, timers: new Set() } };
  }
}

interface Request {
  readonly branch: string;
  readonly text: string;
  readonly sent: Pick<Sent, 'rows' | 'fromTag' | 'timers'>;
}

function stopTimers({ timers }: Sent): void {
  for (const timer of timers) clearTimeout(timer);
  timers.clear();
}

/** Headers of a URI as rows. */
function rowsOfUri(text: string): readonly string[] {
  return text.split('&').map((field) => {
    const equals = field.indexOf('=');
    return `${field.slice(0, equals)}: ${unescaped(field.slice(equals + 1))}`;
  });
}

function unescaped(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A user part without the escapes that it does not need. */
function plainUser(text: string): string {
  return text.replace(/(?<=sips?:)[^@<>]*(?=@)/i, (user) =>
    user.replaceAll(/%[0-9a-f]{2}/gi, (escape) =>
      /[\w\-.!~*'()&=+$,;?/]/.test(unescaped(escape)) ? unescaped(escape) : escape,
    ),
  );
}

function atHost(value: string, here: string): string {
  return value.replace('@localhost', `@${here}`);
}

/** A contact in a request is the server's own, whatever its host. */
function ownContact(row: string, here: string, transport: string): string {
  return row.replace(/@[^;>]*((?:;[^>]*)?)>/, (_, params: string) => `@${here}${params};transport=${transport}>`);
}
