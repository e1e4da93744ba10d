import type { Clock, Timer } from '../../../lib/core/clock.ts';
import type { EventQueue } from './event-queue.ts';
import type { HostClock } from './host-clock.ts';

/** What came in from outside while the process did not look. */
interface Waiting {
  readonly socket: SocketName;
  readonly run: (waitedMs: number) => void;
  readonly sinceMs: number;
}

/** Sockets are read one after the other; within one, order is kept. */
export type SocketName = 'link' | 'sip' | 'disk';

/**
 * The event loop of one process: timers and input, each in a turn of its own, as long as the process lives. A process that
 * is stopped (SIGSTOP, a paused machine) has its turns late: first the timers, then the input that queued up.
 */
export class ProcessLoop implements Clock {
  readonly #queue: EventQueue;
  readonly #host: HostClock;
  readonly #afterTurn: () => void;
  #waiting: Waiting[] = [];
  #dueTimers: (() => void)[] = [];
  #isStopped = false;
  #isOver = false;

  /** @param afterTurn at the end of each turn. */
  constructor(queue: EventQueue, host: HostClock, afterTurn: () => void) {
    this.#queue = queue;
    this.#host = host;
    this.#afterTurn = afterTurn;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  monotonicMs(): number {
    return this.#host.monotonicMs();
  }

  wallMs(): number {
    return this.#host.wallMs();
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { isPending: true };
    const fire = (): void => {
      if (!timer.isPending || this.#isOver) return;
      if (this.#isStopped) {
        this.#dueTimers.push(fire);
        return;
      }
      timer.isPending = false;
      this.#turn(run);
    };
    const event = this.#queue.after(Math.max(0, this.#host.trueMs(delayMs)), fire);
    return {
      cancel: () => {
        timer.isPending = false;
        event.cancel();
      },
    };
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Something arrived at a socket. `run` hears how long it lay there. */
  arrived(socket: SocketName, run: (waitedMs: number) => void): void {
    if (this.#isOver) return;
    if (this.#isStopped) this.#waiting.push({ socket, run, sinceMs: this.#queue.nowMs });
    else this.#turn(() => run(0));
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Goes on: what queued up is dealt with at once, the sockets in this order. */
  continue(order: readonly SocketName[]): void {
    if (!this.#isStopped || this.#isOver) return;
    this.#isStopped = false;
    for (const fire of this.#dueTimers.splice(0)) fire();
    const waiting = this.#waiting.splice(0);
    for (const socket of order) {
      for (const input of waiting.filter((each) => each.socket === socket)) this.#goOn(input);
    }
  }

  end(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#dueTimers = [];
  }

  #goOn({ run, sinceMs }: Waiting): void {
    if (!this.#isOver) this.#turn(() => run(this.#queue.nowMs - sinceMs));
  }

  #turn(run: () => void): void {
    run();
    if (!this.#isOver) this.#afterTurn();
  }
}
