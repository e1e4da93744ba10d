import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeDataFolder } from './app/data-folder.ts';
import { DELAY_RESOLUTION_MS, EventLoopDelay } from './app/event-loop-delay.ts';
import type { LogRoot } from './app/log.ts';
import { openLocation } from './app/location.ts';
import { managementOf } from './app/management.ts';
import { AppNode } from './app/node.ts';
import { startPinging } from './app/pinging.ts';
import { Reload } from './app/reload.ts';
import { appSettings, type AppSettings, type LoadedSettings } from './app/settings.ts';
import type { StatusParts } from './app/status.ts';
import { Upkeep } from './app/upkeep.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { Random } from './core/random.ts';
import type { ProcessFacts } from './mi/commands/process-facts.ts';
import { Registrar } from './registrar/registrar.ts';
import { EmbeddedEngine } from './sip/embedded/embedded-engine.ts';
import { RegisterTrace } from './trace/register-trace.ts';
import { Watchers } from './trace/watchers.ts';

/** What a node takes from the process that it runs in. */
export interface AppEdges {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogRoot;
  readonly facts: ProcessFacts;
  /** The configuration as it can be read again: how it is named, and how it is read. */
  readonly configuration: { readonly fileName: string; readonly load: () => Promise<LoadedSettings> };
  /** Ends the daemon as SIGTERM does; returns at once. */
  readonly stop: () => void;
}

/**
 * Builds a node and starts it, in the order in which data flows. Resolves when it serves SIP; rejects with an
 * OperationalError, and nothing left running, when it cannot.
 */
export async function createApp(config: Config, settings: AppSettings, edges: AppEdges): Promise<AppNode> {
  const { clock, random, log } = edges;
  const startedMonotonicMs = clock.monotonicMs();
  await makeDataFolder(config.dataFolder);

  // disk -> cluster time -> table -> disk; a reply waits for the gates
  const { clusterClock, table, store, gate, loadedBindings } = await openLocation(config, settings.location, edges);
  const upkeep = new Upkeep({ table, clusterClock, clock, whenDurable: (done) => store.whenFlushedAfterNow(done) });

  // SIP -> registrar -> table; whoever traces an AoR hears of both
  const watchers = new Watchers(clock);
  const observer = new RegisterTrace({ watchers, table, clock, clusterClock });
  table.addListener(observer);
  const registrarLog = log.child('registrar');
  const { registrar: registrarSettings } = settings;
  const registrarParts = { settings: registrarSettings, table, gate, clusterClock, clock, random, log: registrarLog };
  const registrar = new Registrar({ ...registrarParts, observer });
  const handlers = new Map([['REGISTER', registrar.handle.bind(registrar)]]);
  const listeners = {
    optionsReply: (token: string, status: number) => pinger.onReply(token, status),
    optionsUnsent: (token: string) => pinger.onUnsent(token),
  };
  const engine = new EmbeddedEngine(settings.engine, { handlers, ...listeners, clock, random, log: log.child('sip') });

  // table -> pinger -> SIP, while the role says so
  const pinging = { config, settings: settings.pinger, table, engine, clusterClock, watchers, clock, random, log };
  const { role, pinger, latencies } = await startPinging(pinging);

  // operator -> commands -> all of it
  const { fileName, load } = edges.configuration;
  const reload = new Reload({ config, load, fileName, settingsOf: appSettings, registrar, pinger, log });
  const eventLoopDelay = new EventLoopDelay(() => monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS }), clock);
  const status: StatusParts = {
    config,
    facts: edges.facts,
    clock,
    startedMonotonicMs,
    clusterClock,
    table,
    registrar,
    engine,
    store,
    eventLoopDelay,
    pinging: { pinger, latencies, role, intervalS: () => reload.config.nathelper.natping_interval },
    management: () => mi.places,
    unready: () => node.unready,
  };
  const mi = managementOf({ settings, status, log, gate, pinger, role, watchers, reload, stop: edges.stop });

  const parts = { upkeep, store, engine, pinger, mi, eventLoopDelay, reload, loadedBindings };
  const node = new AppNode({ ...parts, log: log.child('app') });
  await node.start();
  return node;
}
