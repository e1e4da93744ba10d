/** How deep an AoR's object is in a reply to ul_dump: reply, result, Domains, domain, AORs. */
const AORS_DEPTH = 5;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Cuts the reply to ul_dump into its AoRs as it arrives, so that half a million of them need no memory. It relies on the
 * JSON being well-formed, as the daemon's is; what stands around the AoRs is kept and is the reply without them.
 */
export class DumpReader {
  #depth = 0;
  #inString = false;
  #escaped = false;
  readonly #frame: Buffer[] = [];
  #element: Buffer[] = [];

  /** @returns the JSON texts of the AoRs that this chunk completed */
  push(chunk: Buffer): string[] {
    const elements: string[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const step = this.#step(chunk[at] ?? 0);
      if (step === 'element-begins') {
        start = at;
      } else if (step === 'element-ends') {
        this.#element.push(chunk.subarray(start, at + 1));
        elements.push(Buffer.concat(this.#element).toString('utf8'));
        this.#element = [];
      } else if (this.#depth < AORS_DEPTH || (this.#depth === AORS_DEPTH && step === 'array-begins')) {
        this.#frame.push(chunk.subarray(at, at + 1));
      }
    }
    if (this.#depth > AORS_DEPTH) this.#element.push(chunk.subarray(start));
    return elements;
  }

  /** The reply with an empty list of AoRs, or the whole of one that is an error. */
  frame(): string {
    return Buffer.concat(this.#frame).toString('utf8');
  }

  #step(byte: number): 'element-begins' | 'element-ends' | 'array-begins' | undefined {
    if (this.#inString) {
      this.#inString = this.#escaped || byte !== QUOTE;
      this.#escaped = !this.#escaped && byte === BACKSLASH;
    } else if (byte === QUOTE) {
      this.#inString = true;
    } else if (OPENING.has(byte)) {
      this.#depth++;
      if (this.#depth === AORS_DEPTH) return 'array-begins';
      if (this.#depth === AORS_DEPTH + 1) return 'element-begins';
    } else if (CLOSING.has(byte)) {
      this.#depth--;
      if (this.#depth === AORS_DEPTH) return 'element-ends';
    }
    return undefined;
  }
}
