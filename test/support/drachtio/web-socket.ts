import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

// RFC 6455 as far as SIP over WebSocket (RFC 7118) needs it: whole messages in single frames.
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const FIN = 0x80;
const MASKED = 0x80;
const LENGTH_16 = 126;

export interface WebSocketListener {
  /** The handshake is over. */
  opened(): void;
  /** A message, as a byte string. */
  received(text: string): void;
}

/** One end of a WebSocket connection on a TCP socket. */
export class WebSocketEnd {
  readonly #socket: Socket;
  readonly #isClient: boolean;
  readonly #listener: WebSocketListener;
  #rest = Buffer.alloc(0);
  #isOpen = false;
  readonly #waiting: string[] = [];

  /** @param client its host, if this end asks for the connection */
  constructor(socket: Socket, listener: WebSocketListener, client?: { readonly host: string }) {
    this.#socket = socket;
    this.#listener = listener;
    this.#isClient = client !== undefined;
    socket.on('data', (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      this.#read();
    });
    if (client !== undefined) {
      socket.write(
        `GET / HTTP/1.1\r\nHost: ${client.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    }
  }

  /** What is sent before the handshake is over waits for its end. */
  send(text: string): void {
    if (this.#isOpen) this.#frame(TEXT, Buffer.from(text, 'latin1'));
    else this.#waiting.push(text);
  }

  #frame(opcode: number, payload: Buffer): void {
    const isLong = payload.length >= LENGTH_16;
    const head = Buffer.alloc(isLong ? 4 : 2);
    head[0] = FIN | opcode;
    head[1] = (this.#isClient ? MASKED : 0) | (isLong ? LENGTH_16 : payload.length);
    if (isLong) head.writeUInt16BE(payload.length, 2);
    // A mask of zeros is as good as any other here.
    this.#socket.write(Buffer.concat([head, Buffer.alloc(this.#isClient ? 4 : 0), payload]));
  }

  #read(): void {
    if (!this.#isOpen && !this.#shakeHands()) return;
    for (;;) {
      const [first = 0, second = 0] = this.#rest;
      const isLong = (second & 0x7f) === LENGTH_16;
      const maskAt = isLong ? 4 : 2;
      if (this.#rest.length < maskAt) return;
      const start = maskAt + ((second & MASKED) === 0 ? 0 : 4);
      const end = start + (isLong ? this.#rest.readUInt16BE(2) : second & 0x7f);
      if (this.#rest.length < end) return;
      const mask = this.#rest.subarray(maskAt, start);
      const payload = Buffer.from(
        this.#rest.subarray(start, end).map((octet, index) => octet ^ (mask[index % 4] ?? 0)),
      );
      this.#rest = this.#rest.subarray(end);
      const opcode = first & 0x0f;
      if (opcode === CLOSE) this.#socket.end();
      else if (opcode === PING) this.#frame(PONG, payload);
      else if (opcode !== PONG) this.#listener.received(payload.toString('latin1'));
    }
  }

  #shakeHands(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const head = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 4);
    this.#isOpen = true;
    if (!this.#isClient) {
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
      this.#socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: sip\r\n\r\n`,
      );
    }
    for (const text of this.#waiting.splice(0)) this.send(text);
    this.#listener.opened();
    return true;
  }
}
