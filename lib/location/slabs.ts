import { invariant } from '../core/errors.ts';

/**
 * Memory for a million small blocks that the garbage collector never looks at: 16 MB buffers cut into pages of 64 kB,
 * each page into blocks of one size class. A page whose blocks are all free serves any class again, so that memory which
 * a population of one size leaves behind is not lost to the next. Blocks over BLOCK_BYTES_MAX are buffers of their own.
 *
 * A block is named by a number; `bufferOf` and `offsetOf` say where it lies. Slabs are never given back.
 */

const GRANULE = 16;
const GRANULE_BITS = 4;
const PAGE_BYTES = 1 << 16;
const SLAB_BYTES = 1 << 24;
const PAGES_PER_SLAB = SLAB_BYTES / PAGE_BYTES;
const PAGE_GRANULE_BITS = 16 - GRANULE_BITS;
const SLAB_GRANULE_BITS = 24 - GRANULE_BITS;
const SLAB_GRANULE_MASK = (1 << SLAB_GRANULE_BITS) - 1;

/** Up to here classes are one granule apart, so that typical blocks waste 8 bytes on average; beyond, an eighth apart. */
const FINE_BYTES_MAX = 1024;
/** Larger blocks have a buffer each: they are rare. */
const BLOCK_BYTES_MAX = 1 << 14;
/** Numbers from here on name such buffers; below lie 32 GB of slabs. */
const LARGE_FROM = 0x8000_0000;

const CLASS_BYTES = sizeClasses();

function sizeClasses(): readonly number[] {
  const sizes: number[] = [];
  for (let size = GRANULE; size <= FINE_BYTES_MAX; size += GRANULE) sizes.push(size);
  for (let size = FINE_BYTES_MAX; size < BLOCK_BYTES_MAX;) {
    size = Math.min(BLOCK_BYTES_MAX, Math.ceil((size * 9) / 8 / GRANULE) * GRANULE);
    sizes.push(size);
  }
  return sizes;
}

function classOf(bytes: number): number {
  if (bytes <= FINE_BYTES_MAX) return ((bytes + GRANULE - 1) / GRANULE - 1) | 0;
  let index = FINE_BYTES_MAX / GRANULE;
  while ((CLASS_BYTES[index] ?? BLOCK_BYTES_MAX) < bytes) index++;
  return index;
}

/** One page: which class it serves, and which of its blocks are free. */
class Page {
  readonly index: number;
  sizeClass = 0;
  /** Blocks in use. */
  used = 0;
  /** Blocks handed out at least once since the page got its class; those behind were never touched. */
  touched = 0;
  blocks = 0;
  /** Free blocks among the touched, last freed first; each says in its first 4 octets which is next (its number + 1, 0 = none). */
  freed = 0;
  /** Neighbours in the list of its class's pages with room. */
  before: Page | undefined = undefined;
  after: Page | undefined = undefined;

  constructor(index: number) {
    this.index = index;
  }
}

export class Slabs {
  readonly #slabs: Buffer[] = [];
  readonly #pages: Page[] = [];
  readonly #emptyPages: Page[] = [];
  /** Per class the first page with a free block. */
  readonly #withRoom: (Page | undefined)[] = CLASS_BYTES.map(() => undefined);
  readonly #large: (Buffer | undefined)[] = [];
  readonly #freeLarge: number[] = [];

  /** Bytes taken from the system, whether in use or not. */
  get reservedBytes(): number {
    return this.#large.reduce((sum, buffer) => sum + (buffer?.length ?? 0), this.#pages.length * PAGE_BYTES);
  }

  /** A block of at least `bytes`, its content undefined. */
  allocate(bytes: number): number {
    if (bytes > BLOCK_BYTES_MAX) return this.#allocateLarge(bytes);
    const sizeClass = classOf(bytes);
    const page = this.#withRoom[sizeClass] ?? this.#openPage(sizeClass);
    const block = this.#takeFrom(page);
    page.used++;
    if (page.used === page.blocks) this.#unlink(page);
    return (page.index << PAGE_GRANULE_BITS) + ((block * this.#classBytes(page)) >>> GRANULE_BITS);
  }

  /** Gives the block back. Its number may be handed out again. */
  release(ref: number): void {
    if (ref >= LARGE_FROM) {
      this.#large[ref - LARGE_FROM] = undefined;
      this.#freeLarge.push(ref - LARGE_FROM);
      return;
    }
    const page = this.#pageOf(ref);
    const block = this.#blockIn(page, ref);
    this.bufferOf(ref).writeUInt32LE(page.freed, this.offsetOf(ref));
    page.freed = block + 1;
    if (page.used === page.blocks) this.#link(page);
    page.used--;
    if (page.used === 0) this.#closePage(page);
  }

  bufferOf(ref: number): Buffer {
    const buffer = ref >= LARGE_FROM ? this.#large[ref - LARGE_FROM] : this.#slabs[ref >>> SLAB_GRANULE_BITS];
    invariant(buffer !== undefined, 'a block lies in a slab');
    return buffer;
  }

  offsetOf(ref: number): number {
    return ref >= LARGE_FROM ? 0 : (ref & SLAB_GRANULE_MASK) << GRANULE_BITS;
  }

  /** How many bytes the block has room for. */
  capacityOf(ref: number): number {
    return ref >= LARGE_FROM ? this.bufferOf(ref).length : this.#classBytes(this.#pageOf(ref));
  }

  #allocateLarge(bytes: number): number {
    const index = this.#freeLarge.pop() ?? this.#large.length;
    this.#large[index] = Buffer.allocUnsafeSlow(bytes);
    return LARGE_FROM + index;
  }

  #takeFrom(page: Page): number {
    if (page.freed === 0) return page.touched++;
    const block = page.freed - 1;
    const ref = (page.index << PAGE_GRANULE_BITS) + ((block * this.#classBytes(page)) >>> GRANULE_BITS);
    page.freed = this.bufferOf(ref).readUInt32LE(this.offsetOf(ref));
    return block;
  }

  #openPage(sizeClass: number): Page {
    const page = this.#emptyPages.pop() ?? this.#newPage();
    page.sizeClass = sizeClass;
    page.blocks = Math.floor(PAGE_BYTES / this.#classBytes(page));
    page.touched = 0;
    page.freed = 0;
    this.#link(page);
    return page;
  }

  #newPage(): Page {
    const page = new Page(this.#pages.length);
    if (page.index % PAGES_PER_SLAB === 0) this.#slabs.push(Buffer.allocUnsafeSlow(SLAB_BYTES));
    invariant(page.index << PAGE_GRANULE_BITS >= 0, 'the table is below 32 GB');
    this.#pages.push(page);
    return page;
  }

  #closePage(page: Page): void {
    this.#unlink(page);
    this.#emptyPages.push(page);
  }

  #link(page: Page): void {
    const first = this.#withRoom[page.sizeClass];
    page.before = undefined;
    page.after = first;
    if (first !== undefined) first.before = page;
    this.#withRoom[page.sizeClass] = page;
  }

  #unlink(page: Page): void {
    if (page.before === undefined) this.#withRoom[page.sizeClass] = page.after;
    else page.before.after = page.after;
    if (page.after !== undefined) page.after.before = page.before;
    page.before = undefined;
    page.after = undefined;
  }

  #pageOf(ref: number): Page {
    const page = this.#pages[ref >>> PAGE_GRANULE_BITS];
    invariant(page !== undefined, 'a block lies in a page');
    return page;
  }

  #blockIn(page: Page, ref: number): number {
    const offset = (ref << GRANULE_BITS) & (PAGE_BYTES - 1);
    return offset / this.#classBytes(page);
  }

  #classBytes(page: Page): number {
    return CLASS_BYTES[page.sizeClass] ?? BLOCK_BYTES_MAX;
  }
}
