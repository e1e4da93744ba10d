import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { EngineStatistics, Stall } from './engine-statistics.ts';

/** Something that messages are read from: a UDP socket, a listening socket, a connection. Written by the guard alone. */
export interface ReadSource {
  /** The stall that `busyTurn` belongs to. */
  stall: number;
  /** The last turn of the event loop in which it brought what had waited; -Infinity once it was empty. */
  busyTurn: number;
}

/** So often within the bound is it noted that the process is alive. */
const LOOKS_PER_STALL = 4;

/** The turn in which a stall was noticed may have read its sockets before: the second one is the first that counts. */
const NOTICED_TURN = 1;

/**
 * Notices that the process stood still: stopped by a signal, paused with its machine, waiting for its swapped memory. What
 * queued up on the sockets meanwhile may be older than what the twin has answered since, so it must not be served: a
 * phone that gave up, and has unregistered at the twin, would be registered again.
 *
 * The gap is looked for wherever something is read, and by a timer, which may come first when the process goes on: a timer alone, or
 * one beside it that only moved the last sign of life, would hide the gap from the readers. From then on everything that
 * a source brings is *stale*, until the source was empty once: until a whole turn of the event loop passed in which it brought
 * nothing. Turns are counted by a chain of `clock.soon`, which ends when no source is stale any more. A source that is
 * never empty stays stale: it gets more than can be read, and what is read there is always late.
 *
 * The monotonic clock measures the gap, so a pause during which the machine's own clock stood still is not seen.
 */
export class StallGuard {
  readonly #stallMs: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #statistics: EngineStatistics;
  readonly #stalled: (stall: Stall) => void;
  #aliveAtMs = 0;
  #timer: Timer | undefined;
  /** How many stalls there were. */
  #stall = 0;
  #isStalled = false;
  /** Turns of the event loop that ended since the last stall was noticed. */
  #turn = 0;
  /** The last of them in which any source brought what had waited. */
  #busyTurn = 0;

  /**
   * @param stallMs a gap longer than this is a stall; 0 = there is none.
   * @param stalled hears of each, when it is over
   */
  constructor(
    stallMs: number,
    clock: Clock,
    log: Log,
    statistics: EngineStatistics,
    stalled: (stall: Stall) => void = () => undefined,
  ) {
    this.#stallMs = stallMs;
    this.#clock = clock;
    this.#log = log;
    this.#statistics = statistics;
    this.#stalled = stalled;
  }

  /** Stalls until now. What was half read when this number was another one is stale. */
  get count(): number {
    return this.#stall;
  }

  /** To be called before anything is read. */
  start(): void {
    if (this.#stallMs === 0) return;
    this.#aliveAtMs = this.#clock.monotonicMs();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  newSource(): ReadSource {
    return { stall: this.#stall, busyTurn: -Infinity };
  }

  /** A listening socket brought a connection: the source for that. What waits on one that waited itself is stale. */
  accepted(listener: ReadSource): ReadSource {
    const source = this.newSource();
    // Reading from it begins with the next turn.
    if (this.isStale(listener)) this.#noteBusy(source, this.#turn + 1);
    return source;
  }

  /** Whether what a source has just brought must not be served, since it waited while the process stood still. */
  isStale(source: ReadSource): boolean {
    if (this.#stallMs === 0) return false;
    this.#look();
    return this.#isStalled && this.#isBehind(source);
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const gapMs = nowMs - this.#aliveAtMs;
    this.#aliveAtMs = nowMs;
    if (gapMs > this.#stallMs) this.#begin(gapMs);
  }

  #begin(gapMs: number): void {
    const stalledMs = Math.round(gapMs);
    const stall = { endedAtMs: this.#clock.wallMs(), lengthMs: stalledMs };
    this.#statistics.countStall(stall);
    this.#stalled(stall);
    this.#log.info({ stalledMs }, 'the process stood still: requests that queued up meanwhile are not served');
    this.#stall += 1;
    this.#turn = 0;
    this.#busyTurn = NOTICED_TURN;
    if (!this.#isStalled) this.#clock.soon(this.#endTurn);
    this.#isStalled = true;
  }

  readonly #endTurn = (): void => {
    this.#look();
    this.#turn += 1;
    this.#isStalled = !this.#wasEmptySince(this.#busyTurn);
    if (this.#isStalled) this.#clock.soon(this.#endTurn);
  };

  #isBehind(source: ReadSource): boolean {
    if (source.stall !== this.#stall) this.#noteBusy(source, NOTICED_TURN);
    if (this.#wasEmptySince(source.busyTurn)) {
      source.busyTurn = -Infinity;
      return false;
    }
    this.#noteBusy(source, Math.max(source.busyTurn, this.#turn));
    return true;
  }

  /** UDP hands over at the end of a turn, behind `#endTurn`, so that it counts for the next one; hence the whole turn in between. */
  #wasEmptySince(busyTurn: number): boolean {
    return this.#turn - busyTurn > 1;
  }

  #noteBusy(source: ReadSource, turn: number): void {
    source.stall = this.#stall;
    source.busyTurn = turn;
    this.#busyTurn = Math.max(this.#busyTurn, turn);
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#stallMs / LOOKS_PER_STALL, () => {
      this.#look();
      this.#arm();
    });
  }
}
