import { createConnection, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';
import { connectError } from './connect-error.ts';
import { requestLine, resultOf, type Params } from './mi-client.ts';
import { Silence } from './silence.ts';
import { textLines } from './text-lines.ts';

/** One connection to the management socket for several calls, one after the other, whose results are small. */
export class MiSession {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #silence: Silence;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#socket = createConnection(path);
    this.#silence = new Silence(this.#socket, path, clock);
    this.#lines = textLines(this.#socket);
  }

  /** One call at a time. After it rejected with anything but a MiRefusal the session is of no more use. */
  async call(method: string, params: Params = {}): Promise<unknown> {
    this.#socket.write(requestLine(method, params));
    this.#silence.begin(method);
    try {
      const next = await this.#lines.next();
      if (next.done === true) throw new OperationalError(`the daemon closed its management socket ${this.#path}`);
      return resultOf(next.value, this.#path);
    } catch (err) {
      throw connectError(this.#path, err);
    } finally {
      this.#silence.end();
    }
  }

  close(): void {
    this.#silence.end();
    this.#socket.destroy();
  }
}
