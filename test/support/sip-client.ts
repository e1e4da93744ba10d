import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, type Socket as TcpSocket } from 'node:net';
import { randomBytes } from 'node:crypto';

/** A SIP server to speak to. */
export interface SipServer {
  readonly address: string;
  readonly port: number;
}

/** A request in the parts that a test cares about; the rest is filled in. */
export interface SipRequestFields {
  readonly method?: string;
  /** Address-of-record as a URI: `sip:alice@example.com`. */
  readonly aor?: string;
  /** Request-URI; without it the server's address. */
  readonly uri?: string;
  /** Contact header values, each a row of its own. */
  readonly contacts?: readonly string[];
  readonly expires?: number;
  readonly callId?: string;
  readonly cseq?: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** A response, read by a parser that is as plain as can be, so that it shares no mistake with the daemon's. */
class SipResponseText {
  readonly text: string;
  readonly status: number;
  readonly reason: string;
  readonly #rows: readonly (readonly [name: string, value: string])[];

  constructor(text: string) {
    this.text = text;
    const [startLine = '', ...rows] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
    const [, status = '0', ...reason] = startLine.split(' ');
    this.status = Number(status);
    this.reason = reason.join(' ');
    this.#rows = rows.map((row) => [
      row.slice(0, row.indexOf(':')).toLowerCase(),
      row.slice(row.indexOf(':') + 1).trim(),
    ]);
  }

  /** All rows of a header, in order. */
  headers(name: string): readonly string[] {
    return this.#rows.filter(([found]) => found === name.toLowerCase()).map(([, value]) => value);
  }

  header(name: string): string | undefined {
    return this.headers(name)[0];
  }

  /** The values of all Contact rows. Only for contacts whose URI holds no comma. */
  get contacts(): readonly string[] {
    return this.headers('contact').flatMap((row) => row.split(',').map((value) => value.trim()));
  }
}

/** RFC 3261 §17.1.2.1: the first retransmission comes after T1, each further one after twice the pause, up to T2. */
const T1_MS = 500;
const T2_MS = 4000;

/** A request without a final response for so long has failed. Long, since the machine of a test may be busy. */
const GIVE_UP_MS = 20_000;

interface Wire {
  readonly transport: 'UDP' | 'TCP';
  readonly localAddress: string;
  readonly localPort: number;
  send(bytes: Buffer): void;
  close(): void;
}

interface Pending {
  readonly resolve: (response: SipResponseText) => void;
  readonly reject: (err: Error) => void;
}

/**
 * A phone as far as a test needs one: it sends requests from one socket and awaits the final response of each by Call-ID
 * and CSeq; over UDP it sends again as SIP asks. Several requests may be under way.
 */
export class SipClient {
  readonly server: SipServer;
  #wire: Wire | undefined;
  readonly #pending = new Map<string, Pending>();
  /** Messages that no request waited for, retransmitted responses among them. */
  readonly unexpected: string[] = [];
  #isClosed = false;

  private constructor(server: SipServer) {
    this.server = server;
  }

  /** @param localAddress where to send from; its port is chosen by the system unless given. */
  static async udp(server: SipServer, localAddress = '127.0.0.1', localPort = 0): Promise<SipClient> {
    const client = new SipClient(server);
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (message) => client.#receive(message.toString('latin1')));
    socket.bind(localPort, localAddress);
    await once(socket, 'listening');
    client.#wire = udpWire(socket, server);
    return client;
  }

  static async tcp(server: SipServer, localAddress = '127.0.0.1'): Promise<SipClient> {
    const client = new SipClient(server);
    const socket = createConnection({ host: server.address, port: server.port, localAddress });
    await once(socket, 'connect');
    const framer = new ResponseFramer((text) => client.#receive(text));
    socket.on('data', (data) => framer.push(data));
    socket.on('error', (err) => client.#failAll(err));
    socket.on('close', () => client.#failAll(new Error('the server closed the connection')));
    client.#wire = tcpWire(socket);
    return client;
  }

  get localAddress(): string {
    return this.#wired.localAddress;
  }

  get localPort(): number {
    return this.#wired.localPort;
  }

  /** A Contact URI that leads back to this client. */
  contactUri(user: string): string {
    const { transport, localAddress, localPort } = this.#wired;
    const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    return `sip:${user}@${host}:${localPort}${transport === 'TCP' ? ';transport=tcp' : ''}`;
  }

  /** Registers a contact of this client (or the ones given) for an AoR and resolves to the final response. */
  register(fields: SipRequestFields & { readonly aor: string }): Promise<SipResponseText> {
    const user = /^sips?:([^@]*)@/.exec(fields.aor)?.[1] ?? 'user';
    const contacts = fields.contacts ?? [`<${this.contactUri(user)}>`];
    return this.request({ method: 'REGISTER', ...fields, contacts });
  }

  /** Sends a request and resolves to its final response; rejects when none comes. */
  async request(fields: SipRequestFields): Promise<SipResponseText> {
    const { transport } = this.#wired;
    const complete = { callId: randomToken(), cseq: 1, method: 'OPTIONS', ...fields };
    const bytes = Buffer.from(this.text(complete), 'latin1');
    const key = transactionKey(complete.callId, `${complete.cseq} ${complete.method}`);
    const { promise, resolve, reject } = Promise.withResolvers<SipResponseText>();
    this.#pending.set(key, { resolve, reject });
    const timers = new Set<NodeJS.Timeout>();
    if (transport === 'UDP') this.#sendAgain(bytes, T1_MS, timers);
    const sentAs = `${complete.method} ${complete.callId}`;
    timers.add(
      setTimeout(() => reject(new Error(`no final response to ${sentAs} within ${GIVE_UP_MS} ms`)), GIVE_UP_MS),
    );
    this.#wired.send(bytes);
    try {
      return await promise;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#pending.delete(key);
    }
  }

  /** The text of a request as `request` would send it, as a byte string. */
  text(fields: SipRequestFields): string {
    const { transport, localAddress, localPort } = this.#wired;
    const { method = 'OPTIONS', callId = randomToken(), cseq = 1 } = fields;
    const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    const server = this.server.address.includes(':') ? `[${this.server.address}]` : this.server.address;
    const uri = fields.uri ?? `sip:${server}:${this.server.port}`;
    const aor = fields.aor ?? uri;
    const rows = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/${transport} ${host}:${localPort};branch=z9hG4bK${randomToken()};rport`,
      'Max-Forwards: 70',
      `From: <${aor}>;tag=${randomToken()}`,
      `To: <${aor}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      ...(fields.contacts ?? []).map((contact) => `Contact: ${contact}`),
      ...(fields.expires === undefined ? [] : [`Expires: ${fields.expires}`]),
      ...(fields.headers ?? []).map(([name, value]) => `${name}: ${value}`),
      'Content-Length: 0',
    ];
    return `${rows.join('\r\n')}\r\n\r\n`;
  }

  /** Sends bytes as they are, once; for what is no valid request. */
  sendRaw(bytes: string | Buffer): void {
    this.#wired.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wire?.close();
    this.#failAll(new Error('the client was closed'));
  }

  get #wired(): Wire {
    if (this.#wire === undefined) throw new Error('not connected');
    return this.#wire;
  }

  #sendAgain(bytes: Buffer, pauseMs: number, timers: Set<NodeJS.Timeout>): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (this.#isClosed) return;
      this.#wired.send(bytes);
      this.#sendAgain(bytes, Math.min(pauseMs * 2, T2_MS), timers);
    }, pauseMs);
    timers.add(timer);
  }

  #receive(text: string): void {
    const response = new SipResponseText(text);
    const pending = this.#pending.get(transactionKey(response.header('call-id') ?? '', response.header('cseq') ?? ''));
    if (pending === undefined) this.unexpected.push(text);
    else if (response.status >= 200) pending.resolve(response);
  }

  #failAll(err: Error): void {
    for (const { reject } of this.#pending.values()) reject(err);
  }
}

/** Cuts a stream into responses by Content-Length; keep-alives between them are left out. */
class ResponseFramer {
  readonly #take: (text: string) => void;
  #rest = '';

  constructor(take: (text: string) => void) {
    this.#take = take;
  }

  push(data: Buffer): void {
    this.#rest += data.toString('latin1');
    for (;;) {
      this.#rest = this.#rest.replace(/^(\r\n)+/, '');
      const headEnd = this.#rest.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = Number(/\r\ncontent-length:\s*(\d+)/i.exec(this.#rest.slice(0, headEnd))?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (this.#rest.length < end) return;
      const text = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end);
      this.#take(text);
    }
  }
}

function udpWire(socket: UdpSocket, server: SipServer): Wire {
  const { address, port } = socket.address();
  return {
    transport: 'UDP',
    localAddress: address,
    localPort: port,
    send: (bytes) => socket.send(bytes, server.port, server.address),
    close: () => socket.close(),
  };
}

function tcpWire(socket: TcpSocket): Wire {
  return {
    transport: 'TCP',
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    send: (bytes) => socket.write(bytes),
    close: () => socket.destroy(),
  };
}

function transactionKey(callId: string, cseq: string): string {
  return `${callId} ${cseq.replaceAll(/\s+/g, ' ')}`;
}

function randomToken(): string {
  return randomBytes(8).toString('hex');
}
