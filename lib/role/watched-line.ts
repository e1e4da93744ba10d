import type { Clock, Timer } from '../core/clock.ts';
import { readWrittenLine, type WrittenLine } from './written-line.ts';

/** So late may a node notice what was written. */
const LOOK_EVERY_MS = 500;

/** A file that cannot be read says nothing. */
const NOTHING: WrittenLine = { content: '', writtenAtMs: 0 };

/** A small file that somebody else writes. */
export class WatchedLine {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #take: (line: WrittenLine) => void;
  #isRunning = false;
  #timer: Timer | undefined;

  /** @param take hears at each look what stands there; must not throw */
  constructor(path: string, clock: Pick<Clock, 'after'>, take: (line: WrittenLine) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#take = take;
  }

  /** Resolves after the first look. Never rejects. */
  async start(): Promise<void> {
    this.#isRunning = true;
    await this.#look();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const line = await readWrittenLine(this.#path).catch(() => NOTHING);
    if (!this.#isRunning) return;
    this.#take(line);
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => void this.#look());
  }
}
