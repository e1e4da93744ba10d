// How the server takes a stream of frames apart: a ring of fixed size that loses its oldest octets when it runs over, and a
// length of at most five digits. Both decide what becomes of large frames, so that they are done here octet by octet alike.

/** What the ring holds. */
const RING_OCTETS = 12_228;
/** What one read takes from the socket at most. */
const READ_OCTETS = 8192;
const LENGTH_DIGITS_MAX = 5;

const HASH = 0x23;

/** The stream is no sequence of frames: the server closes the connection. */
export class BadFrameLength extends Error {}

export class FrameReader {
  #ring = Buffer.alloc(0);
  /** Octets that the frame under way has; 0 = its length is not known yet. */
  #length = 0;

  /**
   * Takes what came, and hands out the frames that are complete, until `take` says that it wants no more.
   * @throws BadFrameLength
   */
  push(bytes: Buffer, take: (payload: Buffer) => boolean): void {
    for (let at = 0; at < bytes.length; at += READ_OCTETS) {
      if (!this.#read(bytes.subarray(at, at + READ_OCTETS), take)) return;
    }
  }

  #read(bytes: Buffer, take: (payload: Buffer) => boolean): boolean {
    const all = Buffer.concat([this.#ring, bytes]);
    this.#ring = all.subarray(Math.max(0, all.length - RING_OCTETS));
    if (this.#length === 0) this.#length = this.#takeLength();
    while (this.#length > 0 && this.#ring.length >= this.#length) {
      const payload = this.#ring.subarray(0, this.#length);
      this.#ring = this.#ring.subarray(this.#length);
      this.#length = 0;
      if (!take(payload)) return false;
      if (this.#ring.length > 0) this.#length = this.#takeLength();
    }
    return true;
  }

  /** 0 when the length is not there as a whole; its digits then stay. */
  #takeLength(): number {
    const hash = this.#ring.indexOf(HASH);
    const digits = hash === -1 ? this.#ring : this.#ring.subarray(0, hash);
    if (digits.length > LENGTH_DIGITS_MAX || !/^\d*$/.test(digits.toString('latin1'))) throw new BadFrameLength();
    if (hash === -1) return 0;
    this.#ring = this.#ring.subarray(hash + 1);
    return Number(digits.toString('latin1'));
  }
}
