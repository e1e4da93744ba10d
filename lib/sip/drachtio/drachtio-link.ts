import type { Socket } from 'node:net';
import WireProtocol from 'drachtio-srf/lib/wire-protocol.js';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Flushable, FlushQueue } from '../serving/flush-queue.ts';
import { AdminProtocolError } from './admin-protocol-error.ts';
import { DRACHTIO_LIMITS, FRAME_PAYLOAD_MAX, type DrachtioEngineSettings } from './drachtio-settings.ts';
import type { FrameIds } from './frame-ids.ts';
import { FrameSplitter } from './frame-splitter.ts';
import {
  LinkMachine,
  TICK_MS,
  type LinkInput,
  type LinkOrder,
  type LinkState,
  type ServerFacts,
} from './link-machine.ts';
import { lossReason, type LinkStatistics } from './link-statistics.ts';
import { readServerFrame, type ServerFrame } from './server-frame.ts';

export interface LinkListener {
  /** From here on requests come in and frames go out. */
  ready(facts: ServerFacts): void;
  /** Nothing that was sent or is owed on the connection will ever be answered. */
  lost(reason: string): void;
  /** An attempt to connect ended after somebody had answered, and nothing was ready. */
  failed(reason: string): void;
  /** The server is heard again after it stood still. */
  woke(silentMs: number): void;
  /** A frame that is not about the connection itself. Must not throw. @param isNew it began with this chunk */
  frame(frame: ServerFrame, isNew: boolean): void;
  /** Each TICK_MS while the link runs. */
  tick(): void;
}

export interface LinkParts {
  readonly ids: FrameIds;
  readonly flushQueue: FlushQueue;
  readonly statistics: LinkStatistics;
  readonly clock: Clock;
  readonly log: Log;
}

/** drachtio-srf tries again after 255 ms, then each time 1.7 times later, and never later than this. */
const RETRY_MAX_MS = 2000;
const RETRY_FIRST_MS = 150;

/** What was sent so long ago, and of which nothing was acknowledged since, will not be: the half of the server that speaks SIP is hung. */
const OWED_MS = 10_000;

/** A server that is told goodbye has so long to close its end. */
const GOODBYE_MS = 500;

/**
 * The connection to drachtio-server. drachtio-srf opens it, and opens it again, later each time up to a bound, for as long as it has to; what
 * flows on it is read and written here, since it has octets that are no UTF-8, and since a server that breaks the protocol must not
 * end this process. `LinkMachine` decides, this performs.
 */
export class DrachtioLink implements Flushable {
  readonly #server: DrachtioEngineSettings['server'];
  readonly #parts: LinkParts;
  readonly #listener: LinkListener;
  readonly #machine: LinkMachine;
  readonly #wire = new WireProtocol({});
  #splitter = new FrameSplitter();
  #socket: Socket | undefined;
  #timer: Timer | undefined;
  #outbox = '';
  /** Counts connections, so that nobody answers on another one than he was asked on. */
  #generation = 0;
  #closeReason: string | undefined;
  #retryDelayMs = RETRY_FIRST_MS;
  #sinceMs: number;
  #lastTrouble = 'no answer yet';
  /** Orders to send SIP that are not acknowledged, and when the last one was, or the first was given. */
  #owed = 0;
  #owedSinceMs = 0;
  #closed: (() => void) | undefined;
  /** Those that were open once. */
  readonly #opened = new WeakSet<Socket>();

  /** @param verbs methods to be asked for, in lower case */
  constructor(
    server: DrachtioEngineSettings['server'],
    verbs: readonly string[],
    parts: LinkParts,
    listener: LinkListener,
  ) {
    this.#server = server;
    this.#parts = parts;
    this.#listener = listener;
    this.#machine = new LinkMachine(verbs, () => parts.ids.next());
    this.#sinceMs = parts.clock.monotonicMs();
    // Without somebody who hears of errors a refused connection would end the process.
    this.#wire.on('error', (error) => (this.#lastTrouble = error.message));
    this.#wire.on('connect', (socket) => this.#onOpen(socket));
    this.#wire.on('close', (socket) => this.#onClose(socket));
  }

  get state(): LinkState {
    return this.#machine.state;
  }

  get isReady(): boolean {
    return this.#machine.state === 'ready';
  }

  get generation(): number {
    return this.#generation;
  }

  /** Monotonic: since when the link is ready, or is not. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Why the last attempt failed, or the last connection ended; for people. */
  get lastTrouble(): string {
    return this.#lastTrouble;
  }

  start(): void {
    const { host, port } = this.#server;
    this.#wire.connect({ host, port, reconnect: { retryMaxDelay: RETRY_MAX_MS } });
    this.#tick();
  }

  /**
   * Sends an order to send SIP, which the server acknowledges. False, and nothing is sent, when there is no connection, the frame is too long
   * or the server does not read. @param payload with its id in front
   */
  order(payload: string): boolean {
    if (!this.isReady || payload.length > FRAME_PAYLOAD_MAX || !this.#write(payload)) return false;
    if (this.#owed++ === 0) this.#owedSinceMs = this.#parts.clock.monotonicMs();
    return true;
  }

  /** No requests any more, please. */
  drain(): void {
    if (this.isReady) this.#write(this.#routesRemoved());
  }

  /** Sends what is left and closes. Resolves when the connection is closed. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#wire.closing = true;
    if (this.#wire.reconnectVars.retryTimer !== null) clearTimeout(this.#wire.reconnectVars.retryTimer);
    const socket = this.#socket;
    if (socket === undefined) return;
    this.flush();
    const closed = new Promise<void>((resolve) => (this.#closed = resolve));
    socket.end();
    const hurry = this.#parts.clock.after(GOODBYE_MS, () => socket.destroy());
    await closed;
    hurry.cancel();
  }

  flush(): void {
    const text = this.#outbox;
    this.#outbox = '';
    if (text === '' || this.#socket === undefined) return;
    this.#socket.write(text, 'latin1');
    if (this.#socket.writableLength > DRACHTIO_LIMITS.writeQueueBytesMax) this.#close('unread');
  }

  #onOpen(socket: Socket): void {
    if (this.#wire.closing === true) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#opened.add(socket);
    this.#splitter = new FrameSplitter();
    this.#outbox = '';
    this.#owed = 0;
    this.#closeReason = undefined;
    this.#generation++;
    // A server that takes the connection and does not greet is tried later and later, too.
    this.#wire.reconnectVars.retryDelay = this.#retryDelayMs;
    this.#retryDelayMs = Math.min(RETRY_MAX_MS, this.#retryDelayMs * 2);
    socket.setNoDelay(true);
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => this.#onData(socket, chunk));
    this.#step({ kind: 'opened' });
  }

  #onData(socket: Socket, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    const { flushQueue } = this.#parts;
    flushQueue.hold();
    this.#step({ kind: 'heard' });
    try {
      this.#read(chunk);
    } catch (error) {
      // Anything else is a defect of this program.
      if (!(error instanceof AdminProtocolError)) throw error;
      this.#close(`protocol: ${error.message}`);
    } finally {
      flushQueue.release();
    }
  }

  #read(chunk: Buffer): void {
    let isNew = !this.#splitter.isInsideFrame;
    this.#splitter.push(chunk);
    for (let payload = this.#splitter.next(); payload !== undefined; payload = this.#splitter.next()) {
      this.#take(readServerFrame(payload), isNew);
      if (this.#socket === undefined) return;
      isNew = true;
    }
  }

  #take(frame: ServerFrame, isNew: boolean): void {
    if (frame.kind === 'answer' && !this.isReady) this.#step(frame);
    else if (frame.kind === 'answer') this.#acknowledged(frame, isNew);
    else this.#listener.frame(frame, isNew);
  }

  #acknowledged(frame: ServerFrame & { kind: 'answer' }, isNew: boolean): void {
    // An order to send SIP is answered with what was sent, or why not; what else was asked for needs no answer.
    if (frame.words.length === 0) return;
    this.#owed = Math.max(0, this.#owed - 1);
    this.#owedSinceMs = this.#parts.clock.monotonicMs();
    this.#listener.frame(frame, isNew);
  }

  #tick(): void {
    this.#timer = this.#parts.clock.after(TICK_MS, () => this.#tick());
    const isOwed = this.#owed > 0 && this.#parts.clock.monotonicMs() - this.#owedSinceMs > OWED_MS;
    this.#step({ kind: 'tick', isOwed });
    this.#listener.tick();
  }

  #step(input: LinkInput): void {
    for (const effect of this.#machine.step(input)) {
      switch (effect.kind) {
        case 'send':
          this.#write(this.#payload(effect.order));
          break;
        case 'close':
          this.#close(effect.reason);
          break;
        case 'ready':
          this.#ready(effect.facts);
          break;
        case 'lost':
          this.#lost(effect.reason);
          break;
        case 'woke':
          this.#listener.woke(effect.silentMs);
          break;
      }
    }
  }

  #ready(facts: ServerFacts): void {
    const { statistics, clock, log } = this.#parts;
    this.#retryDelayMs = RETRY_FIRST_MS;
    this.#wire.reconnectVars.retryDelay = RETRY_FIRST_MS;
    this.#sinceMs = clock.monotonicMs();
    statistics.connects++;
    log.info({ server: this.name, version: facts.version, sockets: facts.bound }, 'drachtio-server is connected');
    this.#listener.ready(facts);
  }

  #lost(reason: string): void {
    const { clock, log } = this.#parts;
    this.#sinceMs = clock.monotonicMs();
    this.#listener.lost(reason);
    if (this.#wire.closing === true) return;
    log.warn({ server: this.name, reason }, 'drachtio-server is lost: no SIP until it is back');
  }

  /** For people. */
  get name(): string {
    const { host, port } = this.#server;
    return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  }

  /** What the closing connection still brings does not count. */
  #close(reason: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#closeReason = reason;
    // A hung server that goes on reads this before it sees the end. Otherwise it may keep the closed connection among those that get requests
    // in turn (0.9.10), and what it hands there is lost.
    if (this.isReady) socket.write(framed(this.#routesRemoved()), 'latin1');
    socket.destroy();
    this.#gone();
  }

  #onClose(socket: Socket): void {
    if (socket === this.#socket) this.#gone();
    else if (!this.#opened.has(socket)) this.#step({ kind: 'closed', reason: 'refused' });
  }

  #gone(): void {
    const reason = this.#closeReason ?? 'closed';
    this.#socket = undefined;
    this.#outbox = '';
    this.#lastTrouble = reason;
    this.#parts.statistics.losses[lossReason(reason)]++;
    if (!this.isReady) this.#listener.failed(reason);
    this.#step({ kind: 'closed', reason });
    this.#closed?.();
  }

  /** Whichever method is named, the server removes all of them. */
  #routesRemoved(): string {
    return `${this.#parts.ids.next()}|remove_route|register`;
  }

  #payload(order: LinkOrder): string {
    switch (order.kind) {
      case 'authenticate':
        return `${order.id}|authenticate|${this.#server.secret}|`;
      case 'route':
        return `${order.id}|route|${order.verb}`;
      case 'ping':
        return `${order.id}|ping`;
    }
  }

  #write(payload: string): boolean {
    if (this.#socket === undefined) return false;
    this.#outbox += framed(payload);
    this.#parts.flushQueue.add(this);
    return true;
  }
}

function framed(payload: string): string {
  return `${String(payload.length)}#${payload}`;
}
