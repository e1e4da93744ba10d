import type { Test } from 'tap';
import { EmbeddedEngine } from '../../../lib/sip/embedded/embedded-engine.ts';
import {
  ENGINE_LIMITS,
  type EmbeddedEngineSettings,
  type TcpSettings,
  type UdpSettings,
} from '../../../lib/sip/embedded/engine-settings.ts';
import type { ListenerSettings } from '../../../lib/sip/serving/listener-settings.ts';
import type { NameLookup } from '../../../lib/sip/serving/name-cache.ts';
import type { DropReason } from '../../../lib/sip/serving/engine-statistics.ts';
import type { Clock } from '../../../lib/core/clock.ts';
import type { InboundRequest, ListeningSocket, RequestHandler } from '../../../lib/sip/engine.ts';
import { loopbackAddress } from '../../support/free-port.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordedLog } from './recorded-log.ts';
import { TcpPhone } from './tcp-phone.ts';
import { UdpPhone } from './udp-phone.ts';

export const UDP: UdpSettings = { ...ENGINE_LIMITS.udp, receiveBufferBytes: 0 };
const TCP: TcpSettings = {
  ...ENGINE_LIMITS.tcp,
  connectionsMax: 100,
  connectionsPerSourceMax: 50,
  messageTimeoutMs: 4000,
  idleTimeoutMs: 3_900_000,
};

export interface TestEngineOptions extends Partial<Omit<EmbeddedEngineSettings, 'udp' | 'tcp'>> {
  readonly udp?: Partial<UdpSettings>;
  readonly tcp?: Partial<TcpSettings>;
  readonly handlers?: ReadonlyMap<string, RequestHandler>;
  readonly lookup?: NameLookup;
  /** `Clock.soon` waits for the event loop, while time stands still until the test moves it. */
  readonly hasRealTurns?: boolean;
}

/** Answers each REGISTER with 200 at once. */
export const REGISTER_OK: ReadonlyMap<string, RequestHandler> = new Map([['REGISTER', replyOk]]);

export function replyOk(inbound: InboundRequest): void {
  inbound.reply({ status: 200, reason: 'OK', headers: [['Contact', '<sip:alice@192.0.2.7>;expires=60']] });
}

/** Requests that wait for their reply, as behind a commit gate. */
export class Gate {
  readonly #held: InboundRequest[] = [];
  #waiting: { count: number; resolve: () => void } | undefined;
  readonly handlers: ReadonlyMap<string, RequestHandler> = new Map([['REGISTER', (inbound) => this.#hold(inbound)]]);

  /** Resolves when so many are held. */
  holds(count: number): Promise<void> {
    if (this.#held.length >= count) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting = { count, resolve }));
  }

  open(): void {
    for (const inbound of this.#held.splice(0)) replyOk(inbound);
  }

  #hold(inbound: InboundRequest): void {
    this.#held.push(inbound);
    if (this.#waiting !== undefined && this.#held.length >= this.#waiting.count) this.#waiting.resolve();
  }
}

/** An engine that listens on an address of its own, UDP and TCP on free ports unless told otherwise; the test stops it. */
export class TestEngine {
  readonly address: string;
  readonly clock = new ManualClock();
  readonly log = new RecordedLog();
  readonly engine: EmbeddedEngine;
  /** What `optionsReply` was told, in order. */
  readonly optionsReplies: (readonly [token: string, status: number])[] = [];
  /** What `optionsUnsent` was told, in order. */
  readonly optionsUnsent: string[] = [];
  readonly #t: Test;
  #random = 4711;

  constructor(t: Test, options: TestEngineOptions = {}, address = loopbackAddress()) {
    this.#t = t;
    this.address = address;
    const settings: EmbeddedEngineSettings = {
      listeners: [listener('udp', address), listener('tcp', address)],
      forceRport: true,
      serverHeader: 'test',
      supported: ['path'],
      stallMs: 0,
      waitsForAddress: false,
      ...options,
      udp: { ...UDP, ...options.udp },
      tcp: { ...TCP, ...options.tcp },
    };
    const handlers = options.handlers ?? REGISTER_OK;
    this.engine = new EmbeddedEngine(settings, {
      handlers,
      clock: options.hasRealTurns === true ? withRealTurns(this.clock) : this.clock,
      random: { u32: () => this.#random++ },
      optionsReply: (token, status) => this.optionsReplies.push([token, status]),
      optionsUnsent: (token) => this.optionsUnsent.push(token),
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      log: this.log,
    });
    t.teardown(() => this.engine.stop());
  }

  static async start(t: Test, options: TestEngineOptions = {}, address?: string): Promise<TestEngine> {
    const test = new TestEngine(t, options, address);
    await test.engine.start();
    return test;
  }

  get udp(): ListeningSocket {
    return this.#socket('udp');
  }

  get tcp(): ListeningSocket {
    return this.#socket('tcp');
  }

  async udpPhone(address = this.address): Promise<UdpPhone> {
    const phone = await UdpPhone.open(this.udp, address);
    this.#t.teardown(() => phone.close());
    return phone;
  }

  async tcpPhone(localAddress?: string): Promise<TcpPhone> {
    const phone = await TcpPhone.open(this.tcp, localAddress);
    this.#t.teardown(() => phone.close());
    return phone;
  }

  /** Resolves when so many connections were closed since the start. */
  async closed(count: number): Promise<void> {
    const { connections } = this.engine.statistics;
    await this.until(() => (connections['accepted'] ?? 0) - this.engine.connectionCount >= count);
  }

  async dropped(reason: DropReason, count: number): Promise<void> {
    await this.until(() => (this.engine.statistics.drops[reason] ?? 0) >= count);
  }

  /** Lets the event loop turn until it holds; what a test waits for is on its way already. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets the event loop turn so often. */
  async turns(count: number): Promise<void> {
    for (; count > 0; count--) await new Promise((resolve) => setImmediate(resolve));
  }

  #socket(transport: 'udp' | 'tcp'): ListeningSocket {
    const found = this.engine.sockets.find((socket) => socket.transport === transport);
    if (found === undefined) throw new Error(`no ${transport} socket`);
    return found;
  }
}

function withRealTurns(clock: ManualClock): Clock {
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, run) => clock.after(delayMs, run),
    soon: (run) => void setImmediate(run),
  };
}

export function listener(transport: 'udp' | 'tcp', address: string, port = 0): ListenerSettings {
  return { transport, address, port, advertised: undefined };
}
