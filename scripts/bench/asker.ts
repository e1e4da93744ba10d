import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { ADDRESS } from './server.ts';

type Place = { readonly address: string; readonly port: number };

/** An answer, and when it came. */
export interface Answer {
  readonly text: string;
  readonly atMs: number;
}

/** Asks one question at a time from one UDP socket, and again when no answer comes. */
export class Asker {
  readonly localPort: number;
  /** How often a question had to be sent again. */
  resent = 0;
  readonly #socket: Socket;
  readonly #resendMs: number;
  #waiting: { readonly branch: string; readonly resolve: (answer: Answer) => void } | undefined;

  private constructor(socket: Socket, resendMs: number) {
    this.#socket = socket;
    this.#resendMs = resendMs;
    this.localPort = socket.address().port;
    socket.on('message', (message) => this.#take(message.toString('latin1')));
    // A server that is not there yet is told by ICMP.
    socket.on('error', () => undefined);
  }

  static async open({ resendMs = 500 } = {}): Promise<Asker> {
    const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
    // With such a lookup it listens before `bind` returns.
    const listening = once(socket, 'listening');
    socket.bind(0, ADDRESS);
    await listening;
    return new Asker(socket, resendMs);
  }

  /** Resolves with the answer that has the request's branch; rejects when none comes within ten seconds. */
  async ask(server: Place, request: string): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting = { branch: branchOf(request), resolve };
    const send = (): void => {
      this.#socket.send(Buffer.from(request, 'latin1'), server.port, server.address, () => undefined);
    };
    const again = setInterval(() => {
      this.resent++;
      send();
    }, this.#resendMs);
    const given = `${server.address}:${server.port} did not answer within ${GIVE_UP_MS / 1000} s`;
    const giveUp = setTimeout(() => reject(new Error(given)), GIVE_UP_MS);
    send();
    return promise.finally(() => {
      clearInterval(again);
      clearTimeout(giveUp);
    });
  }

  close(): void {
    this.#socket.close();
  }

  #take(text: string): void {
    const atMs = performance.now();
    if (this.#waiting?.branch === branchOf(text)) this.#waiting.resolve({ text, atMs });
  }
}

const GIVE_UP_MS = 10_000;

function branchOf(message: string): string {
  return /;branch=([^;\r]+)/.exec(message)?.[1] ?? '';
}
