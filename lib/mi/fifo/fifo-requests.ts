import { JsonEnd } from './json-end.ts';

/** What clients write into the FIFO. An empty reply name asks for no reply. */
export type FifoRequest =
  /** `:reply:{json}`, with or without a line end behind it. */
  | { readonly kind: 'json'; readonly replyName: string; readonly text: string }
  /** 2.4's text form: `:command:reply`, then a parameter a line, then an empty line. */
  | { readonly kind: 'text'; readonly replyName: string; readonly method: string; readonly params: readonly string[] }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'junk' };

type Cut = { readonly request: FifoRequest; readonly length: number } | 'incomplete';

/**
 * Cuts what several clients write into one FIFO into requests. Each write of up to PIPE_BUF octets arrives whole, but
 * several may come as one chunk, and a long one in many. What is held is at most one unfinished request of `bytesMax`.
 * What is no request is skipped up to its line end.
 */
export class FifoRequests {
  readonly #bytesMax: number;
  /** One character per octet. */
  #pending = '';
  readonly #json = new JsonEnd();
  #skipping = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether the end of a request is still to come. */
  get isUnfinished(): boolean {
    return this.#pending !== '' || this.#skipping;
  }

  push(chunk: Buffer): FifoRequest[] {
    const requests: FifoRequest[] = [];
    this.#pending += chunk.toString('latin1');
    for (let request = this.#next(); request !== undefined; request = this.#next()) requests.push(request);
    return requests;
  }

  /** Forgets the unfinished request, so that a writer that died does not swallow the next one's. */
  reset(): void {
    this.#drop(this.#pending.length);
    this.#skipping = false;
  }

  #next(): FifoRequest | undefined {
    if (this.#skipping) this.#skipLine();
    if (this.#skipping) return undefined;
    const blanks = /^[\s\0]+/.exec(this.#pending);
    if (blanks !== null) this.#drop(blanks[0].length);
    if (this.#pending === '') return undefined;
    const cut = this.#cut();
    if (cut === 'incomplete')
      return this.#pending.length > this.#bytesMax ? this.#skip({ kind: 'too-long' }) : undefined;
    if (cut.length > this.#bytesMax) return this.#skip({ kind: 'too-long' });
    this.#drop(cut.length);
    return cut.request;
  }

  #cut(): Cut {
    if (!this.#pending.startsWith(':')) return this.#junk();
    const colon = this.#pending.indexOf(':', 1);
    const lineEnd = this.#pending.indexOf('\n');
    if (lineEnd !== -1 && (colon === -1 || lineEnd < colon)) return this.#junk();
    if (colon === -1) return 'incomplete';
    const name = this.#pending.slice(1, colon);
    const follows = this.#pending.slice(colon + 1, colon + 2);
    if (follows === '{') return this.#cutJson(name, colon + 1);
    return lineEnd === -1 ? 'incomplete' : this.#cutText(name, colon + 1, lineEnd);
  }

  #junk(): Cut {
    const lineEnd = this.#pending.indexOf('\n');
    if (lineEnd === -1) this.#skipping = true;
    return { request: { kind: 'junk' }, length: lineEnd === -1 ? this.#pending.length : lineEnd + 1 };
  }

  /** opensips-cli writes no line end, so the object's own end counts; and a line end, for JSON that is broken. */
  #cutJson(replyName: string, start: number): Cut {
    const end = this.#json.find(this.#pending, start);
    if (end === undefined) return 'incomplete';
    return { request: { kind: 'json', replyName, text: utf8(this.#pending.slice(start, end)) }, length: end };
  }

  /** The next request ends an unfinished one too: 2.4's parameters do not begin with a colon. */
  #cutText(method: string, nameStart: number, lineEnd: number): Cut {
    const replyName = this.#pending.slice(nameStart, lineEnd).trim();
    const params: string[] = [];
    for (let start = lineEnd + 1; ;) {
      const end = this.#pending.indexOf('\n', start);
      const isNext = this.#pending.startsWith(':', start);
      if (end === -1 && !isNext) return 'incomplete';
      const line = isNext ? '' : this.#pending.slice(start, end).trim();
      if (line === '')
        return { request: { kind: 'text', replyName, method, params }, length: isNext ? start : end + 1 };
      params.push(unquoted(utf8(line)));
      start = end + 1;
    }
  }

  #skip(request: FifoRequest): FifoRequest {
    this.#skipping = true;
    this.#skipLine();
    return request;
  }

  #skipLine(): void {
    const lineEnd = this.#pending.indexOf('\n');
    this.#skipping = lineEnd === -1;
    this.#drop(lineEnd === -1 ? this.#pending.length : lineEnd + 1);
  }

  #drop(length: number): void {
    this.#pending = this.#pending.slice(length);
    this.#json.reset();
  }
}

function utf8(octets: string): string {
  return Buffer.from(octets, 'latin1').toString('utf8');
}

/** 2.4's clients put texts into double quotes. */
function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
