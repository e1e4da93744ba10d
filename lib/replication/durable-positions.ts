import type { HeldLog } from './hello.ts';

/** Positions of both logs at one moment, as this node sees them. */
export interface LogPositions {
  /** The head of this node's log. */
  readonly own: number;
  /** The last change of the twin's log that was applied here. */
  readonly theirs: number;
}

/** Up to where logs are on a disk; undefined: nothing is known to be, not even what lies before position 1. */
export interface DurableLogs {
  readonly own: number | undefined;
  readonly theirs: number | undefined;
}

/**
 * Up to where both logs are on this node's disk: what the twin has to know before it forgets. A position
 * counts when a flush is durable that *began* after it was applied; so positions are noted first, and count when such a
 * flush has come.
 *
 * What a reconciliation brought stands before all positions that follow: until a flush has begun after its end, nothing of
 * the twin's log counts, however low the position.
 */
export class DurablePositions {
  readonly #whenDurable: (done: () => void) => void;
  #durable: DurableLogs = { own: undefined, theirs: undefined };
  #isNoted = false;
  /** A note that was taken before this many reconciliations says nothing of the twin's log. */
  #reconciliations = 0;

  constructor(whenDurable: (done: () => void) => void) {
    this.#whenDurable = whenDurable;
  }

  get durable(): DurableLogs {
    return this.#durable;
  }

  /** The twin's state came, or its log is another process's: none of it is on the disk yet. */
  reconciled(): void {
    this.#reconciliations++;
    this.#durable = { own: this.#durable.own, theirs: undefined };
  }

  /**
   * Notes where both logs stand, unless a note is still on its way to the disk.
   *
   * @param held undefined while what is held of the twin's log has gaps
   */
  note(own: number, held: HeldLog | undefined): void {
    if (this.#isNoted) return;
    this.#isNoted = true;
    const reconciliations = this.#reconciliations;
    this.#whenDurable(() => {
      this.#isNoted = false;
      const isSame = held !== undefined && reconciliations === this.#reconciliations;
      this.#durable = { own, theirs: isSame ? held.position : this.#durable.theirs };
    });
  }
}
