import { close, constants } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { ReplyWriter } from '../reply-writer.ts';
import type { TurnBudget } from '../turn-budget.ts';
import { openFifo, type OpenFifo } from './open-fifo.ts';

/** As OpenSIPS: a client that has written its request opens its FIFO a moment later. */
const OPEN_TRIES = 4;
const BETWEEN_TRIES_MS = 80;

/** A reader that takes nothing for so long is left; there are few places for replies in progress. */
const STALLED_READER_MS = 5000;

const NAME_CHARS_MAX = 255;

const closeFile = promisify(close);

/** Whether a client may name its reply FIFO so; a name that leads out of the folder is refused, as in OpenSIPS. */
export function isReplyName(name: string): boolean {
  return name.length <= NAME_CHARS_MAX && /^[\x21-\x7e]+$/.test(name) && !/[./\\]/.test(name);
}

/** A client's FIFO, open for its reply. */
export class ReplyFifo {
  readonly #socket: Socket;
  readonly #clock: Clock;

  private constructor(fd: number, clock: Clock) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    // A reader that leaves early has what it wanted; the close that follows ends the writing.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#clock = clock;
  }

  /**
   * Rejects when there is none, or nobody reads it, or when it is the one that requests come from.
   * @param requestsIdentity of that one: replies in it would be read as requests, which are answered in turn.
   */
  static async open(path: string, requestsIdentity: string, clock: Clock): Promise<ReplyFifo> {
    const { fd, identity } = await opened(path, clock);
    if (identity !== requestsIdentity) return new ReplyFifo(fd, clock);
    await closeFile(fd);
    throw new Error(`${path} is the management FIFO itself`);
  }

  /** Writes the reply and closes; a reader that leaves early or takes nothing ends it. Rejects only when an invariant broke. */
  async write(chunks: Iterable<string>, turn: TurnBudget): Promise<'written' | 'stalled'> {
    let outcome: 'written' | 'stalled' = 'written';
    const writer = new ReplyWriter(this.#socket, this.#clock, () => (outcome = 'stalled'), STALLED_READER_MS);
    try {
      await writer.stream(chunks, turn);
      await writer.end();
    } finally {
      this.#socket.destroy();
    }
    return outcome;
  }
}

async function opened(path: string, clock: Clock): Promise<OpenFifo> {
  for (let tries = 1; ; tries++) {
    try {
      return await openFifo(path, constants.O_WRONLY);
    } catch (err) {
      const isUnread = err instanceof Error && 'code' in err && err.code === 'ENXIO';
      if (!isUnread || tries === OPEN_TRIES) throw err;
    }
    await new Promise<void>((resolve) => {
      clock.after(BETWEEN_TRIES_MS, resolve);
    });
  }
}
