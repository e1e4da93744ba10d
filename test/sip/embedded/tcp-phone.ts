import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { StreamFramer, type Frame } from '../../../lib/sip/embedded/stream-framer.ts';

const UNLIMITED = { headBytesMax: 1 << 20, bodyBytesMax: 1 << 20 };

/** A TCP connection that hands out the messages it gets one after the other, and 'pong' for CRLF. */
export class TcpPhone {
  readonly socket: Socket;
  /** Resolves when the other side ended the connection or reset it. */
  readonly ended: Promise<void>;
  /** Everything that came, as it came. */
  received = '';
  readonly #framer = new StreamFramer(UNLIMITED);
  readonly #arrived: string[] = [];
  #waiting: ((text: string) => void) | undefined;

  static async open(
    to: { address: string; port: number },
    localAddress?: string,
    localPort?: number,
  ): Promise<TcpPhone> {
    const local = {
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
    };
    const socket = connect({ host: to.address, port: to.port, allowHalfOpen: true, noDelay: true, ...local });
    await once(socket, 'connect');
    return new TcpPhone(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('end', resolve);
      socket.on('close', () => resolve());
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#onData(chunk));
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Writes and waits until the kernel has it, so that it arrives apart from what follows more often than not. */
  async sendApart(text: string): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(text, 'latin1', () => resolve()));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  receive(): Promise<string> {
    const first = this.#arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  ask(text: string): Promise<string> {
    this.send(text);
    return this.receive();
  }

  close(): void {
    this.socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.received += chunk.toString('latin1');
    this.#framer.push(chunk);
    for (let frame = this.#framer.next(); frame !== undefined; frame = this.#framer.next()) this.#onFrame(frame);
  }

  #onFrame(frame: Frame): void {
    const text = frame.kind === 'message' ? frame.text : frame.kind;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#arrived.push(text);
    else waiting(text);
  }
}
