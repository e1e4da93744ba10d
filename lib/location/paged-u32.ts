const PAGE_BITS = 16;
const PAGE_WORDS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_WORDS - 1;

/**
 * An array of 32-bit words that grows without ever being copied: page by page of 256 kB, so that no growth pauses. Words
 * that were never set are 0. It does not shrink.
 */
export class PagedU32 {
  readonly #pages: Uint32Array[] = [];

  /** All words, page by page, for who reads very many of them. */
  get pages(): readonly Uint32Array[] {
    return this.#pages;
  }

  get(index: number): number {
    const page = this.#pages[index >>> PAGE_BITS];
    return page === undefined ? 0 : (page[index & PAGE_MASK] ?? 0);
  }

  /** @param index 0..2^32-1; pages up to it come into being. */
  set(index: number, value: number): void {
    const page = this.#pages[index >>> PAGE_BITS] ?? this.#grow(index >>> PAGE_BITS);
    page[index & PAGE_MASK] = value;
  }

  #grow(pageIndex: number): Uint32Array {
    while (this.#pages.length < pageIndex) this.#pages.push(new Uint32Array(PAGE_WORDS));
    const page = new Uint32Array(PAGE_WORDS);
    this.#pages.push(page);
    return page;
  }
}
