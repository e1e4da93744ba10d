import { Fault } from '../fault.ts';
import { contentLength } from './content-length.ts';

export interface FramerLimits {
  /** Start line, headers and the empty line. */
  readonly headBytesMax: number;
  readonly bodyBytesMax: number;
}

export type Frame =
  /** One whole message as a byte string. */
  | { readonly kind: 'message'; readonly text: string }
  /** CRLF CRLF between messages; RFC 5626 §3.5.1 wants a CRLF back. */
  | { readonly kind: 'keep-alive' }
  /**
   * Where the next message begins cannot be known any more; `next` gives nothing further. `head` is the header section
   * that made it so and `fault` the answer to it; without a head there is nothing to answer.
   */
  | { readonly kind: 'broken'; readonly head: string; readonly fault: Fault }
  | { readonly kind: 'broken'; readonly head: undefined };

const KEEP_ALIVE: Frame = { kind: 'keep-alive' };
const NOT_SIP: Frame = { kind: 'broken', head: undefined };
const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const CR = 13;
const LF = 10;

/**
 * Cuts an octet stream into SIP messages (RFC 3261 §18.3), however it was split on its way: pure, input in, frames out.
 *
 * It holds at most one incomplete message and one chunk, in a buffer that doubles when it must grow, and remembers how
 * far it has looked for the end of the header section; so the work is linear in what arrives, even octet by octet. With
 * nothing incomplete it holds no buffer.
 */
export class StreamFramer {
  readonly #limits: FramerLimits;
  #buffer: Buffer = NOTHING;
  /** What is not taken yet: #start..#end of the buffer. */
  #start = 0;
  #end = 0;
  /** Before this there is no end of the header section. */
  #scanned = 0;
  /** Octets of the message at #start, 0 while its header section is not complete. */
  #messageBytes = 0;
  /** How many octets of CRLF CRLF came last, between messages: 0..3. */
  #keepAliveOctets = 0;
  #isBroken = false;

  constructor(limits: FramerLimits) {
    this.#limits = limits;
  }

  /** Whether a message has begun and is not complete. Meaningful once `next` gave undefined. */
  get isInsideMessage(): boolean {
    return this.#end > this.#start;
  }

  /** Adds what arrived. The chunk may be kept, and must not be written to any more. */
  push(chunk: Buffer): void {
    if (this.#isBroken) return;
    if (this.#start === this.#end) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#scanned = 0;
      return;
    }
    this.#makeRoom(chunk.length);
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  /** The next frame, or undefined when it needs more input. Call it until then after each `push`. */
  next(): Frame | undefined {
    if (this.#isBroken) return undefined;
    if (this.#messageBytes === 0) {
      if (this.#skipLineEnds()) return KEEP_ALIVE;
      const frame = this.#readHead();
      if (frame !== undefined) return frame;
    }
    const isComplete = this.#messageBytes > 0 && this.#end - this.#start >= this.#messageBytes;
    if (isComplete) return this.#take(this.#buffer.latin1Slice(this.#start, this.#start + this.#messageBytes));
    if (this.#start === this.#end) this.#buffer = NOTHING;
    return undefined;
  }

  /**
   * RFC 3261 §7.5: line ends before a message are skipped. True when they complete a keep-alive; what follows is not
   * looked at yet then.
   */
  #skipLineEnds(): boolean {
    for (; this.#start < this.#end; this.#start += 1) {
      const octet = this.#buffer[this.#start];
      if (octet !== CR && octet !== LF) break;
      const expected = this.#keepAliveOctets % 2 === 0 ? CR : LF;
      if (octet === expected) this.#keepAliveOctets += 1;
      else this.#keepAliveOctets = octet === CR ? 1 : 0;
      if (this.#keepAliveOctets === HEAD_END.length) {
        this.#keepAliveOctets = 0;
        this.#start += 1;
        return true;
      }
    }
    if (this.#start < this.#end) this.#keepAliveOctets = 0;
    return false;
  }

  /** What a complete header section at #start makes known: that the stream is broken, a message without body, or #messageBytes. */
  #readHead(): Frame | undefined {
    if (this.#start === this.#end) return undefined;
    if (!isVisibleAscii(this.#buffer[this.#start])) return this.#break(NOT_SIP);
    const headEnd = this.#findHeadEnd();
    const headBytes = (headEnd > 0 ? headEnd : this.#end) - this.#start;
    if (headBytes > this.#limits.headBytesMax) return this.#break(NOT_SIP);
    if (headEnd === 0) return undefined;
    const head = this.#buffer.latin1Slice(this.#start, headEnd);
    const bodyBytes = this.#bodyBytes(head);
    if (bodyBytes instanceof Fault) return this.#break({ kind: 'broken', head, fault: bodyBytes });
    this.#messageBytes = headBytes + bodyBytes;
    // Nearly all of what phones send to a registrar ends here, and is not read a second time.
    return bodyBytes === 0 ? this.#take(head) : undefined;
  }

  /** After the empty line, or 0 when it has not arrived. */
  #findHeadEnd(): number {
    // The last three octets looked at may be the first of the four.
    const from = Math.max(this.#start, this.#scanned - (HEAD_END.length - 1));
    const found = this.#buffer.subarray(from, this.#end).indexOf(HEAD_END);
    this.#scanned = this.#end;
    return found < 0 ? 0 : from + found + HEAD_END.length;
  }

  /** RFC 3261 §20.14: over a stream Content-Length must be there. */
  #bodyBytes(head: string): number | Fault {
    const length = contentLength(head);
    if (length === 'missing') return new Fault(400, 'Missing Content-Length');
    if (length === 'invalid') return new Fault(400, 'Invalid Content-Length');
    return length > this.#limits.bodyBytesMax ? new Fault(413, 'Request Entity Too Large') : length;
  }

  /** Moves on behind the message at #start, whose text this is. */
  #take(text: string): Frame {
    this.#start += this.#messageBytes;
    this.#scanned = this.#start;
    this.#messageBytes = 0;
    return { kind: 'message', text };
  }

  #break(frame: Frame): Frame {
    this.#isBroken = true;
    this.#buffer = NOTHING;
    this.#start = this.#end = 0;
    return frame;
  }

  /** Makes room behind #end. Doubling keeps the copying linear in what arrives. */
  #makeRoom(bytes: number): void {
    const heldBytes = this.#end - this.#start;
    if (this.#end + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (heldBytes + bytes));
    this.#buffer.copy(grown, 0, this.#start, this.#end);
    this.#buffer = grown;
    this.#scanned -= this.#start;
    this.#start = 0;
    this.#end = heldBytes;
  }
}

/** Every SIP message begins with a visible ASCII character: what does not is another protocol, e.g. a TLS handshake. */
function isVisibleAscii(octet: number | undefined): boolean {
  return octet !== undefined && octet > 0x20 && octet < 0x7f;
}
