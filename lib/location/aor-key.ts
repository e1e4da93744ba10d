import type { HashKey } from './half-sip-hash.ts';
import { halfSipHash } from './half-sip-hash.ts';

const BYTES_AT_START = 1024;

/**
 * The AoR that is looked for, as octets: hashing and comparing octets is several times faster than characters of a
 * string that a parser cut out of a message. One is used again and again; it is as long as the longest AoR it ever held.
 */
export class AorKey {
  hash = 0;
  length = 0;
  readonly #hashKey: HashKey;
  #words = new Uint32Array(BYTES_AT_START / 4);
  #bytes = Buffer.from(this.#words.buffer);

  constructor(hashKey: HashKey) {
    this.#hashKey = hashKey;
  }

  set(aor: string): void {
    if (aor.length > this.#bytes.length) this.#grow(aor.length);
    this.length = this.#bytes.write(aor, 0, aor.length, 'latin1');
    this.hash = halfSipHash(this.#words, this.length, this.#hashKey);
  }

  /** The same AoR's hash by another key. */
  hashBy(key: HashKey): number {
    return halfSipHash(this.#words, this.length, key);
  }

  /** Whether the octets from `at` on are this AoR's; there must be as many. */
  equals(bytes: Buffer, at: number): boolean {
    const mine = this.#bytes;
    for (let index = 0; index < this.length; index++) {
      if (bytes[at + index] !== mine[index]) return false;
    }
    return true;
  }

  #grow(length: number): void {
    this.#words = new Uint32Array(Math.ceil(length / 4) * 2);
    this.#bytes = Buffer.from(this.#words.buffer);
  }
}
