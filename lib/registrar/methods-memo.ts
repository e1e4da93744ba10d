import { METHODS_UNKNOWN } from '../location/record.ts';
import { methodsBitmask } from '../sip/methods.ts';

/** Lists of methods that are remembered; when so many are, all are forgotten. There are as many as kinds of phones. */
const REMEMBERED_MAX = 256;

/** Longer lists are worked out each time, so that the memory stays bounded. */
const REMEMBERED_LEN_MAX = 512;

/** usrloc's bitmask of Allow: every phone of a kind sends the same text with each request. */
export class MethodsMemo {
  readonly #bitmasks = new Map<string, number>();

  /** @param rows all Allow rows; METHODS_UNKNOWN without any */
  bitmaskOf(rows: readonly string[]): number {
    const [first] = rows;
    if (first === undefined) return METHODS_UNKNOWN;
    const text = rows.length === 1 ? first : rows.join(',');
    const known = this.#bitmasks.get(text);
    if (known !== undefined) return known;
    const bitmask = methodsBitmask(text);
    this.#remember(text, bitmask);
    return bitmask;
  }

  #remember(text: string, bitmask: number): void {
    if (text.length > REMEMBERED_LEN_MAX) return;
    if (this.#bitmasks.size >= REMEMBERED_MAX) this.#bitmasks.clear();
    // A copy, since the text may be a slice of the request, which it would keep in memory as a whole.
    this.#bitmasks.set(Buffer.from(text, 'latin1').toString('latin1'), bitmask);
  }
}
