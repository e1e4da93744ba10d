export interface Flushable {
  /** Hands over what was kept; must not throw. */
  flush(): void;
}

/**
 * Gathers the sockets and connections that have something to send, so that each of them makes one system call for all
 * replies of a batch, or of one event when replies come later: a commit gate releases many at once.
 *
 * Bounded by the number of sockets and connections.
 */
export class FlushQueue {
  readonly #waiting = new Set<Flushable>();
  #isHeld = false;
  #isScheduled = false;

  add(flushable: Flushable): void {
    this.#waiting.add(flushable);
    if (this.#isHeld || this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flushScheduled);
  }

  /** A batch begins: nothing is flushed before `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.#flush();
  };

  #flush(): void {
    for (const flushable of this.#waiting) flushable.flush();
    this.#waiting.clear();
  }
}
