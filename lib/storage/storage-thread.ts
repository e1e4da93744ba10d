import { Worker } from 'node:worker_threads';
import type { FromStorage, ToStorage } from './messages.ts';

/** One storage thread. Ends by `end`, or by itself with an error; it hears and says nothing afterwards. */
export interface StorageThread {
  post(message: ToStorage): void;
  end(): Promise<void>;
}

export interface ThreadListener {
  message(message: FromStorage): void;
  /** The thread ended by itself. Called once. */
  died(reason: string): void;
}

export type StartThread = (listener: ThreadListener) => StorageThread;

export const startStorageThread: StartThread = (listener) => {
  const worker = new Worker(new URL('./storage.worker.ts', import.meta.url), { execArgv: [], name: 'storage' });
  let over = false;
  const died = (reason: string): void => {
    if (over) return;
    over = true;
    listener.died(reason);
  };
  worker.on('message', (message: FromStorage) => {
    if (!over) listener.message(message);
  });
  worker.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => died(`it ended with code ${code}`));
  return {
    post: (message) => worker.postMessage(message),
    async end() {
      over = true;
      await worker.terminate();
    },
  };
};
