import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { FifoServer } from './fifo/fifo-server.ts';
import type { FifoSettings } from './fifo/fifo-settings.ts';
import type { HttpPages } from './http/http-pages.ts';
import { HttpServer } from './http/http-server.ts';
import type { HttpSettings } from './http/http-settings.ts';
import type { RpcDispatcher } from './rpc-dispatcher.ts';
import { UnixSocketServer } from './unix-socket-server.ts';

export interface MiSettings {
  readonly socketPath: string;
  /** Undefined: off. */
  readonly http: HttpSettings | undefined;
  readonly fifo: FifoSettings | undefined;
}

interface MiParts {
  readonly dispatcher: RpcDispatcher;
  readonly pages: HttpPages;
  readonly clock: Clock;
  readonly log: Log;
}

interface MiServer {
  /** Where commands are taken, for people; undefined while they are not, and of the unix socket, which whoever asks knows. */
  readonly place?: string | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** All ways to the management interface. */
export class MiServers {
  readonly #servers: readonly MiServer[];

  constructor({ socketPath, http, fifo }: MiSettings, parts: MiParts) {
    const { dispatcher, clock, log } = parts;
    this.#servers = [
      // It comes first: a second daemon on the same data is told so, and not that its port is taken.
      new UnixSocketServer(socketPath, dispatcher, clock, log),
      ...(http === undefined ? [] : [new HttpServer(http, parts)]),
      ...(fifo === undefined ? [] : [new FifoServer(fifo, parts)]),
    ];
  }

  /** Where commands are taken besides the unix socket. */
  get places(): readonly string[] {
    return this.#servers.flatMap(({ place }) => place ?? []);
  }

  /** Rejects with an OperationalError; `stop` then closes what was opened. */
  async start(): Promise<void> {
    for (const server of this.#servers) await server.start();
  }

  /** Waits until what is in progress is answered, for a moment; may be called whatever was started. */
  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}
