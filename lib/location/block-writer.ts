const U32 = 0x1_0000_0000;

/** Writes what BlockReader reads. One writer is used again and again; there must be room for all that is written. */
export class BlockWriter {
  /** Offset of what is written next, from the start of the block. */
  at = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #base = 0;

  open(bytes: Buffer, base: number): void {
    this.#bytes = bytes;
    this.#base = base;
    this.at = 0;
  }

  u8(value: number): void {
    this.#bytes[this.#base + this.at++] = value;
  }

  u16(value: number): void {
    this.u8(value >>> 8);
    this.u8(value);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }

  u48(value: number): void {
    this.u16(Math.floor(value / U32));
    this.u32(value % U32);
  }

  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.u8((rest & 0x7f) | 0x80);
    this.u8(rest);
  }

  text(value: string): void {
    this.varint(value.length);
    this.at += this.#bytes.write(value, this.#base + this.at, value.length, 'latin1');
  }

  /** Octets of another block, as they are. */
  copy(source: Buffer, from: number, to: number): void {
    this.at += source.copy(this.#bytes, this.#base + this.at, from, to);
  }
}

/** How many octets `text` takes. */
export function textBytes(value: string): number {
  return varintBytes(value.length) + value.length;
}

export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}
