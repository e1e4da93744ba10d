import { invariant } from '../core/errors.ts';
import type { CommitGate } from './ports.ts';

export interface PositionGateSettings {
  /** Replies that may wait at once. One more opens the gate: an owner this far behind no longer vouches for anything. */
  readonly waitersMax: number;
  /** Changes remembered that are not committed yet. One more opens the gate. */
  readonly changesMax: number;
  /** Told after the gate opened itself for one of these reasons; the owner demotes what stands behind it. */
  readonly overflowed: (reason: 'waiters' | 'changes') => void;
}

/** The changes of one position and the replies that wait for it. */
class Entry {
  readonly position: number;
  readonly aors: string[] = [];
  readonly waiters: (() => void)[] = [];

  constructor(position: number) {
    this.position = position;
  }
}

/**
 * A gate for those who commit by position: each change of the table is part of a position (a place in the log, a flush of
 * the disk), positions only grow, and all up to one are committed at a time. A reply waits for the last uncommitted
 * position of its AoR; replies go in the order of positions, and within one in the order in which they came.
 *
 * An open gate lets everything pass at once but goes on taking note of changes, so that it can be closed while some are
 * under way. It starts open.
 */
export class PositionGate implements CommitGate {
  readonly #settings: PositionGateSettings;
  readonly #lastOf = new Map<string, Entry>();
  #entries: Entry[] = [];
  #firstEntry = 0;
  #lastPosition = 0;
  #changes = 0;
  #waiting = 0;
  #isOpen = true;
  /** Changes up to here were too many to be remembered while the gate was open; it cannot close before they are committed. */
  #unknownUpTo = 0;

  constructor(settings: PositionGateSettings) {
    this.#settings = settings;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Replies that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A change of `aor` is part of `position`, which is not below any position said before. */
  changed(aor: string, position: number): void {
    invariant(position >= this.#lastPosition, 'positions only grow');
    this.#lastPosition = position;
    const last = this.#entries[this.#entries.length - 1];
    const entry = last?.position === position ? last : this.#append(position);
    if (this.#lastOf.get(aor) === entry) return;
    this.#lastOf.set(aor, entry);
    entry.aors.push(aor);
    this.#changes++;
    if (this.#changes > this.#settings.changesMax) this.#forgetChanges();
  }

  settle(aor: string, done: () => void): void {
    const entry = this.#isOpen ? undefined : this.#lastOf.get(aor);
    if (entry === undefined) {
      done();
      return;
    }
    entry.waiters.push(done);
    this.#waiting++;
    if (this.#waiting > this.#settings.waitersMax) this.#overflow('waiters');
  }

  /** Everything up to and with `position` is committed: those who waited for it go. */
  committedUpTo(position: number): void {
    if (this.#unknownUpTo <= position) this.#unknownUpTo = 0;
    for (let entry = this.#entries[this.#firstEntry]; entry !== undefined && entry.position <= position;) {
      this.#firstEntry++;
      this.#leave(entry);
      this.#release(entry);
      entry = this.#entries[this.#firstEntry];
    }
    if (this.#firstEntry === this.#entries.length) this.#dropPassed();
    else if (this.#firstEntry > 1024 && this.#firstEntry * 2 > this.#entries.length) this.#dropPassed();
  }

  /** Demotion: whatever waits goes at once, in order, and nothing waits from now on. */
  open(): void {
    this.#isOpen = true;
    for (const entry of this.#entries.slice(this.#firstEntry)) this.#release(entry);
  }

  /**
   * From now on replies wait for what is not committed yet. Returns false, and stays open, when it no longer knows what
   * that is, because too much changed while it was open: to be tried again when more is committed.
   */
  close(): boolean {
    if (this.#unknownUpTo === 0) this.#isOpen = false;
    return !this.#isOpen;
  }

  #append(position: number): Entry {
    const entry = new Entry(position);
    this.#entries.push(entry);
    return entry;
  }

  #leave(entry: Entry): void {
    for (const aor of entry.aors) {
      if (this.#lastOf.get(aor) === entry) this.#lastOf.delete(aor);
    }
    this.#changes -= entry.aors.length;
  }

  /** A reply that goes may cause further calls of this gate; each waiter is taken out before it is called. */
  #release(entry: Entry): void {
    const waiters = entry.waiters.splice(0);
    this.#waiting -= waiters.length;
    for (const done of waiters) done();
  }

  #overflow(reason: 'waiters' | 'changes'): void {
    this.open();
    this.#settings.overflowed(reason);
  }

  #forgetChanges(): void {
    const wasOpen = this.#isOpen;
    this.open();
    this.#entries = [];
    this.#firstEntry = 0;
    this.#lastOf.clear();
    this.#changes = 0;
    this.#unknownUpTo = this.#lastPosition;
    if (!wasOpen) this.#settings.overflowed('changes');
  }

  #dropPassed(): void {
    this.#entries = this.#entries.slice(this.#firstEntry);
    this.#firstEntry = 0;
  }
}
