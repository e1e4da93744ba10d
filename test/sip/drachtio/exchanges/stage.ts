import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, type Socket as TcpSocket } from 'node:net';
import { AdminClient, type AdminFrame } from '../../../support/drachtio/admin-client.ts';
import type { DrachtioServer } from '../../../support/drachtio/place.ts';
import { WebSocketEnd } from '../../../support/drachtio/web-socket.ts';
import { Transcript } from './transcript.ts';

type Transport = 'udp' | 'tcp' | 'ws';

/** One conversation with a drachtio-server: apps and phones, and the transcript of what they said and got. */
export class Stage {
  readonly server: DrachtioServer;
  readonly transcript: Transcript;
  readonly #apps: App[] = [];
  readonly #phones: Phone[] = [];

  constructor(server: DrachtioServer, title: string) {
    this.server = server;
    this.transcript = new Transcript(title);
    const { names } = this.transcript;
    names.fix(server.address, '<host>');
    names.fix(String(server.sipPort), '<sip port>');
    names.fix(String(server.adminPort), '<admin port>');
    if (server.wsPort !== undefined) names.fix(String(server.wsPort), '<WebSocket port>');
  }

  /** A connection that has said nothing yet. */
  async app(): Promise<App> {
    const client = await AdminClient.connect(this.server);
    const app = new App(this, client, `app ${String(this.#apps.length + 1)}`);
    this.#apps.push(app);
    return app;
  }

  /** An app that gets the requests with these methods; how it came to that is not in the transcript. */
  async routed(...methods: readonly string[]): Promise<App> {
    const app = await this.app();
    await app.quietly(`auth-0|authenticate|${this.server.secret}`);
    for (const method of methods) await app.quietly(`route-0|route|${method}`);
    return app;
  }

  phone(transport: Transport = 'udp'): Promise<Phone> {
    const number = this.#phones.length + 1;
    return Phone.open(this, transport, `phone ${String(number)}`).then((phone) => {
      this.#phones.push(phone);
      this.transcript.names.fix(String(phone.port), `<port of phone ${String(number)}>`);
      return phone;
    });
  }

  note(sentence: string): void {
    this.transcript.note(sentence);
  }

  /** The transcript so far. */
  text(): string {
    return this.transcript.text;
  }

  /** Closes all sockets. */
  async end(): Promise<void> {
    for (const phone of this.#phones) phone.close();
    for (const app of this.#apps) app.client.close();
    await this.settled();
  }

  /** The server has seen all that was closed so far. */
  async settled(): Promise<void> {
    try {
      const client = await AdminClient.connect(this.server);
      client.send('settled|ping');
      await client.next();
      client.close();
    } catch {
      // A server that has ended sees nothing.
    }
  }
}

/** An app that speaks the admin protocol by hand. */
export class App {
  readonly client: AdminClient;
  readonly name: string;
  readonly #stage: Stage;
  #fences = 0;

  constructor(stage: Stage, client: AdminClient, name: string) {
    this.#stage = stage;
    this.client = client;
    this.name = name;
  }

  send(meta: string, sip = ''): void {
    this.#stage.transcript.add(`${this.name} sends`, sip === '' ? meta : `${meta}\r\n${sip}`);
    this.client.send(meta, sip);
  }

  /** The next frame. */
  async get(): Promise<AdminFrame> {
    const frame = await this.#next();
    this.#show(frame);
    return frame;
  }

  /** Sends a frame and awaits its answer, which is the next one, without a word in the transcript. */
  async quietly(meta: string, sip = ''): Promise<AdminFrame> {
    this.client.send(meta, sip);
    return await this.#next();
  }

  /** Nothing has come since: an answer to a question asked now is the next that comes. */
  async nothing(): Promise<void> {
    this.#fences += 1;
    const id = `fence-${String(this.#fences)}`;
    this.client.send(`${id}|ping`);
    const frame = await this.#next();
    if (frame.tokens[2] === id) this.#stage.note(`${this.name} gets nothing`);
    else throw new Error(`${this.name} got a frame that nobody expected: ${frame.tokens.join('|')}\n${frame.sip}`);
  }

  /** All frames that have come by now. */
  async rest(): Promise<readonly AdminFrame[]> {
    this.#fences += 1;
    const id = `rest-${String(this.#fences)}`;
    this.client.send(`${id}|ping`);
    const frames: AdminFrame[] = [];
    for (;;) {
      const frame = await this.#next();
      if (frame.tokens[2] === id) return frames;
      this.#show(frame);
      frames.push(frame);
    }
  }

  async closed(): Promise<void> {
    const frame = await this.client.next();
    if (frame !== undefined) throw new Error(`no end of the connection, but a frame: ${frame.tokens.join('|')}`);
    this.#stage.note(`the server closes the connection of ${this.name}`);
  }

  async close(): Promise<void> {
    this.client.close();
    await this.#stage.settled();
    this.#stage.note(`${this.name} closes its connection`);
  }

  #show(frame: AdminFrame): void {
    const [, ...rest] = shownTokens(frame);
    const meta = ['<id>', ...rest].join('|');
    this.#stage.transcript.add(`${this.name} gets`, frame.sip === '' ? meta : `${meta}\r\n${frame.sip}`);
  }

  async #next(): Promise<AdminFrame> {
    const frame = await this.client.next();
    if (frame === undefined) throw new Error(`the server closed the connection of ${this.name}`);
    return frame;
  }
}

/**
 * Two things differ from run to run: the octets that a message had on the wire, by the length of addresses and ports (shown is
 * whether there were any), and the order of the server's sockets.
 */
function shownTokens({ tokens }: AdminFrame): readonly string[] {
  const at = tokens.findIndex((token) => token === 'network' || token === 'application');
  return tokens.map((token, index) => {
    if (at !== -1 && index === at + 1 && Number(token) > 0) return '<octets>';
    return /^(udp|tcp|ws)\//.test(token) ? token.split(',').sort().join(',') : token;
  });
}

/** A phone: one socket that sends what it is told and shows what it gets. */
export class Phone {
  readonly name: string;
  readonly transport: Transport;
  readonly #stage: Stage;
  readonly #arrived: string[] = [];
  readonly #seen = new Set<string>();
  #waiting = Promise.withResolvers<void>();
  #udp: UdpSocket | undefined;
  #tcp: TcpSocket | undefined;
  #ws: WebSocketEnd | undefined;
  #rest = '';
  #fences = 0;
  #isEnded = false;

  private constructor(stage: Stage, transport: Transport, name: string) {
    this.#stage = stage;
    this.transport = transport;
    this.name = name;
  }

  static async open(stage: Stage, transport: Transport, name: string): Promise<Phone> {
    const phone = new Phone(stage, transport, name);
    const { address, sipPort, wsPort } = stage.server;
    if (transport === 'udp') {
      const socket = createSocket('udp4');
      socket.bind(0, address);
      socket.on('message', (bytes) => phone.#put(bytes.toString('latin1')));
      await once(socket, 'listening');
      phone.#udp = socket;
    } else {
      const port = transport === 'ws' ? (wsPort ?? 0) : sipPort;
      const socket = createConnection({ host: address, port, localAddress: address, noDelay: true });
      if (transport === 'tcp') socket.on('data', (bytes) => phone.#received(bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        phone.#isEnded = true;
        phone.#wake();
      });
      await once(socket, 'connect');
      phone.#tcp = socket;
      if (transport === 'ws') await phone.#openWebSocket(socket);
    }
    return phone;
  }

  get port(): number {
    return this.#udp?.address().port ?? this.#tcp?.localPort ?? 0;
  }

  /** host:port, for Via and Contact. */
  get host(): string {
    return `${this.#stage.server.address}:${String(this.port)}`;
  }

  send(text: string): void {
    this.#stage.transcript.add(`${this.name} sends`, text);
    this.#write(text);
  }

  /** The next message that has not come before: a server that hears nothing for a while says the same again. */
  async get(): Promise<string> {
    const text = await this.#next();
    this.#stage.transcript.add(`${this.name} gets`, text);
    return text;
  }

  /** Sends and awaits the very same message that came before. */
  async getsAgain(text: string, expected: string): Promise<void> {
    this.#seen.delete(expected);
    this.#stage.transcript.add(`${this.name} sends`, text);
    this.#write(text);
    const again = await this.#next();
    if (again !== expected) throw new Error(`${this.name} got something else: ${again}`);
    this.#stage.note(`${this.name} gets the same as before`);
  }

  /** All messages that have come by now. No app may route OPTIONS. */
  async rest(): Promise<readonly string[]> {
    this.#fences += 1;
    const callId = `rest-${String(this.#fences)}`;
    this.#write(fenceText(this, callId));
    const messages: string[] = [];
    for (;;) {
      await this.#arrival();
      const text = this.#take();
      if (text === undefined) {
        this.#stage.note(`the server closes the connection of ${this.name}`);
        return messages;
      }
      if (text.includes(`Call-ID: ${callId}\r\n`)) return messages;
      this.#stage.transcript.add(`${this.name} gets`, text);
      messages.push(text);
    }
  }

  /** Nothing has come since: the answer to a request sent now is the next that comes. No app may route OPTIONS. */
  async nothing(): Promise<void> {
    this.#fences += 1;
    const callId = `fence-${String(this.#fences)}`;
    this.#write(fenceText(this, callId));
    const text = await this.#next();
    if (text.includes(`Call-ID: ${callId}\r\n`)) this.#stage.note(`${this.name} gets nothing`);
    else throw new Error(`${this.name} got a message that nobody expected: ${text}`);
  }

  close(): void {
    this.#udp?.close();
    this.#udp = undefined;
    this.#tcp?.destroy();
    this.#tcp = undefined;
  }

  /** The connection ends, and the server has seen it. */
  async hangUp(): Promise<void> {
    const socket = this.#tcp;
    if (socket === undefined) throw new Error(`${this.name} has no connection`);
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    this.#tcp = undefined;
    this.#stage.note(`${this.name} closes its connection`);
  }

  async closed(): Promise<void> {
    while (this.#arrived.length === 0 && !this.#isEnded) await this.#waiting.promise;
    if (this.#arrived.length > 0)
      throw new Error(`no end of the connection, but a message: ${String(this.#arrived[0])}`);
    this.#stage.note(`the server closes the connection of ${this.name}`);
  }

  async #openWebSocket(socket: TcpSocket): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = { opened: resolve, received: (text: string) => this.#put(text) };
    this.#ws = new WebSocketEnd(socket, listener, { host: this.#stage.server.address });
    await promise;
  }

  #write(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const { address, sipPort } = this.#stage.server;
    if (this.#udp !== undefined) this.#udp.send(bytes, sipPort, address);
    else if (this.#ws !== undefined) this.#ws.send(text);
    else this.#tcp?.write(bytes);
  }

  async #next(): Promise<string> {
    await this.#arrival();
    const text = this.#take();
    if (text === undefined) throw new Error(`the server closed the connection of ${this.name}`);
    return text;
  }

  /** Something new has come, or nothing will come any more. */
  async #arrival(): Promise<void> {
    while (this.#arrived.length === 0 && !this.#isEnded) await this.#waiting.promise;
  }

  #take(): string | undefined {
    return this.#arrived.shift();
  }

  #received(bytes: Buffer): void {
    this.#rest += bytes.toString('latin1');
    for (;;) {
      if (this.#rest.startsWith('\r\n')) {
        this.#put('\r\n');
        this.#rest = this.#rest.slice(2);
        continue;
      }
      const headEnd = this.#rest.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = Number(/\r\ncontent-length:\s*(\d+)/i.exec(this.#rest.slice(0, headEnd))?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (this.#rest.length < end) return;
      this.#put(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end);
    }
  }

  /** What came before is a retransmission. */
  #put(text: string): void {
    if (this.#seen.has(text)) return;
    if (text !== '\r\n') this.#seen.add(text);
    this.#arrived.push(text);
    this.#wake();
  }

  #wake(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers<void>();
  }
}

function fenceText(phone: Phone, callId: string): string {
  return (
    `OPTIONS sip:fence@example.com SIP/2.0\r\n` +
    `Via: SIP/2.0/${phone.transport.toUpperCase()} ${phone.host};branch=z9hG4bK-${phone.name.replace(' ', '-')}-${callId}\r\n` +
    `From: <sip:fence@example.com>;tag=${callId}\r\nTo: <sip:fence@example.com>\r\nCall-ID: ${callId}\r\n` +
    `CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`
  );
}
