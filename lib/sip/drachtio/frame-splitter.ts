import { AdminProtocolError } from './admin-protocol-error.ts';
import { DRACHTIO_LIMITS } from './drachtio-settings.ts';

const EMPTY = Buffer.alloc(0);
const HASH = 35;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/** Cuts what drachtio-server sends into frames: `LENGTH#PAYLOAD`, the length in decimal octets. Keeps at most one frame. */
export class FrameSplitter {
  #rest: Buffer = EMPTY;

  /** Whether a frame has begun that is not complete. */
  get isInsideFrame(): boolean {
    return this.#rest.length > 0;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /** The payload of the next frame, valid until `push`; undefined when there is none yet. Throws an AdminProtocolError. */
  next(): Buffer | undefined {
    const rest = this.#rest;
    let at = 0;
    let length = 0;
    for (; at < rest.length; at++) {
      const octet = rest[at] ?? 0;
      if (octet === HASH && at > 0) return this.#take(at + 1, length);
      if (octet < DIGIT_0 || octet > DIGIT_9) throw new AdminProtocolError('bad-length');
      length = length * 10 + octet - DIGIT_0;
      if (length > DRACHTIO_LIMITS.receivedFrameBytesMax) throw new AdminProtocolError('frame-too-long');
    }
    return undefined;
  }

  #take(start: number, length: number): Buffer | undefined {
    const end = start + length;
    if (this.#rest.length < end) return undefined;
    const payload = this.#rest.subarray(start, end);
    this.#rest = this.#rest.length === end ? EMPTY : this.#rest.subarray(end);
    return payload;
  }
}
