import type { Clock } from '../core/clock.ts';
import type { History } from './history.ts';

/** Begin and end of this process, and whether the one before it ended as it should. */
export class LifeHistory {
  readonly #history: History;
  readonly #version: string;
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(history: History, version: string, clock: Pick<Clock, 'wallMs'>) {
    this.#history = history;
    this.#version = version;
    this.#clock = clock;
  }

  /** The data folder is this process's own from now on. */
  begun(): void {
    const before = this.#history.last('started', 'stopped', 'failed');
    const [last] = this.#history.entries(1);
    if (before?.kind === 'started' && last !== undefined) {
      const seconds = Math.max(0, this.#clock.wallMs() - last.atMs) / 1000;
      const why = 'the process before was killed, or it crashed, or its machine did';
      this.#history.record('killed', `${why}; what stands above this line was ${seconds.toFixed(1)} s before`);
    }
    this.#history.start();
  }

  /** @param awaited what it waits for if there are no sockets */
  serving(sockets: readonly string[], awaited: string, loadedBindings: number): void {
    const where = sockets.length === 0 ? `waits for ${awaited}` : `serves on ${sockets.join(', ')}`;
    this.#history.record(
      'started',
      `twinreg ${this.#version} ${where}; bindings from the disk: ${String(loadedBindings)}`,
    );
  }

  failed(err: unknown): void {
    this.#history.record('failed', err instanceof Error ? err.message : String(err));
  }

  /** @param served it did at some time */
  async ended(served: boolean): Promise<void> {
    if (served) this.#history.record('stopped', 'in good order');
    await this.#history.close();
  }
}
