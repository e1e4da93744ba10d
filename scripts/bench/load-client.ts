import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Asker } from './asker.ts';
import type { LagOrder, LagResult } from './lag.ts';
import { queryText, type LoadOrder, type LoadResult } from './load.ts';
import type { WorkerOrder } from './load.worker.ts';
import { pause } from './pause.ts';
import { LOAD_CORE } from './server.ts';

/** The load generator in a process of its own, on its own core. */
export class LoadClient {
  readonly #child: ChildProcess;

  constructor() {
    const script = fileURLToPath(new URL('load.worker.ts', import.meta.url));
    this.#child = spawn('taskset', ['-c', LOAD_CORE, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  run(order: LoadOrder): Promise<LoadResult> {
    return this.#result<LoadResult>({ load: order }, `load on ${order.address}:${order.port}`);
  }

  lag(order: LagOrder): Promise<LagResult> {
    return this.#result<LagResult>({ lag: order }, 'replication lag');
  }

  async #result<T>(order: WorkerOrder, name: string): Promise<T> {
    this.#child.send(order);
    const [answer] = (await once(this.#child, 'message')) as [{ result: T } | { error: string }];
    if ('error' in answer) throw new Error(`${name}: ${answer.error}`);
    return answer.result;
  }

  stop(): void {
    this.#child.kill();
  }
}

const TRY_EVERY_MS = 100;
const TRIES = 100;

/**
 * Resolves when a REGISTER to this place is answered; rejects when that takes more than ten seconds. 503 is no answer: drachtio-server says so
 * while nobody is connected to it, and to everything that is sent again under the same branch.
 */
export async function untilItAnswers(address: string, port: number): Promise<void> {
  const asker = await Asker.open({ resendMs: TRY_EVERY_MS });
  try {
    for (let cseq = 1; cseq <= TRIES; cseq++) {
      const { text } = await asker.ask({ address, port }, queryText(99_999_999, cseq, asker.localPort));
      if (!text.startsWith('SIP/2.0 503')) return;
      await pause(TRY_EVERY_MS);
    }
  } finally {
    asker.close();
  }
  throw new Error(`${address}:${port} answers 503`);
}
