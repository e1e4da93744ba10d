import type { FromStorage, ToStorage } from './messages.ts';
import type { StartThread, StorageThread, ThreadListener } from './storage-thread.ts';

/**
 * The storage thread of the moment. A thread that died is replaced with `restart`; whoever listens at that time hears the
 * new one.
 */
export class StorageConnection {
  readonly #startThread: StartThread;
  #thread: StorageThread;
  #listener: ThreadListener | undefined;
  /** Why the thread ended by itself; undefined while it lives. */
  #endedBy: string | undefined;

  constructor(startThread: StartThread) {
    this.#startThread = startThread;
    this.#thread = this.#start();
  }

  post(message: ToStorage): void {
    this.#thread.post(message);
  }

  /** Nothing is heard before the first `listen`: the thread answers only what it is asked. */
  listen(listener: ThreadListener): void {
    this.#listener = listener;
  }

  /**
   * Posts a message and gives the next answer to `take`, until that gives something other than undefined. Rejects when
   * the thread ends, or has ended, before.
   */
  ask<T>(message: ToStorage, take: (answer: FromStorage) => T | undefined): Promise<T> {
    if (this.#endedBy !== undefined) return Promise.reject(threadEnded(this.#endedBy));
    return new Promise((resolve, reject) => {
      this.#listener = {
        message: (answer) => {
          try {
            const taken = take(answer);
            if (taken !== undefined) resolve(taken);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        died: (reason) => reject(threadEnded(reason)),
      };
      this.post(message);
    });
  }

  restart(): void {
    this.#thread = this.#start();
  }

  end(): Promise<void> {
    this.#listener = undefined;
    return this.#thread.end();
  }

  #start(): StorageThread {
    this.#endedBy = undefined;
    return this.#startThread({
      message: (message) => this.#listener?.message(message),
      died: (reason) => {
        this.#endedBy = reason;
        this.#listener?.died(reason);
      },
    });
  }
}

function threadEnded(reason: string): Error {
  return new Error(`the storage thread ended: ${reason}`);
}
