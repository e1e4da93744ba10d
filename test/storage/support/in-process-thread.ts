import type { FromStorage, ToStorage } from '../../../lib/storage/messages.ts';
import { StorageService } from '../../../lib/storage/storage-service.ts';
import type { StartThread } from '../../../lib/storage/storage-thread.ts';

/** The storage thread's work done in this thread, one message a turn: a start takes milliseconds instead of a tenth of a second. */
export const inProcessThread: StartThread = (listener) => {
  let over = false;
  const service = new StorageService((message) => {
    setImmediate(() => {
      if (!over) listener.message(message);
    });
  });
  return {
    post(message) {
      setImmediate(() => {
        if (!over) service.handle(message);
      });
    },
    end() {
      over = true;
      return Promise.resolve();
    },
  };
};

/** A storage thread whose answers to flushes the test holds back. */
export class SlowDisk {
  holding = false;
  readonly #held: (() => void)[] = [];

  readonly startThread: StartThread = (listener) =>
    inProcessThread({
      message: (message: FromStorage) => {
        if (this.holding && message.type === 'flushed') this.#held.push(() => listener.message(message));
        else listener.message(message);
      },
      died: (reason) => listener.died(reason),
    });

  /** Gives the oldest answers that are held, all without a number. */
  release(count = this.#held.length): void {
    for (const give of this.#held.splice(0, count)) give();
  }
}

/** Starts a thread whose messages the test sees, and can add to. */
export class TappedThread {
  #post: ((message: ToStorage) => void) | undefined;
  starts = 0;
  readonly #start: StartThread;

  constructor(start: StartThread) {
    this.#start = start;
  }

  readonly startThread: StartThread = (listener) => {
    this.starts++;
    const thread = this.#start(listener);
    this.#post = (message) => thread.post(message);
    return thread;
  };

  inject(message: ToStorage): void {
    this.#post?.(message);
  }
}
