import { ProtocolError } from './protocol-error.ts';

const TWO_POW_32 = 0x1_0000_0000;

/** Reads what a WireWriter wrote, out of octets that nobody vouches for: every read is checked against the end. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  /** An octet that is 0 or 1. */
  flag(): boolean {
    const octet = this.u8();
    if (octet > 1) throw new ProtocolError('frame-malformed', `${octet} where 0 or 1 was expected`);
    return octet === 1;
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  u48(): number {
    const at = this.#take(6);
    return this.#bytes.readUInt16BE(at) * TWO_POW_32 + this.#bytes.readUInt32BE(at + 2);
  }

  text(): string {
    const length = this.u16();
    const at = this.#take(length);
    return this.#bytes.latin1Slice(at, at + length);
  }

  /** A window on the octets that were read. */
  octets(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.left > 0) throw new ProtocolError('frame-malformed', `${this.left} octets too many in a frame`);
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) {
      throw new ProtocolError(
        'frame-malformed',
        `${bytes} octets at ${at} pass the end of a frame of ${this.#bytes.length}`,
      );
    }
    this.#at = at + bytes;
    return at;
  }
}
