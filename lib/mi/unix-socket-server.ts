import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';
import { claimSocketPath } from './claim-socket-path.ts';
import { MiConnection, STOP_GRACE_MS } from './mi-connection.ts';
import { miError } from './mi-command.ts';
import { errorText, type RpcDispatcher } from './rpc-dispatcher.ts';
import { TurnBudget } from './turn-budget.ts';

/**
 * Clients at a time. For one more, the one that has asked for nothing for the longest time makes room, so that forgotten
 * connections lock nobody out; while all are being answered, the new one is told so and closed.
 */
export const CONNECTIONS_MAX = 32;

/** The socket is for the owner and the group of the daemon, as mi_datagram's unix_socket_mode has it. */
const SOCKET_MODE = 0o660;

const TOO_MANY = miError(503, `Too many connections (at most ${CONNECTIONS_MAX})`);

/** The management interface on a unix socket: one JSON-RPC request a line, one reply a line, in the order of the requests. */
export class UnixSocketServer {
  readonly #path: string;
  readonly #dispatcher: RpcDispatcher;
  readonly #clock: Clock;
  readonly #turn: TurnBudget;
  readonly #log: Log;
  readonly #server: Server;
  readonly #connections = new Set<MiConnection>();

  constructor(path: string, dispatcher: RpcDispatcher, clock: Clock, log: Log) {
    this.#path = path;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
    this.#turn = new TurnBudget(clock);
    this.#log = log;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** Rejects with an OperationalError when another daemon answers there or the path cannot be used. */
  async start(): Promise<void> {
    await claimSocketPath(this.#path);
    try {
      this.#server.listen(this.#path);
      await once(this.#server, 'listening');
      await chmod(this.#path, SOCKET_MODE);
    } catch (err) {
      const reason = err instanceof Error ? err.message : String(err);
      throw new OperationalError(`the management socket ${this.#path} cannot be opened: ${reason}`, { cause: err });
    }
    this.#server.on('error', (err) => this.#log.error({ err }, 'management socket failed'));
  }

  /** Takes no more connections, lets requests in progress be answered for a moment, then closes; the socket file goes. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.finish();
    const giveUp = this.#clock.after(STOP_GRACE_MS, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await closed;
    giveUp.cancel();
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= CONNECTIONS_MAX && !this.#makeRoom()) {
      socket.on('error', () => socket.destroy());
      socket.end(`${errorText(TOO_MANY)}\n`, () => socket.destroy());
      return;
    }
    const connection = new MiConnection(socket, this.#dispatcher, this.#clock, this.#turn, this.#log);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    void connection.serve();
  }

  /** Whether there is room now. */
  #makeRoom(): boolean {
    let idlest: MiConnection | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const connection of this.#connections) {
      const idleSince = connection.idleSinceMs ?? Number.POSITIVE_INFINITY;
      if (idleSince >= since) continue;
      idlest = connection;
      since = idleSince;
    }
    if (idlest === undefined) return false;
    this.#connections.delete(idlest);
    idlest.destroy();
    return true;
  }
}
