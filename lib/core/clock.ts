/**
 * Time is a parameter everywhere: the table and the machines get milliseconds handed in, and whoever needs a timer gets
 * a `Clock`. The system clock is made once, at the edge; tests use a simulated one.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never steps, never runs backwards. For intervals. */
  monotonicMs(): number;
  /** Milliseconds since 1970 by the wall clock; may step. Only for logs and as the start of cluster time. */
  wallMs(): number;
  /** Runs `run` once, `delayMs` from now. A pending timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Runs `run` as soon as all else that is ready has had its turn; sooner than `after(0)`, which waits a millisecond. */
  soon(run: () => void): void;
}

export interface Timer {
  /** Idempotent; a cancelled timer never fires. */
  cancel(): void;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  soon(run) {
    setImmediate(run);
  },
};
