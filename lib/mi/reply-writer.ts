import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { TurnBudget } from './turn-budget.ts';

/** A client that takes nothing of its reply for this long is cut off, so that a forgotten one holds no dump open. */
const STALLED_READER_MS = 30_000;

/** Writes replies to a client at the speed at which it takes them; the same for every transport. */
export class ReplyWriter {
  readonly #out: Writable;
  readonly #clock: Clock;
  readonly #stalledMs: number;
  readonly #onStalled: () => void;

  /** @param onStalled the client takes nothing and is cut off. */
  constructor(out: Writable, clock: Clock, onStalled: () => void, stalledMs: number = STALLED_READER_MS) {
    this.#out = out;
    this.#clock = clock;
    this.#stalledMs = stalledMs;
    this.#onStalled = onStalled;
  }

  /** Resolves when the client has room for more, or is gone. */
  write(text: string): Promise<void> | undefined {
    if (this.#out.destroyed || this.#out.write(text)) return undefined;
    return this.#settled('drain');
  }

  /** One chunk after the other, each as soon as there is room for it; ends early when the client is gone. */
  async stream(chunks: Iterable<string>, turn: TurnBudget): Promise<void> {
    for (const chunk of chunks) {
      await this.write(chunk);
      if (this.#out.destroyed) return;
      await turn.spent();
    }
  }

  /** Nothing more comes. Resolves when the client has taken everything, or is gone. */
  end(): Promise<void> {
    if (this.#out.destroyed) return Promise.resolve();
    const settled = this.#settled('finish');
    this.#out.end();
    return settled;
  }

  #settled(event: 'drain' | 'finish'): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = this.#clock.after(this.#stalledMs, () => {
        this.#onStalled();
        this.#out.destroy();
      });
      const done = () => {
        giveUp.cancel();
        this.#out.off(event, done);
        this.#out.off('close', done);
        resolve();
      };
      this.#out.once(event, done);
      this.#out.once('close', done);
    });
  }
}
