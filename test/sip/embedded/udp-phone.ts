import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A UDP socket that sends to one place and hands out what it gets one after the other. */
export class UdpPhone {
  readonly port: number;
  readonly #socket: Socket;
  readonly #to: { readonly address: string; readonly port: number };
  readonly #arrived: string[] = [];
  #waiting: ((text: string) => void) | undefined;
  /** address:port that the last message came from. */
  lastSource = '';

  static async open(to: { address: string; port: number }, address: string, port = 0): Promise<UdpPhone> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new UdpPhone(socket, to);
  }

  private constructor(socket: Socket, to: { address: string; port: number }) {
    this.#socket = socket;
    this.#to = to;
    this.port = socket.address().port;
    socket.on('message', (bytes, source) => {
      this.lastSource = `${source.address}:${String(source.port)}`;
      this.#onMessage(bytes.toString('latin1'));
    });
  }

  send(message: string | Buffer): void {
    const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
    this.#socket.send(bytes, this.#to.port, this.#to.address);
  }

  /** The next message in the order of arrival. */
  receive(): Promise<string> {
    const first = this.#arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  ask(message: string | Buffer): Promise<string> {
    this.send(message);
    return this.receive();
  }

  close(): void {
    this.#socket.close();
  }

  #onMessage(text: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#arrived.push(text);
    else waiting(text);
  }
}
