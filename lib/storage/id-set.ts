const INITIAL_WORDS = 1024;

/** A set of record ids as a bitmap: one bit per id up to the greatest ever added, so it is bounded by the table's own limit. */
export class IdSet {
  #words = new Uint32Array(INITIAL_WORDS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    const word = this.#words[id >>> 5];
    return word !== undefined && (word & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    const index = id >>> 5;
    if (index >= this.#words.length) this.#grow(index);
    const word = this.#words[index] ?? 0;
    const bit = 1 << (id & 31);
    if ((word & bit) !== 0) return;
    this.#words[index] = word | bit;
    this.#size++;
  }

  delete(id: number): void {
    const index = id >>> 5;
    const word = this.#words[index];
    const bit = 1 << (id & 31);
    if (word === undefined || (word & bit) === 0) return;
    this.#words[index] = word & ~bit;
    this.#size--;
  }

  clear(): void {
    this.#words.fill(0);
    this.#size = 0;
  }

  /** The least member in `from`..`to`-1, or -1. */
  next(from: number, to: number): number {
    const end = Math.min(to, this.#words.length * 32);
    if (from >= end) return -1;
    let index = from >>> 5;
    let word = (this.#words[index] ?? 0) & (-1 << (from & 31));
    while (word === 0) {
      index++;
      if (index * 32 >= end) return -1;
      word = this.#words[index] ?? 0;
    }
    const id = index * 32 + 31 - Math.clz32(word & -word);
    return id < end ? id : -1;
  }

  #grow(index: number): void {
    const words = new Uint32Array(Math.max(this.#words.length * 2, index + 1));
    words.set(this.#words);
    this.#words = words;
  }
}
