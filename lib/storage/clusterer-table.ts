import { Worker } from 'node:worker_threads';
import type { NodeRow, NodeTable } from '../cluster/ports.ts';
import { invariant, OperationalError } from '../core/errors.ts';
import type { ClustererAnswer, ClustererOrder, ClustererPlace } from './clusterer-order.ts';

/** Carries out one order elsewhere. Rejects when there is no answer. */
export type CarryOut = (order: ClustererOrder) => Promise<ClustererAnswer>;

/**
 * The table `clusterer` of a database file. Each order has a thread of its own for as long as it takes, so that nobody
 * waits for a file that another program has locked; the daemon's own use of the file goes on beside it.
 */
export class ClustererTable implements NodeTable {
  readonly name: string;
  readonly isStored = true;
  readonly #place: ClustererPlace;
  readonly #carryOut: CarryOut;

  /** @param place a file that does not exist, or has no tables yet, gets them at the first order. */
  constructor(place: ClustererPlace, carryOut: CarryOut = inThread) {
    this.name = `the table clusterer of ${place.path}`;
    this.#place = place;
    this.#carryOut = carryOut;
  }

  async load(): Promise<readonly NodeRow[]> {
    const answer = await this.#answerTo({ ...this.#place, type: 'load' });
    invariant(answer.type === 'rows', 'a load is answered with rows');
    return answer.rows;
  }

  async setState(clusterId: number, nodeId: number, isEnabled: boolean): Promise<void> {
    await this.#answerTo({ ...this.#place, type: 'set-state', clusterId, nodeId, isEnabled });
  }

  async #answerTo(order: ClustererOrder): Promise<Exclude<ClustererAnswer, { type: 'failed' }>> {
    const answer = await this.#carryOut(order);
    if (answer.type === 'failed') throw new OperationalError(answer.message);
    return answer;
  }
}

function inThread(order: ClustererOrder): Promise<ClustererAnswer> {
  const worker = new Worker(new URL('./clusterer.worker.ts', import.meta.url), { execArgv: [], name: 'clusterer' });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread for the table clusterer ended with code ${code}`)));
    worker.postMessage(order);
  });
}
