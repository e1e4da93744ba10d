import { crc32 } from 'node:zlib';
import { HEAD_BYTES, TAIL_BYTES } from './frame-type.ts';
import { ProtocolError } from './protocol-error.ts';

/** Takes one frame; `body` is valid only during the call. Returns whether the next frame may follow. */
type FrameTaker = (type: number, body: Buffer) => boolean;

const TYPE_AT = 4;

/**
 * Cuts a stream into frames, however its octets arrive. Of an unfinished frame it keeps what arrived, so at most the
 * longest frame allowed and one chunk; of one that is longer nothing at all.
 */
export class FrameSplitter {
  /** Octets that a body may have; raised when the other end has proved who it is. */
  bodyBytesMax: number;
  #rest: Buffer = Buffer.alloc(0);
  #restLength = 0;

  constructor(bodyBytesMax: number) {
    this.bodyBytesMax = bodyBytesMax;
  }

  /** Throws a ProtocolError at the first frame that is none. After `false` from the taker the octets behind are dropped. */
  push(chunk: Buffer, take: FrameTaker): void {
    const joined = this.#restLength === 0 ? chunk : this.#append(chunk);
    const used = this.#frames(joined, take);
    if (used < 0) this.#restLength = 0;
    else this.#keep(joined, used);
  }

  /** How many octets were used up; -1 when nothing more is wanted. */
  #frames(bytes: Buffer, take: FrameTaker): number {
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const length = bytes.readUInt32BE(at);
      if (length > this.bodyBytesMax)
        throw new ProtocolError(
          'frame-too-long',
          `a frame of ${length} octets; at most ${this.bodyBytesMax} are allowed`,
        );
      const end = at + HEAD_BYTES + length + TAIL_BYTES;
      if (end > bytes.length) break;
      const tail = end - TAIL_BYTES;
      if (bytes.readUInt32BE(tail) !== crc32(bytes.subarray(at + TYPE_AT, tail)))
        throw new ProtocolError('frame-damaged', 'the check sum of a frame is wrong');
      if (!take(bytes[at + TYPE_AT] ?? 0, bytes.subarray(at + HEAD_BYTES, tail))) return -1;
      at = end;
    }
    return at;
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#restLength + chunk.length;
    if (length > this.#rest.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.#rest.length * 2, this.bodyBytesMax)));
      this.#rest.copy(grown, 0, 0, this.#restLength);
      this.#rest = grown;
    }
    chunk.copy(this.#rest, this.#restLength);
    this.#restLength = length;
    return this.#rest.subarray(0, length);
  }

  #keep(bytes: Buffer, from: number): void {
    const length = bytes.length - from;
    // It stands there already, from the start.
    if (from === 0 && this.#restLength === length) return;
    if (length > this.#rest.length) this.#rest = Buffer.allocUnsafeSlow(length);
    if (length > 0) bytes.copy(this.#rest, 0, from);
    this.#restLength = length;
  }
}
