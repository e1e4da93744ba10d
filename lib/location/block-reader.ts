const U32 = 0x1_0000_0000;

/**
 * Reads one packed block from front to back: big-endian numbers, LEB128 lengths, latin1 text. One reader is used again
 * and again. The block is trusted, because this process wrote it. Texts are slices of one string of the whole block:
 * whoever keeps one keeps some 200 octets.
 */
export class BlockReader {
  /** Offset of what is read next, from the start of the block. */
  at = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #base = 0;
  #text = '';

  open(bytes: Buffer, base: number, length: number): void {
    this.#bytes = bytes;
    this.#base = base;
    this.#text = bytes.toString('latin1', base, base + length);
    this.at = 0;
  }

  u8(): number {
    return this.#bytes[this.#base + this.at++] ?? 0;
  }

  u16(): number {
    const high = this.u8() << 8;
    return high | this.u8();
  }

  u32(): number {
    const high = this.u16() << 16;
    return (high | this.u16()) >>> 0;
  }

  u48(): number {
    const high = this.u16() * U32;
    return high + this.u32();
  }

  varint(): number {
    let octet = this.u8();
    let value = octet & 0x7f;
    for (let shift = 7; octet >= 0x80; shift += 7) {
      octet = this.u8();
      value |= (octet & 0x7f) << shift;
    }
    return value;
  }

  /** A text with its length before it. */
  text(): string {
    const length = this.varint();
    const start = this.at;
    this.at += length;
    return this.#text.substring(start, start + length);
  }

  skipText(): void {
    const length = this.varint();
    this.at += length;
  }
}
