import type { AorState } from '../../../lib/location/record.ts';
import type { EventQueue, ScheduledEvent } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';

/** All that one flush wrote. */
export interface Snapshot {
  readonly states: readonly AorState[];
  /** Cluster time when the flush began. */
  readonly markMs: number;
  /** What the oracle knows to be in it. */
  readonly ops: bigint;
  readonly atMs: number;
}

/** The process that uses the disk. */
export interface DiskUser {
  snapshot(): Snapshot;
  /** Does something in a turn of the process, if it still lives. */
  inTurn(run: () => void): void;
}

const FLUSH_INTERVAL_MS = 1000;

const EMPTY: Snapshot = { states: [], markMs: 0, ops: 0n, atMs: 0 };

interface Flight {
  readonly snapshot: Snapshot;
  readonly dones: (() => void)[];
}

/**
 * The disk of one machine: a flush each second writes what is in memory when it begins, and it is durable when the flush
 * ends, milliseconds later, or much later when the disk stalls. What a flush had not finished is lost when the process ends.
 */
export class SimDisk {
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #slowestMs: number;
  #user: DiskUser | undefined;
  #latest = EMPTY;
  #oneBefore = EMPTY;
  #timer: ScheduledEvent | undefined;
  #flight: Flight | undefined;
  #waiters: (() => void)[] = [];
  #stalledUntilMs = 0;

  /** @param slowestMs how long a flush takes at most while the disk does not stall. */
  constructor(queue: EventQueue, random: SeededRandom, slowestMs: number) {
    this.#queue = queue;
    this.#random = random;
    this.#slowestMs = slowestMs;
  }

  get latest(): Snapshot {
    return this.#latest;
  }

  get oneBefore(): Snapshot {
    return this.#oneBefore;
  }

  /** A process opens the file and flushes from now on. */
  open(user: DiskUser): void {
    this.#user = user;
    this.#timer = this.#queue.after(this.#random.between(1, FLUSH_INTERVAL_MS), () => this.#begin());
  }

  /** The process is gone, and with it the flush that was under way. */
  close(): void {
    this.#user = undefined;
    this.#timer?.cancel();
    this.#flight = undefined;
    this.#waiters = [];
  }

  /** The last flush of a process that ends in order. */
  flushNow(): void {
    if (this.#user !== undefined) this.#keep(this.#user.snapshot());
  }

  /** Calls `done` when a flush that begins from now on is durable. */
  whenDurable(done: () => void): void {
    this.#waiters.push(done);
  }

  /** No flush ends for so long. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#queue.nowMs + forMs);
  }

  endStall(): void {
    this.#stalledUntilMs = 0;
  }

  wipe(): void {
    this.#latest = EMPTY;
    this.#oneBefore = EMPTY;
  }

  /** The last flush was not as durable as it said. */
  loseLastFlush(): void {
    this.#latest = this.#oneBefore;
  }

  /** A stopped process begins its flush when it goes on. */
  #begin(): void {
    const user = this.#user;
    if (user === undefined) return;
    user.inTurn(() => {
      this.#flight = { snapshot: user.snapshot(), dones: this.#waiters.splice(0) };
      this.#awaitEnd(this.#flight, this.#random.between(1, this.#slowestMs));
    });
  }

  #awaitEnd(flight: Flight, inMs: number): void {
    this.#timer = this.#queue.after(inMs, () => {
      if (flight !== this.#flight) return;
      const leftMs = this.#stalledUntilMs - this.#queue.nowMs;
      if (leftMs > 0) this.#awaitEnd(flight, Math.min(leftMs, FLUSH_INTERVAL_MS));
      else this.#finish(flight);
    });
  }

  #finish({ snapshot, dones }: Flight): void {
    this.#flight = undefined;
    this.#keep(snapshot);
    this.#timer = this.#queue.after(FLUSH_INTERVAL_MS, () => this.#begin());
    const user = this.#user;
    for (const done of dones) user?.inTurn(done);
  }

  #keep(snapshot: Snapshot): void {
    this.#oneBefore = this.#latest;
    this.#latest = snapshot;
  }
}
