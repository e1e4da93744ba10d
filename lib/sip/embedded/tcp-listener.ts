import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { ListeningSocket } from '../engine.ts';
import { bindError } from './bind-error.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { EngineContext } from './engine-context.ts';
import type { TcpSettings } from './engine-settings.ts';
import type { ListenerSettings } from '../serving/listener-settings.ts';
import { listeningSocket } from '../serving/listening-socket.ts';
import type { ReadSource } from '../serving/stall-guard.ts';
import { TcpConnection } from './tcp-connection.ts';

/** Finds out that a peer vanished without a word; also long enough not to wake a sleeping phone for nothing. */
const KEEP_ALIVE_PROBE_AFTER_MS = 120_000;

/** Accepts SIP connections on one address. */
export class TcpListener {
  #listening: ListeningSocket;
  #isBound = false;
  #isOpen = false;
  #isDraining = false;
  #closed: Promise<void> | undefined;
  readonly #server: Server;
  readonly #listener: ListenerSettings;
  readonly #settings: TcpSettings;
  readonly #context: EngineContext;
  readonly #table: ConnectionTable;
  readonly #source: ReadSource;

  constructor(listener: ListenerSettings, settings: TcpSettings, context: EngineContext, table: ConnectionTable) {
    this.#listener = listener;
    this.#settings = settings;
    this.#context = context;
    this.#table = table;
    this.#source = context.stallGuard.newSource();
    this.#listening = listeningSocket(listener, listener.port);
    // A peer that ended its side still waits for replies to what it sent before.
    this.#server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_AFTER_MS,
    });
    this.#server.on('connection', (stream) => this.#onConnection(stream));
  }

  get socket(): ListeningSocket {
    return this.#listening;
  }

  /** Since it was bound, whatever became of it. */
  get isBound(): boolean {
    return this.#isBound;
  }

  /** Rejects with an OperationalError when the address cannot be bound; may then be called again. */
  async start(): Promise<void> {
    const { address, port } = this.#listener;
    try {
      // ipv6Only: see NodeDatagramSocket.
      this.#server.listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true });
      await once(this.#server, 'listening');
    } catch (error) {
      throw bindError(this.#listener, error);
    }
    this.#isBound = true;
    this.#isOpen = true;
    this.#listening = listeningSocket(this.#listener, boundPort(this.#server));
    this.#server.on('error', (error) => this.#onAcceptError(error));
    // It waited for its address, and the engine stopped meanwhile.
    if (this.#isDraining) this.drain();
  }

  /** Takes no new connections; those that there are live in the table. Idempotent. */
  drain(): void {
    this.#isDraining = true;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closed = new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Resolves when the socket and all connections that came by it are closed; the table closes these. */
  async stop(): Promise<void> {
    this.drain();
    await this.#closed;
  }

  #onConnection(stream: Socket): void {
    const source = this.#context.stallGuard.accepted(this.#source);
    // Gone already, or one too many: there is nobody to tell.
    if (stream.remoteAddress === undefined || !this.#table.admit(stream.remoteAddress)) {
      stream.destroy();
      return;
    }
    const [settings, context, table] = [this.#settings, this.#context, this.#table];
    table.add(new TcpConnection(stream, this.#listening, settings, context, table, source));
  }

  /** E.g. no file descriptor left: that connection is lost, the next one may succeed. */
  #onAcceptError(error: Error): void {
    this.#context.statistics.countConnection('accept_errors');
    this.#context.occasionalLog.warn({ err: error, socket: this.#listening.name }, 'accepting a connection failed');
  }
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
