import type { EventQueue } from './event-queue.ts';

const COLUMN = 12;

/** What happened, line by line, for the one who reads a failed history: time in seconds, node, what. */
export class Trace {
  readonly #queue: EventQueue;
  readonly #isKept: boolean;
  readonly lines: string[] = [];

  /** @param isKept without it, nothing is: most histories are read by nobody. */
  constructor(queue: EventQueue, isKept: boolean) {
    this.#queue = queue;
    this.#isKept = isKept;
  }

  note(node: string, text: string): void {
    if (!this.#isKept) return;
    const time = (this.#queue.nowMs / 1000).toFixed(4).padStart(COLUMN);
    this.lines.push(`${time} ${node.padEnd(2)} ${text}`);
  }
}
