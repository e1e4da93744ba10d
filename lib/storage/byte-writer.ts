import { octetsOf } from './sql-text.ts';
import type { SqlText } from './sql-text.ts';

const SHORT_TEXT = 24;
const LONG_LENGTH = 0xff;
const TWO_POW_32 = 0x1_0000_0000;

/**
 * Appends numbers and texts to one buffer that is used again and again. It grows by doubling up to a maximum; who writes
 * asks `room` first, with an upper bound of what it will append, and writes only after a yes.
 *
 * The memory is shared with the storage thread: both see it, nothing is copied, and what the thread has not stored yet
 * is not lost when the thread dies.
 */
export class ByteWriter {
  readonly #maxBytes: number;
  #bytes: Buffer<SharedArrayBuffer>;
  #view: DataView<SharedArrayBuffer>;
  #length = 0;

  constructor(initialBytes: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    const memory = new SharedArrayBuffer(initialBytes);
    this.#bytes = Buffer.from(memory);
    this.#view = new DataView(memory);
  }

  get length(): number {
    return this.#length;
  }

  /** The memory itself; only the first `length` bytes mean something. */
  get memory(): SharedArrayBuffer {
    return this.#bytes.buffer;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Makes room for `bytes` more; false when that would pass the maximum. */
  room(bytes: number): boolean {
    const needed = this.#length + bytes;
    return needed <= this.#bytes.length || this.#grow(needed);
  }

  u8(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** 0..2^48-1. */
  u48(value: number): void {
    const low = value >>> 0;
    this.#view.setUint32(this.#length, low, true);
    this.#view.setUint16(this.#length + 4, (value - low) / TWO_POW_32, true);
    this.#length += 6;
  }

  /** A byte string (one character per octet), with its length in front. */
  text(text: string): void {
    const octets = text.length;
    this.#textLength(octets);
    if (octets > SHORT_TEXT) {
      this.#bytes.latin1Write(text, this.#length, octets);
      this.#length += octets;
      return;
    }
    for (let i = 0; i < octets; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** Octets as a text; the same form as `text`. */
  octets(octets: Uint8Array): void {
    this.#textLength(octets.length);
    this.#bytes.set(octets, this.#length);
    this.#length += octets.length;
  }

  /** A text from a column; the same form as `text`. */
  sqlText(text: SqlText): void {
    // Most columns are empty.
    if (text.length === 0) {
      this.u8(0);
      return;
    }
    const octets = octetsOf(text);
    this.#textLength(octets);
    this.#sqlOctets(text, octets);
  }

  /** Two texts with one octet between them, as one. */
  joined(first: SqlText, between: number, second: SqlText): void {
    const octets = octetsOf(first);
    const more = octetsOf(second);
    this.#textLength(octets + 1 + more);
    this.#sqlOctets(first, octets);
    this.u8(between);
    this.#sqlOctets(second, more);
  }

  #sqlOctets(text: SqlText, octets: number): void {
    if (typeof text !== 'string') this.#bytes.set(text, this.#length);
    else if (text.length === octets) this.#bytes.latin1Write(text, this.#length, octets);
    else this.#bytes.write(text, this.#length, octets, 'utf8');
    this.#length += octets;
  }

  #textLength(octets: number): void {
    if (octets < LONG_LENGTH) {
      this.u8(octets);
      return;
    }
    this.u8(LONG_LENGTH);
    this.u32(octets);
  }

  #grow(needed: number): boolean {
    if (needed > this.#maxBytes) return false;
    let size = this.#bytes.length;
    while (size < needed) size *= 2;
    const memory = new SharedArrayBuffer(Math.min(size, this.#maxBytes));
    const bytes = Buffer.from(memory);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(memory);
    return true;
  }
}

/** An upper bound of what `text` appends for a text of so many octets. */
export function textRoom(octets: number): number {
  return octets + 5;
}
