import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { DrachtioPlace } from './place.ts';

/** A frame of the admin protocol: the line of tokens, and the SIP message below it, if there is one. */
export interface AdminFrame {
  readonly tokens: readonly string[];
  /** A byte string; '' = none. */
  readonly sip: string;
}

/** An app's end of the admin connection, as plain as can be: it frames and hands out what comes, and knows nothing of SIP. */
export class AdminClient {
  readonly socket: Socket;
  readonly #frames: AdminFrame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #arrived = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async connect({ adminAddress, adminPort }: DrachtioPlace): Promise<AdminClient> {
    const socket = createConnection({ host: adminAddress, port: adminPort, noDelay: true });
    const client = new AdminClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Frames a line of tokens and a message below it. */
  static frame(meta: string, sip = ''): Buffer {
    const payload = Buffer.from(sip === '' ? meta : `${meta}\r\n${sip}`, 'latin1');
    return Buffer.concat([Buffer.from(`${String(payload.length)}#`), payload]);
  }

  send(meta: string, sip = ''): void {
    this.socket.write(AdminClient.frame(meta, sip));
  }

  sendRaw(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** The next frame; undefined when the connection is over and none is left. */
  async next(): Promise<AdminFrame | undefined> {
    await this.arrived();
    return this.#frames.shift();
  }

  /** Resolves when `next` has something to return. */
  async arrived(): Promise<void> {
    while (this.#frames.length === 0 && !this.#isClosed) await this.#arrived.promise;
  }

  close(): void {
    this.socket.destroy();
  }

  #received(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const hash = this.#rest.indexOf('#');
      const end = hash + 1 + Number(this.#rest.subarray(0, Math.max(hash, 0)));
      if (hash === -1 || this.#rest.length < end) break;
      const payload = this.#rest.toString('latin1', hash + 1, end);
      this.#rest = this.#rest.subarray(end);
      const cut = payload.indexOf('\r\n');
      const meta = cut === -1 ? payload : payload.slice(0, cut);
      this.#frames.push({ tokens: meta.split('|'), sip: cut === -1 ? '' : payload.slice(cut + 2) });
    }
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}
