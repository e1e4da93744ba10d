import { MARK_RESERVE_MS } from '../../../lib/core/cluster-clock.ts';
import { HORIZON_MS } from '../../../lib/location/horizon.ts';
import { PERMANENT } from '../../../lib/location/record.ts';
import type { EventQueue } from '../world/event-queue.ts';
import type { SimProcess } from '../world/sim-process.ts';
import { placeOf, type Op } from './op.ts';

/** P3: skew, step and reserve, in which operations at two nodes that could not talk may change places. */
const UNMET_MS = 12_000;

/** What cluster clocks that met may differ by: rounding, and drift that the link does not mend yet. */
const MET_MS = 150;

/** What one history's clocks and network can do to the order of operations. */
export interface ClockBounds {
  /** How far wall clocks ever were apart. */
  readonly wallSpreadMs: number;
  /** One way, at most. */
  readonly latencyMostMs: number;
  /** Both monotonic clocks together, per millisecond. */
  readonly driftRate: number;
}

/**
 * Which of two operations certainly is the later one. Known to the node that carried out the other: then always. Else by
 * the clocks, as exactly as P3 promises: nearly so when the two processes' clocks had met, and more than 12 s apart else.
 */
export class Order {
  readonly #queue: EventQueue;
  readonly #bounds: ClockBounds;
  /** When two processes were in sync with each other, in order. */
  readonly #meetings = new Map<SimProcess, Map<SimProcess, number[]>>();

  constructor(queue: EventQueue, bounds: ClockBounds) {
    this.#queue = queue;
    this.#bounds = bounds;
  }

  /** What clocks that have met may differ by while they are linked. */
  get metMs(): number {
    return MET_MS + this.#bounds.latencyMostMs;
  }

  /** Both processes are in sync with each other now. */
  met(one: SimProcess, other: SimProcess, nowMs: number): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const of = getOrAdd(this.#meetings, from, () => new Map<SimProcess, number[]>());
      getOrAdd(of, to, () => []).push(nowMs);
    }
  }

  isAfter(later: Op, earlier: Op): boolean {
    if (later === earlier) return false;
    if ((later.after & earlier.bit) !== 0n) return true;
    const [one, other] = [placeOf(earlier), placeOf(later)];
    if (one === other) return false;
    return (other.after & one.bit) !== 0n || this.#isAfterByClock(other, one);
  }

  #isAfterByClock(later: Op, earlier: Op): boolean {
    const apartMs = later.atMs - earlier.atMs;
    if (apartMs <= 0 || later.process === earlier.process || this.#isForgotten(later, earlier)) return false;
    if (later.process.node === earlier.process.node && isAboveMark(later, earlier)) return true;
    return apartMs > this.#boundMs(later, earlier);
  }

  /** P5: who removed a permanent contact without knowing it remembers that for H only. */
  #isForgotten(later: Op, earlier: Op): boolean {
    return earlier.expiresAtMs === PERMANENT && this.#queue.nowMs - later.atMs > HORIZON_MS;
  }

  #boundMs(later: Op, earlier: Op): number {
    const { wallSpreadMs, driftRate } = this.#bounds;
    const unmetMs = UNMET_MS + wallSpreadMs;
    const meetings = this.#meetings.get(earlier.process)?.get(later.process) ?? [];
    const [first] = meetings;
    // A meeting after both says nothing of how far the clocks had drifted apart before it.
    const last = meetings.findLast((atMs) => atMs <= later.atMs);
    if (first === undefined || last === undefined || earlier.atMs < first + unmetMs) return unmetMs;
    const driftedMs = driftRate * (later.atMs - last);
    return Math.min(unmetMs, this.metMs + driftedMs);
  }
}

/** Rule 19: a process begins above all that the one before it on this disk stamped, as long as it has its own clock. */
function isAboveMark(later: Op, earlier: Op): boolean {
  const { restoredMarkMs, hasShifted } = later.process;
  return restoredMarkMs > 0 && !hasShifted && earlier.version.ms <= restoredMarkMs + MARK_RESERVE_MS;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
