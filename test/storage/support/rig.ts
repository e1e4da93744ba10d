import type { DiskState } from '../../../lib/storage/store-status.ts';
import { inProcessThread } from './in-process-thread.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { flushed, openStore } from './open-store.ts';
import type { OpenOptions, OpenStore } from './open-store.ts';

/** A store whose time the test moves, and a way to wait until the disk's state is a certain one. */
export class Rig {
  readonly clock: ManualClock;
  #open: OpenStore | undefined;
  #waiting: { readonly state: DiskState['state']; readonly resolve: () => void }[] = [];

  private constructor(clock: ManualClock) {
    this.clock = clock;
  }

  static async start(path: string, options: OpenOptions & { readonly clock?: ManualClock } = {}): Promise<Rig> {
    const rig = new Rig(options.clock ?? new ManualClock());
    rig.#open = await openStore(path, {
      startThread: inProcessThread,
      ...options,
      clock: rig.clock,
      stateChanged: (now) => rig.#tell(now),
    });
    return rig;
  }

  get open(): OpenStore {
    if (this.#open === undefined) throw new Error('not open');
    return this.#open;
  }

  /** Lets time pass until the disk is in that state. */
  async until(state: DiskState['state']): Promise<DiskState> {
    if (this.open.store.status().disk.state !== state)
      await this.passUntil(new Promise<void>((resolve) => this.#waiting.push({ state, resolve })));
    return this.open.store.status().disk;
  }

  /** Lets time pass, and the event loop turn. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async flushed(): Promise<void> {
    await this.passUntil(flushed(this.open.store));
  }

  async close(): Promise<void> {
    await this.passUntil(this.open.store.close());
  }

  /** Lets time pass until the promise is settled. */
  async passUntil<T>(promise: Promise<T>): Promise<T> {
    const watched = { settled: false };
    const settle = (): void => {
      watched.settled = true;
    };
    promise.then(settle, settle);
    while (!watched.settled) await this.pass(20);
    return promise;
  }

  #tell(now: DiskState): void {
    const due = this.#waiting.filter((waiter) => waiter.state === now.state);
    this.#waiting = this.#waiting.filter((waiter) => waiter.state !== now.state);
    for (const waiter of due) waiter.resolve();
  }
}
