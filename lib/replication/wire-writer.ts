const BYTES_AT_START = 4096;
const TWO_POW_32 = 0x1_0000_0000;

/** Writes big-endian numbers and texts into memory that is used again and again and grows as needed. */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(BYTES_AT_START);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was written; valid until the next call of any method. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#room(2);
    this.#length = this.#bytes.writeUInt16BE(value, this.#length);
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
  }

  /** 0..2^48-1. */
  u48(value: number): void {
    this.#room(6);
    this.#length = this.#bytes.writeUInt16BE(Math.floor(value / TWO_POW_32), this.#length);
    this.#length = this.#bytes.writeUInt32BE(value % TWO_POW_32, this.#length);
  }

  /** A byte string of at most 65535 octets, with its length as a u16 before it. */
  text(value: string): void {
    const { length } = value;
    this.u16(length);
    this.#room(length);
    this.#bytes.latin1Write(value, this.#length, length);
    this.#length += length;
  }

  octets(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Writes a u16 over what stands at `at`. */
  patchU16(at: number, value: number): void {
    this.#bytes.writeUInt16BE(value, at);
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
