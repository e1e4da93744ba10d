import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { PlaceTransport } from './place.ts';
import { WebSocketEnd } from './web-socket.ts';

export interface Peer {
  readonly transport: PlaceTransport;
  readonly address: string;
  readonly port: number;
}

/** What comes in; messages as byte strings. */
export interface WireListener {
  /** A datagram, or a message of a stream. */
  received(text: string, peer: Peer, connection: StreamConnection | undefined): void;
}

/** Why something was not sent, as far as the system told. */
export type SendFailure = (cause: Error) => void;

/** How long a socket of one peer stays after its last use. */
const QUIET_MS = 5000;
/** Sockets of peers at most; who comes then is asked over the common one, and that nobody is there goes unnoticed. */
const PEER_SOCKETS_MAX = 1000;
/** What a stopped server's socket would hold of what comes in; more is lost. */
const HELD_DATAGRAMS_MAX = 300;

/** The server's UDP socket, and beside it one for each peer that it asks something, so that the system says when nobody is there. */
export class DatagramWire {
  readonly #address: string;
  readonly #port: number;
  readonly #listener: WireListener;
  #socket: UdpSocket | undefined;
  readonly #peers = new Map<string, PeerSocket>();
  #held: (readonly [Buffer, RemoteInfo])[] | undefined;

  constructor(address: string, port: number, listener: WireListener) {
    this.#address = address;
    this.#port = port;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    this.#socket = await this.#bind();
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    for (const { socket, timer } of this.#peers.values()) {
      clearTimeout(timer);
      socket.close();
    }
    this.#peers.clear();
    this.#held = undefined;
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [bytes, from] of held) this.#receive(bytes, from);
  }

  send(text: string, { address, port }: Peer): void {
    this.#socket?.send(Buffer.from(text, 'latin1'), port, address, () => undefined);
  }

  /** Sends where somebody is expected; `failed` is called when the system says that nobody is, maybe several times. */
  ask(text: string, peer: Peer, failed: SendFailure): void {
    if (this.#peers.size >= PEER_SOCKETS_MAX && !this.#peers.has(keyOf(peer))) {
      this.send(text, peer);
      return;
    }
    void this.#peerSocket(peer).then((found) => {
      if (found === undefined) {
        this.send(text, peer);
        return;
      }
      found.failed = failed;
      found.timer.refresh();
      found.socket.send(Buffer.from(text, 'latin1'), (error) => {
        if (error !== null) failed(error);
      });
    }, failed);
  }

  async #peerSocket(peer: Peer): Promise<PeerSocket | undefined> {
    const { address, port } = peer;
    const key = keyOf(peer);
    const known = this.#peers.get(key);
    if (known !== undefined) {
      await known.connected;
      return this.#peers.get(key);
    }
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const connected = Promise.withResolvers<void>();
    // Nobody else waits for it when this one fails.
    connected.promise.catch(() => undefined);
    const timer = setTimeout(() => {
      this.#peers.delete(key);
      // What the system has put into its queue by now is read first.
      setImmediate(() => socket.close());
    }, QUIET_MS);
    timer.unref();
    const made: PeerSocket = { socket, timer, connected: connected.promise, failed: () => undefined };
    this.#peers.set(key, made);
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    socket.on('error', (error) => {
      connected.reject(error);
      made.failed(error);
    });
    socket.bind(this.#port, this.#address, () => {
      socket.connect(port, address, (error?: Error) => {
        if (error === undefined) connected.resolve();
        else connected.reject(error);
      });
    });
    await connected.promise;
    return this.#peers.get(key);
  }

  async #bind(): Promise<UdpSocket> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: 4 << 20 });
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    socket.bind(this.#port, this.#address);
    await once(socket, 'listening');
    socket.on('error', () => undefined);
    return socket;
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    if (this.#held === undefined)
      this.#listener.received(
        bytes.toString('latin1'),
        { transport: 'udp', address: from.address, port: from.port },
        undefined,
      );
    else if (this.#held.length < HELD_DATAGRAMS_MAX) this.#held.push([bytes, from]);
  }
}

function keyOf({ address, port }: Peer): string {
  return `${address}:${String(port)}`;
}

interface PeerSocket {
  readonly socket: UdpSocket;
  readonly timer: NodeJS.Timeout;
  readonly connected: Promise<void>;
  failed: SendFailure;
}

/** One connection, TCP or WebSocket, whoever opened it. */
export class StreamConnection {
  readonly peer: Peer;
  readonly #socket: TcpSocket;
  readonly #listener: WireListener;
  readonly #webSocket: WebSocketEnd | undefined;
  #rest = '';

  /** @param isDialled whether this end asked for it */
  constructor(socket: TcpSocket, peer: Peer, listener: WireListener, isDialled: boolean) {
    this.#socket = socket;
    this.peer = peer;
    this.#listener = listener;
    if (peer.transport === 'ws') {
      const received = (text: string) => listener.received(text, peer, this);
      const client = isDialled ? { host: peer.address } : undefined;
      this.#webSocket = new WebSocketEnd(socket, { opened: () => undefined, received }, client);
    } else socket.on('data', (bytes: Buffer) => this.#received(bytes));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    if (this.#webSocket === undefined) this.#socket.write(text, 'latin1');
    else this.#webSocket.send(text);
  }

  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #received(bytes: Buffer): void {
    this.#rest += bytes.toString('latin1');
    for (;;) {
      // A ping of two line ends is answered with one, RFC 5626 §4.4.1; single ones are skipped.
      if (this.#rest.startsWith('\r\n\r\n')) {
        this.#rest = this.#rest.slice(4);
        this.#socket.write('\r\n');
        continue;
      }
      if (this.#rest.startsWith('\r\n') && this.#rest.length > 2) {
        this.#rest = this.#rest.replace(/^(\r\n)+/, '');
        continue;
      }
      const headEnd = this.#rest.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = Number(/\r\n(?:content-length|l)\s*:\s*(\d+)/i.exec(this.#rest.slice(0, headEnd + 2))?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (this.#rest.length < end) return;
      const text = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end);
      this.#listener.received(text, this.peer, this);
    }
  }
}

/** The server's TCP or WebSocket socket, and all its connections. */
export class StreamWire {
  readonly #transport: 'tcp' | 'ws';
  readonly #address: string;
  readonly #port: number;
  readonly #listener: WireListener;
  readonly #server: Server;
  /** By the peer's address and port. */
  readonly #connections = new Map<string, StreamConnection>();
  #isPaused = false;

  constructor(transport: 'tcp' | 'ws', address: string, port: number, listener: WireListener) {
    this.#transport = transport;
    this.#address = address;
    this.#port = port;
    this.#listener = listener;
    this.#server = createServer({ noDelay: true }, (socket) => this.#add(socket, false));
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, this.#address);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  pause(): void {
    this.#isPaused = true;
    for (const connection of this.#connections.values()) connection.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const connection of this.#connections.values()) connection.resume();
  }

  /** Sends over the connection with this peer, or over a new one. */
  ask(text: string, peer: Peer, failed: SendFailure): void {
    const { address, port } = peer;
    const known = this.#connections.get(keyOf(peer));
    if (known !== undefined) {
      known.send(text);
      return;
    }
    const socket = createConnection({ host: address, port, localAddress: this.#address, noDelay: true });
    socket.once('error', failed);
    socket.once('connect', () => this.#add(socket, true).send(text));
  }

  #add(socket: TcpSocket, isDialled: boolean): StreamConnection {
    const peer: Peer = {
      transport: this.#transport,
      address: socket.remoteAddress ?? '',
      port: socket.remotePort ?? 0,
    };
    const key = keyOf(peer);
    const connection = new StreamConnection(socket, peer, this.#listener, isDialled);
    this.#connections.set(key, connection);
    if (this.#isPaused) connection.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
    });
    return connection;
  }
}
