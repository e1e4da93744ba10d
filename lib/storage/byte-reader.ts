import { toSqlText } from './sql-text.ts';
import type { SqlText } from './sql-text.ts';

const LONG_LENGTH = 0xff;
const TWO_POW_32 = 0x1_0000_0000;

/** The bytes are not what a `ByteWriter` wrote. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
}

/** Reads back what a `ByteWriter` appended. Every read is checked against the end: it throws `MalformedBytes` there. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#end = bytes.length;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#end;
  }

  seek(position: number): void {
    if (position > this.#end) throw new MalformedBytes(`offset ${position} lies behind the end ${this.#end}`);
    this.#position = position;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u48(): number {
    const at = this.#take(6);
    return this.#view.getUint32(at, true) + this.#view.getUint16(at + 4, true) * TWO_POW_32;
  }

  /** A byte string. */
  text(): string {
    const octets = this.#textLength();
    const at = this.#take(octets);
    return this.#bytes.latin1Slice(at, at + octets);
  }

  /** The octets of a text, as a window on the bytes read. */
  octets(): Buffer {
    const octets = this.#textLength();
    const at = this.#take(octets);
    return this.#bytes.subarray(at, at + octets);
  }

  /** Passes over a text, which then ends at `position`; gives where it begins. */
  skipText(): number {
    return this.#take(this.#textLength());
  }

  /** A text for a column. */
  sqlText(): SqlText {
    const start = this.skipText();
    return this.sqlTextAt(start, this.#position);
  }

  /**
   * What lies between two positions, for a text column. Nearly all of it is ASCII: that is read where it lies, since a
   * window for each text would cost more than the text itself.
   */
  sqlTextAt(start: number, end: number): SqlText {
    if (start === end) return '';
    const bytes = this.#bytes;
    for (let at = start; at < end; at++) {
      const octet = bytes[at] ?? 0;
      if (octet === 0 || octet >= 0x80) return toSqlText(bytes.subarray(start, end));
    }
    return bytes.latin1Slice(start, end);
  }

  /** What lies between two positions, as a byte string. */
  latin1At(start: number, end: number): string {
    return this.#bytes.latin1Slice(start, end);
  }

  /** Where an octet stands last between two positions; -1 without. */
  lastOctet(octet: number, start: number, end: number): number {
    for (let at = end - 1; at >= start; at--) if (this.#bytes[at] === octet) return at;
    return -1;
  }

  #textLength(): number {
    const short = this.u8();
    return short === LONG_LENGTH ? this.u32() : short;
  }

  #take(bytes: number): number {
    const at = this.#position;
    if (at + bytes > this.#end) throw new MalformedBytes(`${bytes} bytes at ${at} pass the end ${this.#end}`);
    this.#position = at + bytes;
    return at;
  }
}
