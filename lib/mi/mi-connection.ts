import type { Socket } from 'node:net';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/clock.ts';
import { PARSE_ERROR } from './rpc-request.ts';
import { RequestLines, type RequestLine } from './request-lines.ts';
import { errorText, type RpcDispatcher, type RpcReply } from './rpc-dispatcher.ts';

/** Longest request in bytes; a longer one is answered with a parse error and skipped up to its line end. */
export const LINE_BYTES_MAX = 65_536;

/** A client that takes nothing of its reply for this long is cut off, so that a forgotten one holds no dump open. */
const STALLED_READER_MS = 30_000;

/** How long a stopping daemon lets clients take the rest of their replies. */
export const STOP_GRACE_MS = 1000;

const TOO_LONG = errorText({ ...PARSE_ERROR, data: `A request has at most ${LINE_BYTES_MAX} bytes` });

/**
 * One client of the unix socket. Requests are answered one after the other: while one is carried out nothing more is
 * read, so what a connection holds is one line, one chunk of reply, and the kernel's buffers.
 */
export class MiConnection {
  readonly #socket: Socket;
  readonly #dispatcher: RpcDispatcher;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lines = new RequestLines(LINE_BYTES_MAX);
  #busy = false;
  #finishing = false;

  constructor(socket: Socket, dispatcher: RpcDispatcher, clock: Clock, log: Log) {
    this.#socket = socket;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
    this.#log = log;
  }

  /** Serves until the client ends; rejects only when an invariant broke. */
  async serve(): Promise<void> {
    try {
      const chunks: AsyncIterable<Buffer> = this.#socket.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks) {
        await this.#answerAll(this.#lines.push(chunk));
        if (this.#finishing) break;
      }
      await this.#answerAll(this.#lines.end());
      this.#socket.end();
    } catch (err) {
      if (!this.#isLoss(err)) throw err;
      this.#log.debug({ err }, 'management client lost');
    }
    this.#socket.destroySoon();
  }

  /** Ends the connection as soon as what it is doing is answered. */
  finish(): void {
    this.#finishing = true;
    if (!this.#busy) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** A connection that broke, as against a broken invariant in a command. */
  #isLoss(err: unknown): boolean {
    if (err === this.#socket.errored) return true;
    return err instanceof Error && 'code' in err && err.code === 'ERR_STREAM_PREMATURE_CLOSE';
  }

  async #answerAll(lines: readonly RequestLine[]): Promise<void> {
    this.#busy = true;
    for (const line of lines) {
      if (this.#socket.destroyed) break;
      await this.#send(line.kind === 'too-long' ? tooLong() : await this.#dispatcher.answer(line.text));
    }
    this.#busy = false;
  }

  async #send(reply: RpcReply): Promise<void> {
    switch (reply.kind) {
      case 'none':
        return;
      case 'text':
        return this.#write(`${reply.text}\n`);
      case 'stream':
        return this.#stream(reply.chunks);
    }
  }

  async #stream(chunks: Iterable<string>): Promise<void> {
    for (const chunk of chunks) {
      await this.#write(chunk);
      if (this.#socket.destroyed) return;
      await this.#turn();
    }
    await this.#write('\n');
  }

  /** Lets the event loop serve everything else before the next chunk of a dump. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(0, resolve);
    });
  }

  /** Resolves when the client has room for more, or is gone. */
  #write(text: string): Promise<void> | undefined {
    if (this.#socket.destroyed || this.#socket.write(text)) return undefined;
    return new Promise((resolve) => {
      const giveUp = this.#clock.after(STALLED_READER_MS, () => {
        this.#log.warn({ stalledMs: STALLED_READER_MS }, 'management client does not read its reply');
        this.#socket.destroy();
      });
      const done = () => {
        giveUp.cancel();
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.once('drain', done);
      this.#socket.once('close', done);
    });
  }
}

function tooLong(): RpcReply {
  return { kind: 'text', text: TOO_LONG };
}
