import type { Writable } from 'node:stream';
import type { JsonObject } from './json.ts';
import type { LiveReply } from './rpc-dispatcher.ts';

/** Events that wait for a client that does not read, in bytes; what comes then is dropped and counted. */
const WAITING_BYTES_MAX = 262_144;

/** The events of a live answer on their way to one client: a JSON-RPC notification a line. */
export class LiveFeed {
  readonly #out: Writable;
  readonly #method: string;
  readonly #close: () => void;
  #dropped = 0;
  #isOpen = true;

  constructor(out: Writable, reply: LiveReply) {
    this.#out = out;
    this.#method = reply.method;
    out.write(`${reply.first}\n`);
    this.#close = reply.open((event) => this.#send(event));
  }

  /** Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#close();
  }

  /** The next event after a loss says how many are missing before it: `{"dropped": 7, …}`. */
  #send(event: JsonObject): void {
    if (!this.#isOpen || !this.#out.writable) return;
    if (this.#out.writableLength > WAITING_BYTES_MAX) {
      this.#dropped++;
      return;
    }
    const params = this.#dropped === 0 ? event : { dropped: this.#dropped, ...event };
    this.#dropped = 0;
    this.#out.write(`${JSON.stringify({ jsonrpc: '2.0', method: this.#method, params })}\n`);
  }
}
