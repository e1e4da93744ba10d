import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { BothActive } from './role-machine.ts';
import { LINK_ENDED, takenText, type RoleListener } from './role.ts';

/** Hears of what it follows, in order; must not throw. */
export interface SplitBrainListener {
  /** Both nodes are active, and not only while the address moves. */
  began(both: BothActive): void;
  /** Of one that began: one of the two says that it is passive. */
  ended(both: BothActive, reason: string): void;
  /** Of one that began: the link ended, so that nobody knows whether both still are. */
  lost(both: BothActive): void;
}

/** While the address moves both nodes may be active: until the old one has noticed that it is gone, and has said so. */
const MOVE_MS = 1000;

/**
 * Counts and tells when both nodes are active: keepalived hangs on one of them, or does not hear its peer, and the address is
 * on both. It is seen while the nodes are linked, on both of them; when the link ends, nobody knows any more.
 */
export class SplitBrain implements RoleListener {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #log: Log;
  readonly #listeners: SplitBrainListener[] = [];
  #count = 0;
  #isNow = false;
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, 'after'>, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** How often it began, since the start. */
  get count(): number {
    return this.#count;
  }

  get isNow(): boolean {
    return this.#isNow;
  }

  /** Hears of changes from now on. */
  addListener(listener: SplitBrainListener): void {
    this.#listeners.push(listener);
  }

  bothActiveChanged(isBoth: boolean, both: BothActive, reason: string): void {
    if (isBoth) this.#timer ??= this.#clock.after(MOVE_MS, () => this.#begin(both));
    else this.#end(both, reason);
  }

  #begin(both: BothActive): void {
    this.#timer = undefined;
    this.#isNow = true;
    this.#count++;
    this.#log.warn(fields(both), 'both nodes are active: the address is on both, or only one should be enabled');
    for (const listener of this.#listeners) listener.began(both);
  }

  #end(both: BothActive, reason: string): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#isNow) return;
    this.#isNow = false;
    if (reason === LINK_ENDED) return this.#lose(both);
    this.#log.info({ ...fields(both), reason }, 'both nodes were active, and are not any more');
    for (const listener of this.#listeners) listener.ended(both, reason);
  }

  #lose(both: BothActive): void {
    this.#log.warn(fields(both), 'both nodes were active when the link ended: nobody knows whether they still are');
    for (const listener of this.#listeners) listener.lost(both);
  }
}

function fields({ own, twin }: BothActive): object {
  return { nodeId: own.nodeId, takenAt: takenText(own), twinId: twin.nodeId, twinTakenAt: takenText(twin) };
}
