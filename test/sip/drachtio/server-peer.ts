import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A frame of the engine: its words, and the SIP text behind them. */
export interface EngineFrame {
  readonly id: string;
  readonly words: readonly string[];
  readonly text: string;
  /** Octets on the wire, the length in front included. */
  readonly bytes: number;
}

export interface PeerOptions {
  readonly outside?: string;
  readonly bound?: string;
  /** What `authenticate` gets. */
  readonly refusal?: string;
}

/**
 * The admin port of a drachtio-server that does as the test says. It greets, confirms routes and answers pings by itself,
 * unless it is hung; everything else waits for the test.
 */
export class ServerPeer {
  readonly routes: string[] = [];
  /** What nobody had read of the last connection that the engine closed; a byte string. */
  leftUnread = '';
  #isHung = false;
  connectionCount = 0;
  options: PeerOptions;
  #server: Server | undefined;
  #socket: Socket | undefined;
  #rest = Buffer.alloc(0);
  readonly #frames: EngineFrame[] = [];
  readonly #waiting: ((frame: EngineFrame) => void)[] = [];
  #count = 0;
  port = 0;
  secret: string | undefined;

  constructor(t: Test, options: PeerOptions = {}) {
    this.options = options;
    t.teardown(() => this.close());
  }

  static async open(t: Test, options: PeerOptions = {}): Promise<ServerPeer> {
    const peer = new ServerPeer(t, options);
    await peer.listen();
    return peer;
  }

  async listen(port = this.port): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  /** The process is gone. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#socket?.destroy();
    if (server === undefined) return;
    server.close();
    await once(server, 'close');
  }

  /** The connection alone is gone. */
  cut(): void {
    this.#socket?.destroy();
  }

  /** Raw octets. */
  write(bytes: Buffer | string): void {
    this.#socket?.write(bytes);
  }

  send(payload: Buffer | string): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
    this.write(Buffer.concat([Buffer.from(`${String(bytes.length)}#`), bytes]));
  }

  /** A request from the network. @param text a byte string */
  request(
    text: string,
    { transaction = 'txn-1', protocol = 'udp', from = '192.0.2.7|4000', on = '127.0.0.1|5060' } = {},
  ): void {
    const words = `${this.#uuid()}|sip|network|${String(text.length)}|${protocol}|${from}|10:00:00.000001|${transaction}||${on}|`;
    this.send(`${words}\r\n${text}`);
  }

  /** A response from the network to a request that the engine ordered, or of the server's own. */
  response(transaction: string, text: string, from = 'udp|192.0.2.7|4000'): void {
    this.send(`${this.#uuid()}|sip|network|${String(text.length)}|${from}|10:00:00.000001|${transaction}||\r\n${text}`);
  }

  sent(id: string, transaction: string): void {
    this.send(
      `${this.#uuid()}|response|${id}|OK|application|300|udp|127.0.0.1|5060|10:00:00.000001|${transaction}|Msg sent:|\r\nOPTIONS x`,
    );
  }

  refuse(id: string, reason: string): void {
    this.send(`${this.#uuid()}|response|${id}|NOK|${reason}`);
  }

  /** The next frame that is not about the connection. */
  next(): Promise<EngineFrame> {
    const frame = this.#frames.shift();
    return frame === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(frame);
  }

  /** Frames that came and were not asked for yet. */
  get unread(): readonly EngineFrame[] {
    return this.#frames;
  }

  #accept(socket: Socket): void {
    this.#socket = socket;
    this.connectionCount++;
    this.#rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('end', () => (this.leftUnread = this.#rest.toString('latin1')));
  }

  /** Reads nothing any more; what comes waits. */
  hang(): void {
    this.#isHung = true;
  }

  wake(): void {
    this.#isHung = false;
    this.#read();
  }

  #onData(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isHung) this.#read();
  }

  #read(): void {
    for (;;) {
      const hash = this.#rest.indexOf('#');
      if (hash < 0) return;
      const end = hash + 1 + Number(this.#rest.toString('latin1', 0, hash));
      if (this.#rest.length < end) return;
      const payload = this.#rest.toString('latin1', hash + 1, end);
      this.#rest = this.#rest.subarray(end);
      this.#take(payload, end);
    }
  }

  #take(payload: string, bytes: number): void {
    const lineEnd = payload.indexOf('\r\n');
    const words = (lineEnd < 0 ? payload : payload.slice(0, lineEnd)).split('|');
    const [id = '', kind, first = ''] = words;
    const { outside = 'udp/127.0.0.1:5060,tcp/127.0.0.1:5060', bound = outside, refusal } = this.options;
    switch (kind) {
      case 'authenticate':
        this.secret = first;
        this.#reply(id, refusal === undefined ? `OK|${outside}|v0.9.10-1|${bound}` : `NO|${refusal}`);
        break;
      case 'route':
        this.routes.push(first);
        this.#reply(id, 'OK');
        break;
      case 'ping':
        this.#reply(id, 'OK|pong');
        break;
      default:
        this.#hand({ id, words, text: lineEnd < 0 ? '' : payload.slice(lineEnd + 2), bytes });
    }
  }

  #hand(frame: EngineFrame): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#frames.push(frame);
    else waiting(frame);
  }

  #reply(id: string, words: string): void {
    this.send(`${this.#uuid()}|response|${id}|${words}`);
  }

  #uuid(): string {
    return `00000000-0000-4000-9000-${String(this.#count++).padStart(12, '0')}`;
  }
}
