import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { WatchedLine } from './watched-line.ts';

interface DownFileParts {
  readonly dataFolder: string;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/**
 * The file by which the supervisor tells keepalived that this daemon has ended. While it says so of one that runs, keepalived gives this node no
 * address, so that the twin must not hand over to it. It is left over where something else than the unit has started the daemon.
 */
export class DownFile {
  readonly #log: Log;
  readonly #path: string;
  readonly #file: WatchedLine;
  #isSet = false;
  #changed = (): void => {};

  constructor({ dataFolder, clock, log }: DownFileParts) {
    this.#log = log;
    this.#path = join(dataFolder, 'down');
    this.#file = new WatchedLine(this.#path, clock, ({ content }) => this.#take(Number.parseInt(content, 10)));
  }

  /** As was read last. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /**
   * Resolves after the first look. Never rejects.
   * @param changed hears when `isSet` has changed; must not throw
   */
  start(changed: () => void): Promise<void> {
    this.#changed = changed;
    return this.#file.start();
  }

  stop(): void {
    this.#file.stop();
  }

  /** Any number but 0 is a fault to keepalived. */
  #take(value: number): void {
    const isSet = !Number.isNaN(value) && value !== 0;
    if (isSet === this.#isSet) return;
    this.#isSet = isSet;
    const [log, path] = [this.#log, this.#path];
    if (isSet)
      log.warn({ path }, 'the file down says that this daemon does not run: keepalived gives this node no address');
    else log.info({ path }, 'the file down says that this daemon runs');
    this.#changed();
  }
}
