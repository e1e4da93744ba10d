/** A whole line, or the notice that one was longer than allowed and has been skipped. */
export type RequestLine = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'too-long' };

const LINE_FEED = 0x0a;

/**
 * Cuts a byte stream into lines. What it holds is at most one unfinished line of `lineBytesMax`; a longer one is thrown
 * away up to its line end and reported once, and the stream goes on behind it.
 */
export class RequestLines {
  readonly #lineBytesMax: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #skipping = false;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Lines without their ends, empty ones left out. */
  push(chunk: Buffer): RequestLine[] {
    const lines: RequestLine[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      this.#take(chunk.subarray(start, end === -1 ? chunk.length : end), lines);
      if (end === -1) return lines;
      this.#finish(lines);
      start = end + 1;
    }
  }

  /** The stream has ended; a last line without a line end counts. */
  end(): RequestLine[] {
    const lines: RequestLine[] = [];
    this.#finish(lines);
    return lines;
  }

  #take(part: Buffer, lines: RequestLine[]): void {
    if (this.#skipping || part.length === 0) return;
    if (this.#pendingBytes + part.length > this.#lineBytesMax) {
      this.#clear();
      this.#skipping = true;
      lines.push({ kind: 'too-long' });
      return;
    }
    this.#pending.push(part);
    this.#pendingBytes += part.length;
  }

  #finish(lines: RequestLine[]): void {
    const text = Buffer.concat(this.#pending).toString('utf8').trim();
    this.#clear();
    this.#skipping = false;
    if (text !== '') lines.push({ kind: 'line', text });
  }

  #clear(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
