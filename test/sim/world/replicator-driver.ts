import type { Random } from '../../../lib/core/random.ts';
import type { Replicator } from '../../../lib/replication/replicator.ts';
import type { ReplicatorEffect, ReplicatorInput } from '../../../lib/replication/replicator-types.ts';
import type { Timer } from '../../../lib/core/clock.ts';
import type { ProcessLoop } from './process-loop.ts';

/** A flush of what is to be sent comes at the end of the turn, or so many milliseconds later. */
const FLUSH_DELAYS_MS = [0, 0, 0, 1, 3];

/** As short as timers are. */
const TIMER_LEAST_MS = 1;

/** What stands around the replication machine: turns its inputs into effects, and wakes it. */
export class ReplicatorDriver {
  readonly #replicator: Replicator;
  readonly #loop: ProcessLoop;
  readonly #random: Random;
  readonly #perform: (effect: ReplicatorEffect) => void;
  readonly #inputs: ReplicatorInput[] = [];
  #isStepping = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #wake: Timer | undefined;

  constructor(replicator: Replicator, loop: ProcessLoop, random: Random, perform: (effect: ReplicatorEffect) => void) {
    this.#replicator = replicator;
    this.#loop = loop;
    this.#random = random;
    this.#perform = perform;
  }

  /** What comes in during a step (a role that is announced because the clock was moved) has its turn after it. */
  step(input: ReplicatorInput): void {
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const effect of this.#replicator.step(next, this.#loop.monotonicMs())) this.#perform(effect);
    }
    this.#isStepping = false;
  }

  flushSoon(): void {
    const delayMs = FLUSH_DELAYS_MS[this.#random.u32() % FLUSH_DELAYS_MS.length] ?? 0;
    this.#loop.after(delayMs, () => this.step({ kind: 'flush' }));
  }

  /** To be called at the end of each turn: the machine may want to be woken at another time now. */
  rearm(): void {
    const { nextWakeMs } = this.#replicator;
    if (nextWakeMs === this.#wakeAtMs) return;
    this.#wakeAtMs = nextWakeMs;
    this.#wake?.cancel();
    if (nextWakeMs === Number.POSITIVE_INFINITY) return;
    this.#wake = this.#loop.after(Math.max(TIMER_LEAST_MS, nextWakeMs - this.#loop.monotonicMs()), () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.step({ kind: 'wake' });
    });
  }
}
