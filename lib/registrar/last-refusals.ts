import type { Transport } from '../sip/engine.ts';

/** One REGISTER that was refused. Text is in byte strings. */
export interface LastRefusal {
  /** Cluster time. */
  readonly atMs: number;
  /** The To header as it came, cut; '' without. */
  readonly to: string;
  readonly transport: Transport;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** Status and reason: `400 Invalid CSeq`. */
  readonly reason: string;
}

/** So many are remembered, whatever arrives; a further one takes the place of the oldest. */
export const LAST_REFUSALS_MAX = 10;

const TO_MAX = 256;

/** Who was refused lately, for the operator who is asked why a phone cannot register. */
export class LastRefusals {
  #refusals: readonly LastRefusal[] = [];

  note(refusal: LastRefusal): void {
    const to = refusal.to.slice(0, TO_MAX);
    this.#refusals = [...this.#refusals.slice(1 - LAST_REFUSALS_MAX), { ...refusal, to }];
  }

  /** The oldest first. */
  all(): readonly LastRefusal[] {
    return this.#refusals;
  }
}
