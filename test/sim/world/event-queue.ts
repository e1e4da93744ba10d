/** What will happen at one moment of simulated time. */
export interface ScheduledEvent {
  readonly atMs: number;
  /** It does not happen any more. Idempotent. */
  cancel(): void;
}

class Entry implements ScheduledEvent {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;

  constructor(atMs: number, order: number, run: () => void) {
    this.atMs = atMs;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }

  isBefore(other: Entry): boolean {
    return this.atMs < other.atMs || (this.atMs === other.atMs && this.order < other.order);
  }
}

/** Simulated time, in milliseconds with fractions: events run in the order of their times, those of one moment in the order in which they were planned. */
export class EventQueue {
  #nowMs = 0;
  #planned = 0;
  readonly #heap: Entry[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): ScheduledEvent {
    const entry = new Entry(Math.max(atMs, this.#nowMs), this.#planned++, run);
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return entry;
  }

  after(delayMs: number, run: () => void): ScheduledEvent {
    return this.at(this.#nowMs + delayMs, run);
  }

  /** Runs all that happens up to and with `untilMs`, which is then the time. */
  runUntil(untilMs: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#takeFirst();
      const { run } = first;
      if (run === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, first.atMs);
      first.cancel();
      run();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Time moves on at one go: what would have happened meanwhile happens late. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }

  #up(start: number): void {
    const heap = this.#heap;
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!heap[index]!.isBefore(heap[parent]!)) return;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && heap[child]!.isBefore(heap[least]!)) least = child;
      }
      if (least === index) return;
      [heap[index], heap[least]] = [heap[least]!, heap[index]!];
      index = least;
    }
  }
}
