import type { Socket } from 'node:net';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/clock.ts';
import { LiveFeed } from './live-feed.ts';
import { ReplyWriter } from './reply-writer.ts';
import { PARSE_ERROR } from './rpc-request.ts';
import { RequestLines, type RequestLine } from './request-lines.ts';
import { errorText, type RpcDispatcher, type RpcReply } from './rpc-dispatcher.ts';
import type { TurnBudget } from './turn-budget.ts';

/** Longest request in bytes; a longer one is answered with a parse error and skipped up to its line end. */
export const LINE_BYTES_MAX = 65_536;

/** How long a stopping daemon lets clients take the rest of their replies. */
export const STOP_GRACE_MS = 1000;

const TOO_LONG = errorText({ ...PARSE_ERROR, data: `A request has at most ${LINE_BYTES_MAX} bytes` });

/**
 * One client of the unix socket. Requests are answered one after the other: while one is carried out nothing more is
 * read, so what a connection holds is one line, one chunk of reply, and the kernel's buffers. An answer that goes on is
 * the last one: what the client says after that is read and means nothing, and ends it when the client has said all.
 */
export class MiConnection {
  readonly #socket: Socket;
  readonly #dispatcher: RpcDispatcher;
  readonly #writer: ReplyWriter;
  readonly #clock: Clock;
  readonly #turn: TurnBudget;
  readonly #log: Log;
  readonly #lines = new RequestLines(LINE_BYTES_MAX);
  #live: LiveFeed | undefined;
  #busy = false;
  #finishing = false;
  #askedAtMs: number;

  /** @param turn that of all connections. */
  constructor(socket: Socket, dispatcher: RpcDispatcher, clock: Clock, turn: TurnBudget, log: Log) {
    this.#socket = socket;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
    this.#turn = turn;
    this.#log = log;
    this.#askedAtMs = clock.monotonicMs();
    this.#writer = new ReplyWriter(socket, clock, () => log.warn({}, 'management client does not read its reply'));
  }

  /**
   * When it last asked for something, or else came (monotonic milliseconds); undefined while it is answered, or gets an
   * answer that goes on.
   */
  get idleSinceMs(): number | undefined {
    return this.#busy || this.#live !== undefined ? undefined : this.#askedAtMs;
  }

  /** Serves until the client ends; rejects only when an invariant broke. */
  async serve(): Promise<void> {
    // The loop below hears of a lost client while it reads; what is written after the client's end may fail as well.
    this.#socket.on('error', (err) => this.#log.debug({ err }, 'management client lost'));
    try {
      const chunks: AsyncIterable<Buffer> = this.#socket.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks) {
        if (this.#live === undefined) await this.#answerAll(this.#lines.push(chunk));
        if (this.#finishing) break;
      }
      if (this.#live === undefined) await this.#answerAll(this.#lines.end());
      this.#socket.end();
    } catch (err) {
      if (!this.#isLoss(err)) throw err;
    } finally {
      this.#live?.close();
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
    if (lines.length > 0) this.#askedAtMs = this.#clock.monotonicMs();
    this.#busy = true;
    for (const line of lines) {
      if (this.#socket.destroyed || this.#live !== undefined) break;
      await this.#send(line.kind === 'too-long' ? tooLong() : await this.#dispatcher.answer(line.text));
      // One chunk may be a thousand notifications, for which nobody waits between two.
      await this.#turn.spent();
    }
    this.#busy = false;
  }

  async #send(reply: RpcReply): Promise<void> {
    switch (reply.kind) {
      case 'none':
        return;
      case 'text':
        return this.#writer.write(`${reply.text}\n`);
      case 'stream':
        await this.#writer.stream(reply.chunks, this.#turn);
        return this.#writer.write('\n');
      case 'live':
        this.#live = new LiveFeed(this.#socket, reply);
    }
  }
}

function tooLong(): RpcReply {
  return { kind: 'text', text: TOO_LONG };
}
