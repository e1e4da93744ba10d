import { PagedU32 } from '../location/paged-u32.ts';

/** Words of a contact's cell. */
const WORDS = 5;
const STATE = 0;
const NEXT = 1;
const BEFORE = 2;
const GENERATION = 3;
const LATENCY = 4;

/** STATE: the slot in the low half, above it the losses, above these whether the contact is enrolled. */
const SLOT_MASK = 0xffff;
const LOSSES_SHIFT = 16;
const LOSSES_MAX = 0xff;
const LOSSES_MASK = LOSSES_MAX << LOSSES_SHIFT;
const ENROLLED = 1 << 24;

const LATENCY_MAX_US = 0xffff_ffff;

/**
 * What the pinger knows of each contact, by record id: 20 bytes, and no object, since there may be a million. A cell that
 * was never written is that of a contact that is not enrolled.
 */
export class PingCells {
  readonly #words = new PagedU32();

  isEnrolled(recordId: number): boolean {
    return (this.#words.get(recordId * WORDS + STATE) & ENROLLED) !== 0;
  }

  /** @param slot 0..65535 */
  enrol(recordId: number, slot: number): void {
    this.#words.set(recordId * WORDS + STATE, ENROLLED | slot);
  }

  /** Nothing is left but the generation, which goes up. */
  withdraw(recordId: number): void {
    this.#words.set(recordId * WORDS + STATE, 0);
    this.startOver(recordId);
  }

  /** Losses and latency are gone, and probes that are out mean nothing any more: the contact lives in another place. */
  startOver(recordId: number): void {
    this.forgetLosses(recordId);
    const at = recordId * WORDS;
    this.#words.set(at + GENERATION, (this.#words.get(at + GENERATION) + 1) >>> 0);
    this.#words.set(at + LATENCY, 0);
  }

  /** Counts up with each `startOver`, whoever the record id belongs to; a probe of another generation has no contact any more. */
  generationOf(recordId: number): number {
    return this.#words.get(recordId * WORDS + GENERATION);
  }

  /** One more ping was lost; returns how many in a row that makes. */
  addLoss(recordId: number): number {
    const at = recordId * WORDS + STATE;
    const state = this.#words.get(at);
    const losses = Math.min(LOSSES_MAX, lossesIn(state) + 1);
    this.#words.set(at, (state & ~LOSSES_MASK) | (losses << LOSSES_SHIFT));
    return losses;
  }

  /** Pings lost in a row, up to 255. */
  lossesOf(recordId: number): number {
    return lossesIn(this.#words.get(recordId * WORDS + STATE));
  }

  forgetLosses(recordId: number): void {
    const at = recordId * WORDS + STATE;
    const state = this.#words.get(at);
    if ((state & LOSSES_MASK) !== 0) this.#words.set(at, state & ~LOSSES_MASK);
  }

  /** Microseconds of the last answer; 0 = none yet. */
  latencyUsOf(recordId: number): number {
    return this.#words.get(recordId * WORDS + LATENCY);
  }

  setLatencyUs(recordId: number, latencyUs: number): void {
    this.#words.set(recordId * WORDS + LATENCY, Math.max(1, Math.min(LATENCY_MAX_US, Math.round(latencyUs))));
  }

  slotOf(recordId: number): number {
    return this.#words.get(recordId * WORDS + STATE) & SLOT_MASK;
  }

  /** Neighbours in the slot's list, as record id + 1; 0 = none. */
  nextOf(recordId: number): number {
    return this.#words.get(recordId * WORDS + NEXT);
  }

  beforeOf(recordId: number): number {
    return this.#words.get(recordId * WORDS + BEFORE);
  }

  setNext(recordId: number, link: number): void {
    this.#words.set(recordId * WORDS + NEXT, link);
  }

  setBefore(recordId: number, link: number): void {
    this.#words.set(recordId * WORDS + BEFORE, link);
  }
}

function lossesIn(state: number): number {
  return (state & LOSSES_MASK) >>> LOSSES_SHIFT;
}
