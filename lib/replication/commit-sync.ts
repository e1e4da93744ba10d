import { RETURN_AFTER_MS } from './limits.ts';

/** The commit gate as replication moves it. */
export interface SyncGate {
  /** Everybody passes, those who wait at once. */
  open(): void;
  /** From now on replies wait for what is not acknowledged; false when it cannot tell what that is. */
  close(): boolean;
}

/** What the twin has of this node's log, at one moment. */
export interface LogProgress {
  readonly head: number;
  readonly acknowledged: number;
  /** How long the oldest change that is not acknowledged has been waiting; 0 when there is none. */
  readonly oldestMs: number;
}

/** `out`: nobody waits for the twin. `closing`: replies wait, but some that did not wait went before. `in-sync`: what was answered is on the twin. */
export type SyncState = 'out' | 'closing' | 'in-sync';

/**
 * Whether replies wait for the twin. It comes in sync in two steps: first replies begin to wait, then the twin
 * acknowledges all that was there at that moment, which replies had not waited for. (Waiting for a moment at which the
 * very head is acknowledged would never end under load, and any less would be no promise.)
 *
 * A twin that leaves a change unacknowledged for longer than the time-out is out again, and all who wait go at once.
 */
export class CommitSync {
  readonly #gate: SyncGate;
  readonly #timeoutMs: number;
  #state: SyncState = 'out';
  /** While closing: the twin is in sync when it has acknowledged this. */
  #target = 0;
  /** Monotonic: before this the twin is not waited for again. */
  #notBeforeMs = 0;

  constructor(gate: SyncGate, timeoutMs: number) {
    this.#gate = gate;
    this.#timeoutMs = timeoutMs;
  }

  get state(): SyncState {
    return this.#state;
  }

  /** The link is gone, or holds less than was thought: nobody waits from now on. */
  leave(): void {
    this.#state = 'out';
    this.#notBeforeMs = 0;
    this.#gate.open();
  }

  /**
   * To be called with each acknowledgement, and when time has passed.
   *
   * @param isComplete whether the twin has all that this node had before its log of this connection, and the other way
   */
  advance(progress: LogProgress, isComplete: boolean, nowMs: number): void {
    if (this.#state !== 'out' && progress.oldestMs >= this.#timeoutMs) this.#demote(nowMs);
    if (this.#state === 'out' && isComplete) this.#tryClose(progress, nowMs);
    if (this.#state === 'closing' && progress.acknowledged >= this.#target) this.#state = 'in-sync';
  }

  /** The gate opened itself: more than it can remember was under way. */
  overflowed(nowMs: number): void {
    if (this.#state !== 'out') this.#demote(nowMs);
  }

  /** When `advance` has to be called again at the latest, counted from now; Infinity: when something comes. */
  dueInMs({ oldestMs, head, acknowledged }: LogProgress, nowMs: number): number {
    if (this.#state === 'out') return this.#notBeforeMs > nowMs ? this.#notBeforeMs - nowMs : Infinity;
    return head > acknowledged ? Math.max(0, this.#timeoutMs - oldestMs) : Infinity;
  }

  /** A twin that has just been too slow has to keep up for a while, or each return would hold up some requests. */
  #tryClose({ head, oldestMs }: LogProgress, nowMs: number): void {
    if (oldestMs > this.#timeoutMs / 4) {
      this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + (this.#notBeforeMs > 0 ? RETURN_AFTER_MS : 0));
      return;
    }
    if (nowMs < this.#notBeforeMs || !this.#gate.close()) return;
    this.#state = 'closing';
    this.#target = head;
  }

  #demote(nowMs: number): void {
    this.#state = 'out';
    this.#notBeforeMs = nowMs + RETURN_AFTER_MS;
    this.#gate.open();
  }
}
