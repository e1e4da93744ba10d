import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Random } from '../../core/random.ts';
import type {
  ListeningSocket,
  NextHop,
  OptionsReplyListener,
  OptionsRequest,
  OptionsUnsentListener,
  RequestHandler,
  SendOutcome,
  SipEngine,
  WaitingSocket,
} from '../engine.ts';
import { mayComeLater } from './bind-error.ts';
import { ConnectionTable } from './connection-table.ts';
import { Dispatcher } from '../serving/dispatcher.ts';
import type { EngineContext } from './engine-context.ts';
import { describeSocket } from '../serving/listening-socket.ts';
import type { EmbeddedEngineSettings } from './engine-settings.ts';
import { EngineStatistics, type Stall } from '../serving/engine-statistics.ts';
import { FlushQueue } from '../serving/flush-queue.ts';
import { interfaceAddresses } from '../serving/interface-addresses.ts';
import { LateBinding } from './late-binding.ts';
import { NameCache, type NameLookup } from '../serving/name-cache.ts';
import { OccasionalLog } from '../serving/occasional-log.ts';
import { Replier } from './replier.ts';
import { ReplyReceiver } from './reply-receiver.ts';
import { StallGuard } from '../serving/stall-guard.ts';
import { systemLookup } from '../serving/system-lookup.ts';
import { TcpListener } from './tcp-listener.ts';
import { ToTags } from './to-tag.ts';
import { UdpListener } from './udp-listener.ts';
import { UserAgentClient } from './user-agent-client.ts';

export interface EmbeddedEngineParts {
  /** By method, upper case. OPTIONS is answered by the engine itself unless it is in here; Allow lists these and OPTIONS. */
  readonly handlers: ReadonlyMap<string, RequestHandler>;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears of the final responses to `sendOptions`. */
  readonly optionsReply?: OptionsReplyListener;
  /** Hears of OPTIONS that did not leave this host although `sendOptions` said `sent`. */
  readonly optionsUnsent?: OptionsUnsentListener;
  /** Instead of the system's. */
  readonly lookup?: NameLookup;
  /** Hears of each socket that was bound after the start. */
  readonly bound?: () => void;
  /** Hears of each standstill of the process, when it is over. */
  readonly stalled?: (stall: Stall) => void;
  readonly log: Log;
}

/**
 * A SIP engine in this process, on node's own sockets. It keeps no transactions: what it serves is answered once, at
 * once or late, and a request that is sent again is handled again (the handlers see to it that this is harmless); what
 * it asks of others is sent once.
 * Nothing that comes off the wire throws out of it.
 */
export class EmbeddedEngine implements SipEngine {
  readonly statistics = new EngineStatistics();
  readonly ownsSockets = true;
  readonly #connections: ConnectionTable;
  readonly #context: EngineContext;
  readonly #listeners: readonly (UdpListener | TcpListener)[];
  readonly #lateBinding: LateBinding;
  readonly #waitsForAddress: boolean;
  readonly #client: UserAgentClient;

  constructor(settings: EmbeddedEngineSettings, parts: EmbeddedEngineParts) {
    const { clock, log, handlers } = parts;
    const replier = new Replier(settings, new ToTags(parts.random), this.statistics);
    const replyReceiver = new ReplyReceiver(parts.optionsReply ?? (() => undefined), this.statistics);
    this.#context = {
      dispatcher: new Dispatcher(handlers, settings.supported, replier, replyReceiver, this.statistics),
      statistics: this.statistics,
      flushQueue: new FlushQueue(),
      stallGuard: new StallGuard(settings.stallMs, clock, log, this.statistics, parts.stalled),
      clock,
      log,
      occasionalLog: new OccasionalLog(log, clock),
    };
    this.#connections = new ConnectionTable(settings.tcp, clock, this.statistics);
    this.#listeners = settings.listeners.map((listener) =>
      listener.transport === 'udp'
        ? new UdpListener(listener, settings.udp, this.#context)
        : new TcpListener(listener, settings.tcp, this.#context, this.#connections),
    );
    this.#waitsForAddress = settings.waitsForAddress;
    this.#lateBinding = new LateBinding({ clock, log, bound: parts.bound ?? (() => undefined) });
    this.#client = this.#newClient(settings, parts);
  }

  /** In the order of the settings, with the bound ports. */
  get sockets(): readonly ListeningSocket[] {
    return this.#listeners.filter(({ isBound }) => isBound).map(({ socket }) => socket);
  }

  get waiting(): readonly WaitingSocket[] {
    return this.#lateBinding.waiting;
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  async start(): Promise<void> {
    this.#context.stallGuard.start();
    try {
      for (const listener of this.#listeners) await this.#bind(listener);
    } catch (error) {
      // A daemon that listens on half of its addresses would look alive.
      await this.stop();
      throw error;
    }
  }

  bindWaiting(): void {
    this.#lateBinding.tryNow();
  }

  sendOptions(options: OptionsRequest): SendOutcome {
    return this.#client.sendOptions(options);
  }

  sendKeepAlive(hop: NextHop, socketName: string): SendOutcome {
    return this.#client.sendKeepAlive(hop, socketName);
  }

  drain(): void {
    this.#client.drain();
    this.#lateBinding.stop();
    for (const listener of this.#listeners) listener.drain();
    this.#connections.drain();
  }

  async stop(): Promise<void> {
    this.drain();
    this.#connections.close();
    await this.#lateBinding.settled();
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
    this.#context.stallGuard.stop();
  }

  async #bind(listener: UdpListener | TcpListener): Promise<void> {
    try {
      await listener.start();
      this.#context.log.info({ socket: describeSocket(listener.socket) }, 'listening');
    } catch (error) {
      if (!this.#waitsForAddress || !mayComeLater(listener.socket, error)) throw error;
      this.#lateBinding.add(listener, error);
    }
  }

  #newClient(settings: EmbeddedEngineSettings, parts: EmbeddedEngineParts): UserAgentClient {
    const { clock, random } = parts;
    return new UserAgentClient({
      udp: this.#listeners.filter((listener) => listener instanceof UdpListener),
      tcp: this.#listeners.filter((listener) => listener instanceof TcpListener),
      connections: this.#connections,
      names: new NameCache(parts.lookup ?? systemLookup(), clock),
      interfaceAddresses,
      clock,
      random,
      statistics: this.statistics,
      optionsUnsent: parts.optionsUnsent ?? (() => undefined),
      userAgent: settings.serverHeader,
    });
  }
}
