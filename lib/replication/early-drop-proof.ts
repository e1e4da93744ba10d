import type { DurableLogs, LogPositions } from './durable-positions.ts';

/** Tells whether the proof was had. */
type ProofTaker = (isProved: boolean) => void;

interface OpenProof {
  /** Where both logs stood when the dead were noted. */
  readonly noted: LogPositions;
  isOnDisk: boolean;
  readonly done: ProofTaker;
}

/**
 * The proof that nothing older than the noted dead can come back: since they were noted, the twin's disk got
 * this node's log up to there, and its own; and this node's disk has had a flush. One proof at a time, on one connection.
 */
export class EarlyDropProof {
  readonly #whenDurable: (done: () => void) => void;
  #open: OpenProof | undefined;

  constructor(whenDurable: (done: () => void) => void) {
    this.#whenDurable = whenDurable;
  }

  begin(noted: LogPositions, done: ProofTaker): void {
    this.fail();
    const proof: OpenProof = { noted, isOnDisk: false, done };
    this.#open = proof;
    this.#whenDurable(() => {
      proof.isOnDisk = true;
    });
  }

  /** What the twin says is on its disk. `own` and `theirs` are as this node sees them. */
  twinHasDurable({ own, theirs }: DurableLogs): void {
    const proof = this.#open;
    if (proof?.isOnDisk !== true || own === undefined || theirs === undefined) return;
    if (own < proof.noted.own || theirs < proof.noted.theirs) return;
    this.#open = undefined;
    proof.done(true);
  }

  /** The connection is gone, and with it what it could prove. */
  fail(): void {
    const proof = this.#open;
    this.#open = undefined;
    proof?.done(false);
  }
}
