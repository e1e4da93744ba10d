/** Of one kind so many pass within so long; the rest is counted. */
const PASS_MAX = 20;
export const FLOOD_WINDOW_MS = 60_000;

interface Window {
  readonly beganMs: number;
  passed: number;
  held: number;
  lastHeld: string;
}

/** What was held back of one kind. */
export interface Held {
  readonly kind: string;
  readonly count: number;
  /** The text of the last one: how things stand now. */
  readonly text: string;
}

/**
 * Keeps what happens again and again from filling the history: a link that comes and goes five times a second would leave nothing of the
 * failover before it. Nothing is lost of the outcome, since the last of what was held back is told when its time is over.
 */
export class FloodGate {
  readonly #windows = new Map<string, Window>();

  /** Whether something is still to be told. */
  get isHolding(): boolean {
    return [...this.#windows.values()].some(({ held }) => held > 0);
  }

  /** Whether it may pass. @param nowMs monotonic */
  passes(kind: string, text: string, nowMs: number): boolean {
    let window = this.#windows.get(kind);
    if (window === undefined || (window.held === 0 && nowMs - window.beganMs >= FLOOD_WINDOW_MS)) {
      window = { beganMs: nowMs, passed: 0, held: 0, lastHeld: '' };
      this.#windows.set(kind, window);
    }
    if (window.passed < PASS_MAX) {
      window.passed += 1;
      return true;
    }
    window.held += 1;
    window.lastHeld = text;
    return false;
  }

  /** What was held back and is to be told now; each once. @param nowMs monotonic; Infinity: all of it */
  due(nowMs: number): readonly Held[] {
    const due = [...this.#windows].filter(([, { beganMs, held }]) => held > 0 && nowMs - beganMs >= FLOOD_WINDOW_MS);
    for (const [kind] of due) this.#windows.delete(kind);
    return due.map(([kind, { held, lastHeld }]) => ({ kind, count: held, text: lastHeld }));
  }
}
