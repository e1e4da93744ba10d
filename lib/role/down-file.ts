import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';

interface DownFileParts {
  readonly dataFolder: string;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** So late may a node notice that its supervisor has written the file. */
const LOOK_EVERY_MS = 500;

/**
 * The file by which the supervisor tells keepalived that this daemon has ended. While it says so of one that runs, keepalived gives this node no
 * address, so that the twin must not hand over to it. It is left over where something else than the unit has started the daemon.
 */
export class DownFile {
  readonly #parts: DownFileParts;
  readonly #path: string;
  #isSet = false;
  #isRunning = false;
  #timer: Timer | undefined;
  #changed = (): void => {};

  constructor(parts: DownFileParts) {
    this.#parts = parts;
    this.#path = join(parts.dataFolder, 'down');
  }

  /** As was read last. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /**
   * Resolves after the first look. Never rejects: a file that cannot be read says nothing.
   * @param changed hears when `isSet` has changed; must not throw
   */
  async start(changed: () => void): Promise<void> {
    this.#changed = changed;
    this.#isRunning = true;
    await this.#look();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    if (!this.#isRunning) return;
    this.#take(Number.parseInt(text, 10));
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  /** Any number but 0 is a fault to keepalived. */
  #take(value: number): void {
    const isSet = !Number.isNaN(value) && value !== 0;
    if (isSet === this.#isSet) return;
    this.#isSet = isSet;
    const { log } = this.#parts;
    const path = this.#path;
    if (isSet)
      log.warn({ path }, 'the file down says that this daemon does not run: keepalived gives this node no address');
    else log.info({ path }, 'the file down says that this daemon runs');
    this.#changed();
  }
}
