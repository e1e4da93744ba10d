import { OperationalError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { MiSession } from './mi-session.ts';
import { readStatistics } from './shown-statistics.ts';
import { readStatus } from './shown-status.ts';
import { TopHistory, type TopView } from './top-history.ts';

/** Asks the daemon on one connection, and on a new one after that broke. */
export class TopPoller {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #history = new TopHistory();
  #session: MiSession | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Rejects with an OperationalError when the daemon does not answer. */
  async ask(): Promise<TopView> {
    this.#session ??= new MiSession(this.#path, this.#clock);
    try {
      const status = readStatus(await this.#session.call('status'), this.#path);
      const answer = await this.#session.call('get_statistics', { statistics: 'all' });
      const statistics = readStatistics(answer, this.#path);
      return this.#history.take({ atMs: this.#clock.monotonicMs(), status, statistics });
    } catch (err) {
      this.close();
      throw err;
    }
  }

  /** The same for a view that goes on: a daemon that does not answer is something to show. */
  async askOrGone(): Promise<TopView> {
    try {
      return await this.ask();
    } catch (err) {
      if (err instanceof OperationalError) return this.#history.gone(err.message);
      throw err;
    }
  }

  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }
}
