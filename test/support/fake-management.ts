import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { loopbackAddress } from './free-port.ts';

/** What it does with a request for management: the body of the answer, once there is one. */
type Answer = (order: number) => string | Promise<string>;

const OK = '{"jsonrpc":"2.0","result":"OK","id":1}';

/** A daemon's management over HTTP as far as `nh_enable_ping` goes: it answers when a test says so, and hangs or refuses else. */
export class FakeManagement {
  /** What `nh_enable_ping` was asked for and answered, in order. */
  readonly told: number[] = [];
  /** What it was asked for so far, answered or not. */
  readonly asked: number[] = [];
  readonly #address = loopbackAddress();
  #port = 0;
  #server: Server | undefined;
  #answer: Answer = () => OK;

  /** It listens; `stop` ends that. */
  static async start(t: Test): Promise<FakeManagement> {
    const management = new FakeManagement();
    await management.start();
    t.teardown(() => management.stop());
    return management;
  }

  get mi(): string {
    return `http://${this.#address}:${String(this.#port)}/mi`;
  }

  /** Listens, again at the same place. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.listen(this.#port, this.#address);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Connections are refused from now on, and those that are there end. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  answerWith(answer: Answer): void {
    this.#answer = answer;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const order = Number(/"params":\[(\d)\]/.exec(await text(request))?.[1]);
    this.asked.push(order);
    const body = await this.#answer(order);
    response.end(body);
    this.told.push(order);
  }
}
