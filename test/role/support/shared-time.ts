/** When the tests begin, by the clocks that are right. */
export const T0 = 1_732_650_000_000;

/** The time that all nodes of a test live in. */
export class SharedTime {
  elapsedMs = 0;

  advance(byMs: number): void {
    this.elapsedMs += byMs;
  }
}

/** The cluster clock of one process, which may be wrong from its start. */
export class ProcessClock {
  readonly #time: SharedTime;
  #baseMs: number;

  constructor(time = new SharedTime(), aheadMs = 0) {
    this.#time = time;
    this.#baseMs = T0 + aheadMs;
  }

  nowMs(): number {
    return this.#baseMs + this.#time.elapsedMs;
  }

  /** The wall clock of the machine is right: role files get their time of writing from it. */
  offsetMs(): number {
    return this.#baseMs - T0;
  }

  shift(byMs: number): void {
    this.#baseMs += byMs;
  }
}
