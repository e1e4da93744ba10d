import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Random } from '../../core/random.ts';
import { Dispatcher } from '../serving/dispatcher.ts';
import { EngineStatistics, type Stall } from '../serving/engine-statistics.ts';
import { FlushQueue } from '../serving/flush-queue.ts';
import { interfaceAddresses, type InterfaceAddress } from '../serving/interface-addresses.ts';
import { NameCache, type NameLookup } from '../serving/name-cache.ts';
import { OccasionalLog } from '../serving/occasional-log.ts';
import { StallGuard, type ReadSource } from '../serving/stall-guard.ts';
import { systemLookup } from '../serving/system-lookup.ts';
import type {
  ListeningSocket,
  NextHop,
  OptionsReplyListener,
  OptionsRequest,
  OptionsUnsentListener,
  RequestHandler,
  SendOutcome,
  SipEngine,
} from '../engine.ts';
import { Fault } from '../fault.ts';
import { parseMessage } from '../parser.ts';
import { ConnectionsSeen } from './connections-seen.ts';
import { DrachtioLink, type LinkListener } from './drachtio-link.ts';
import { REPLY_ROOM, type DrachtioEngineSettings } from './drachtio-settings.ts';
import { FrameIds } from './frame-ids.ts';
import type { LinkState, ServerFacts } from './link-machine.ts';
import { LinkStatistics } from './link-statistics.ts';
import { OwnAddresses } from './own-addresses.ts';
import { transactionIdOf, type ServerFrame } from './server-frame.ts';
import { ServerNews, type ServerChange } from './server-news.ts';
import { ServerPings } from './server-pings.ts';
import { ServerReplier } from './server-replier.ts';
import { ServerSockets } from './server-sockets.ts';
import { Transaction, type TransactionSender } from './transaction.ts';

export interface DrachtioEngineParts {
  /** By method, upper case; these and OPTIONS are what the server is asked for. */
  readonly handlers: ReadonlyMap<string, RequestHandler>;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears of the final responses to `sendOptions`. */
  readonly optionsReply?: OptionsReplyListener;
  /** Hears of OPTIONS that did not get out although `sendOptions` said `sent`, or of which nobody will hear any more. */
  readonly optionsUnsent?: OptionsUnsentListener;
  /** Hears when the server's sockets come and go. */
  readonly bound?: () => void;
  /** Hears when the server is lost and when it is back, but neither of a first connection that the start waited for nor of the end at a stop; and what it lacks. */
  readonly serverChanged?: (change: ServerChange) => void;
  /** Hears of each standstill of this process, when it is over. */
  readonly stalled?: (stall: Stall) => void;
  /** Instead of the system's. */
  readonly lookup?: NameLookup;
  readonly interfaces?: () => readonly InterfaceAddress[];
  readonly log: Log;
}

/** The connection to drachtio-server, for those who watch over it. */
export interface DrachtioServerStatus {
  /** `127.0.0.1:9022` */
  readonly server: string;
  readonly state: LinkState;
  /** For how long it has been ready, or has not. */
  readonly sinceMs: number;
  /** While it is not ready: why, for people. */
  readonly trouble: string;
  /** As the server said it last; '' before it was connected. */
  readonly version: string;
  /** While it is ready: sockets of the configuration that it does not have, `udp:10.0.0.150:5060`. */
  readonly missing: readonly string[];
  /** It has none of the configuration's: phones reach nobody. */
  readonly isDeaf: boolean;
  readonly pingsInFlight: number;
  /** Of these, those that the server has not confirmed to have sent. */
  readonly pingsUnconfirmed: number;
  readonly counts: LinkStatistics;
}

/** A daemon that starts waits so long for a server before it goes on without. */
const START_WAIT_MS = 2000;

/**
 * After the server stood still what it hands over is refused for as long again, but no longer than its receive buffer can last. The same after this
 * process did: a machine that was paused goes on with one of them earlier than with the other.
 */
const CATCH_UP_MAX_MS = 5000;

/**
 * The SIP engine behind a drachtio-server: that has the sockets and the transactions, this has the rules. Messages go
 * through the parser and the dispatcher that the embedded engine has, so that they are served alike. While there is no connection no SIP comes, and the server itself
 * answers 503; the table does not notice.
 */
export class DrachtioEngine implements SipEngine, LinkListener, TransactionSender {
  readonly statistics = new EngineStatistics();
  readonly ownsSockets = false;
  readonly #linkStatistics = new LinkStatistics();
  readonly #settings: DrachtioEngineSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #occasionalLog: OccasionalLog;
  readonly #flushQueue = new FlushQueue();
  readonly #ids: FrameIds;
  readonly #stallGuard: StallGuard;
  readonly #dispatcher: Dispatcher;
  readonly #connections = new ConnectionsSeen();
  readonly #pings: ServerPings;
  readonly #link: DrachtioLink;
  readonly #bound: () => void;
  readonly #news: ServerNews;
  #source: ReadSource;
  #stallsBefore = 0;
  #sockets: ServerSockets | undefined;
  #version = '';
  #refusesUntilMs = -Infinity;
  #isDraining = false;
  #started: (() => void) | undefined;

  constructor(settings: DrachtioEngineSettings, parts: DrachtioEngineParts) {
    const { clock, random, log, handlers } = parts;
    this.#settings = settings;
    this.#bound = parts.bound ?? (() => undefined);
    this.#clock = clock;
    this.#log = log;
    this.#occasionalLog = new OccasionalLog(log, clock);
    this.#ids = new FrameIds(random);
    const stalled = (stall: Stall) => {
      this.#refuse(stall.lengthMs);
      parts.stalled?.(stall);
    };
    this.#stallGuard = new StallGuard(settings.stallMs, clock, log, this.statistics, stalled);
    this.#source = this.#stallGuard.newSource();
    this.#dispatcher = this.#newDispatcher(handlers);
    this.#pings = this.#newPings(parts);
    const verbs = [...new Set([...handlers.keys(), 'OPTIONS'])].map((method) => method.toLowerCase());
    const linkParts = { ids: this.#ids, flushQueue: this.#flushQueue, statistics: this.#linkStatistics, clock, log };
    this.#link = new DrachtioLink(settings.server, verbs, linkParts, this);
    this.#news = new ServerNews(this.#link.name, clock, log, parts.serverChanged ?? (() => undefined));
  }

  /** What the server listens on; none while it is not connected. */
  get sockets(): readonly ListeningSocket[] {
    return this.#sockets?.all ?? [];
  }

  /** The server has its sockets or does not start; that it is not connected is another matter. */
  get waiting(): readonly never[] {
    return [];
  }

  bindWaiting(): void {
    // See `waiting`.
  }

  /** The server does not tell. */
  get connectionCount(): number {
    return 0;
  }

  status(): DrachtioServerStatus {
    return {
      server: this.#link.name,
      state: this.#link.state,
      sinceMs: this.#clock.monotonicMs() - this.#link.sinceMs,
      trouble: this.#link.lastTrouble,
      version: this.#version,
      missing: this.#sockets?.missing ?? [],
      isDeaf: this.#sockets?.isDeaf ?? false,
      pingsInFlight: this.#pings.inFlight,
      pingsUnconfirmed: this.#pings.unconfirmed,
      counts: this.#linkStatistics,
    };
  }

  /** Resolves when the server is connected, or soon without it. */
  async start(): Promise<void> {
    this.#stallGuard.start();
    const started = new Promise<void>((resolve) => (this.#started = resolve));
    this.#link.start();
    const timer = this.#clock.after(START_WAIT_MS, () => this.#startWithout());
    await started;
    timer.cancel();
  }

  drain(): void {
    this.#isDraining = true;
    this.#pings.drain();
    this.#link.drain();
  }

  async stop(): Promise<void> {
    this.drain();
    this.#started?.();
    await this.#link.stop();
    this.#stallGuard.stop();
  }

  sendOptions(options: OptionsRequest): SendOutcome {
    return this.#pings.sendOptions(options);
  }

  sendKeepAlive(hop: NextHop): SendOutcome {
    return this.#pings.sendKeepAlive(hop);
  }

  sendReply({ id, generation }: Transaction, text: string): void {
    const isThere = generation === this.#link.generation && this.#link.isReady;
    if (!isThere) this.statistics.countDrop('connection_gone');
    else if (!this.#link.order(`${this.#ids.next()}|sip|${id}|\r\n${text}`))
      this.statistics.countDrop('send_queue_full');
  }

  ready(facts: ServerFacts): void {
    this.#sockets = new ServerSockets(facts, this.#settings.listeners);
    this.#version = facts.version;
    this.#source = this.#stallGuard.newSource();
    this.#news.ready(this.#sockets);
    this.#started?.();
    this.#bound();
  }

  lost(reason: string): void {
    this.#sockets = undefined;
    this.#connections.clear();
    this.#pings.lost();
    if (!this.#isDraining) this.#news.lost(reason, this.#link.sinceMs);
    this.#bound();
  }

  failed(reason: string): void {
    if (!this.#isDraining) this.#news.failed(reason);
  }

  woke(silentMs: number): void {
    if (this.#settings.stallMs === 0) return;
    this.#refuse(silentMs);
    this.#log.info({ silentMs }, 'drachtio-server stood still: requests that queued up meanwhile are not served');
  }

  tick(): void {
    this.#pings.sweep();
  }

  #refuse(stillMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    // What was still to be refused of an earlier standstill waited through this one, too.
    const caughtUpMs = Math.max(nowMs, this.#refusesUntilMs + stillMs);
    this.#refusesUntilMs = Math.min(caughtUpMs + stillMs, nowMs + CATCH_UP_MAX_MS);
  }

  frame(frame: ServerFrame, isNew: boolean): void {
    try {
      switch (frame.kind) {
        case 'request':
          this.#request(frame, isNew);
          break;
        case 'response':
          this.#response(frame);
          break;
        case 'answer':
          this.#answer(frame);
          break;
        case 'other':
          break;
      }
    } catch (error) {
      // As `reportDefect` of the embedded engine: one sender must not end the service for all others.
      this.statistics.engineErrors += 1;
      this.#occasionalLog.error({ err: error }, 'defect while handling what arrived');
    }
  }

  #request({ source, local, transactionId, text }: ServerFrame & { kind: 'request' }, isNew: boolean): void {
    const isStale = this.#isStale(isNew);
    const socket = this.#sockets?.of(local, () => viaTransport(text));
    if (socket === undefined) return;
    const { address, port } = source;
    this.#connections.heard(socket.transport, address, port);
    const transaction = new Transaction(socket, transactionId, this.#link.generation, this);
    if (isStale || this.#isDraining) this.#dispatcher.receiveStale(text, transaction, address, port);
    else this.#dispatcher.receive(text, transaction, address, port);
  }

  /** A frame is as old as its first octet. */
  #isStale(isNew: boolean): boolean {
    const isStale = this.#stallGuard.isStale(this.#source);
    const isHalfStale = !isNew && this.#stallsBefore !== this.#stallGuard.count;
    this.#stallsBefore = this.#stallGuard.count;
    if (isStale || isHalfStale) return true;
    if (this.#clock.monotonicMs() >= this.#refusesUntilMs) return false;
    this.#linkStatistics.staleRequests++;
    return true;
  }

  #response({ transactionId, isOwn, text }: ServerFrame & { kind: 'response' }): void {
    const parsed = parseMessage(text);
    if (parsed.kind !== 'response') {
      this.statistics.countDrop('malformed');
      return;
    }
    const { status } = parsed.response;
    if (!isOwn) this.statistics.countReplyReceived(status);
    if (!this.#pings.responded(transactionId, status, isOwn)) this.statistics.countDrop('response');
  }

  #answer({ id, isOk, words }: ServerFrame & { kind: 'answer' }): void {
    if (this.#pings.acknowledged(id, isOk ? transactionIdOf(words) : undefined) || isOk) return;
    this.#linkStatistics.unsentReplies++;
    this.statistics.countDrop('send_error');
    this.#occasionalLog.warn({ reason: words.join(' ') }, 'drachtio-server did not send a reply');
  }

  #startWithout(): void {
    if (this.#link.isReady) return;
    const { server, trouble } = this.status();
    this.#log.warn({ server, reason: trouble }, 'drachtio-server does not answer: SIP is served as soon as it does');
    this.#news.lost(trouble, this.#link.sinceMs);
    this.#started?.();
  }

  #newDispatcher(handlers: ReadonlyMap<string, RequestHandler>): Dispatcher {
    const { serverHeader, supported } = this.#settings;
    const replier = new ServerReplier({
      serverHeader,
      room: REPLY_ROOM,
      statistics: this.statistics,
      linkStatistics: this.#linkStatistics,
      occasionalLog: this.#occasionalLog,
    });
    // Responses come in frames of their own.
    const strays = { receive: () => this.statistics.countDrop('response') };
    return new Dispatcher(handlers, supported, replier, strays, this.statistics);
  }

  #newPings({ clock, random, lookup, interfaces, optionsReply, optionsUnsent }: DrachtioEngineParts): ServerPings {
    return new ServerPings({
      ids: this.#ids,
      order: (payload) => this.#link.order(payload),
      sockets: () => this.#sockets,
      connections: this.#connections,
      ownAddresses: new OwnAddresses(clock, interfaces ?? interfaceAddresses),
      names: new NameCache(lookup ?? systemLookup(), clock),
      clock,
      random,
      statistics: this.statistics,
      occasionalLog: this.#occasionalLog,
      userAgent: this.#settings.serverHeader,
      optionsReply: optionsReply ?? (() => undefined),
      optionsUnsent: optionsUnsent ?? (() => undefined),
    });
  }
}

function viaTransport(text: string): string {
  const parsed = parseMessage(text);
  const request =
    parsed.kind === 'request' ? parsed.request : parsed.kind === 'malformed' ? parsed.replyable : undefined;
  const via = request?.topVia();
  return via === undefined || via instanceof Fault ? '' : via.transport.toLowerCase();
}
