import type { Random } from '../../core/random.ts';

const COUNTER_DIGITS = 12;

/** Ids of our frames, new for each, in the form of a UUID as drachtio-srf writes them. */
export class FrameIds {
  readonly #prefix: string;
  #count = 0;

  constructor(random: Random) {
    const [a, b] = [hex(random.u32()), hex(random.u32())];
    this.#prefix = `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8000-`;
  }

  next(): string {
    return this.#prefix + String(this.#count++).padStart(COUNTER_DIGITS, '0');
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
