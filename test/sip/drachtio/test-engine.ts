import type { Test } from 'tap';
import { DrachtioEngine } from '../../../lib/sip/drachtio/drachtio-engine.ts';
import type { DrachtioEngineSettings } from '../../../lib/sip/drachtio/drachtio-settings.ts';
import type { ServerChange } from '../../../lib/sip/drachtio/server-news.ts';
import type { RequestHandler } from '../../../lib/sip/engine.ts';
import type { Stall } from '../../../lib/sip/serving/engine-statistics.ts';
import type { NameLookup } from '../../../lib/sip/serving/name-cache.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordedLog } from '../embedded/recorded-log.ts';
import { REGISTER_OK } from '../embedded/test-engine.ts';

export interface TestEngineOptions extends Partial<Omit<DrachtioEngineSettings, 'server'>> {
  readonly handlers?: ReadonlyMap<string, RequestHandler>;
  readonly lookup?: NameLookup;
  /** Addresses of this host besides loopback. */
  readonly hostAddresses?: readonly string[];
}

/** Where the admin port is; on 127.0.0.1 unless it says otherwise. */
type AdminPlace = { readonly host?: string; readonly port: number };

/** An engine connected to a peer; its time is the test's. */
export class TestEngine {
  readonly clock = new ManualClock();
  readonly log = new RecordedLog();
  readonly engine: DrachtioEngine;
  readonly optionsReplies: (readonly [token: string, status: number])[] = [];
  readonly optionsUnsent: string[] = [];
  readonly stalls: Stall[] = [];
  readonly serverChanges: ServerChange[] = [];
  #random = 4711;

  constructor(t: Test, { host = '127.0.0.1', port }: AdminPlace, options: TestEngineOptions = {}) {
    const { handlers = REGISTER_OK, lookup, hostAddresses = [], ...settings } = options;
    this.engine = new DrachtioEngine(
      {
        server: { host, port, secret: 'cymru' },
        listeners: [],
        serverHeader: 'test',
        supported: ['path'],
        stallMs: 0,
        ...settings,
      },
      {
        handlers,
        clock: this.clock,
        random: { u32: () => this.#random++ },
        optionsReply: (token, status) => this.optionsReplies.push([token, status]),
        optionsUnsent: (token) => this.optionsUnsent.push(token),
        stalled: (stall) => this.stalls.push(stall),
        serverChanged: (change) => this.serverChanges.push(change),
        ...(lookup === undefined ? {} : { lookup }),
        interfaces: () => hostAddresses.map((address) => ({ address, internal: false })),
        log: this.log,
      },
    );
    t.teardown(() => this.engine.stop());
  }

  static async start(t: Test, peer: AdminPlace, options: TestEngineOptions = {}): Promise<TestEngine> {
    const test = new TestEngine(t, peer, options);
    await test.engine.start();
    return test;
  }

  /** Lets the event loop turn until it holds; what a test waits for is on its way already. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass tick by tick, and the sockets have their turns. */
  async pass(ticks: number): Promise<void> {
    for (; ticks > 0; ticks--) {
      this.clock.advance(200);
      for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get messages(): readonly string[] {
    return this.log.lines.map(({ message }) => message);
  }
}
