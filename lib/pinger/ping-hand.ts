/** While it makes up for lost time the hand goes so much faster than time. */
const CATCHING_UP_SPEED = 4;

/**
 * Up to which moment of cluster time contacts have had their turn. Mostly that is now. On a node that takes over it begins where the
 * other one stopped, and catches up at a quicker pace: nobody waits for longer than an interval and the takeover, and there is no burst.
 */
export class PingHand {
  #beganAtMs = 0;
  #fromMs = 0;

  /** @param fromMs not after `nowMs` */
  begin(nowMs: number, fromMs: number): void {
    this.#beganAtMs = nowMs;
    this.#fromMs = fromMs;
  }

  atMs(nowMs: number): number {
    return Math.min(nowMs, this.#fromMs + CATCHING_UP_SPEED * (nowMs - this.#beganAtMs));
  }
}
