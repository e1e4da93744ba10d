import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeDataFolder } from './app/data-folder.ts';
import { DELAY_RESOLUTION_MS, EventLoopDelay } from './app/event-loop-delay.ts';
import { nodeTableOf } from './app/node-table.ts';
import type { LogRoot } from './app/log.ts';
import { openLocation, type Location } from './app/location.ts';
import { managementOf } from './app/management.ts';
import { AppNode } from './app/node.ts';
import { startPinging } from './app/pinging.ts';
import { Reload } from './app/reload.ts';
import { appSettings, type AppSettings, type LoadedSettings } from './app/settings.ts';
import type { StatusParts } from './app/status.ts';
import { openTwinSide, readCredentials, type TwinCredentials } from './app/replication.ts';
import { Upkeep } from './app/upkeep.ts';
import type { Config, NodesConfig } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { Random } from './core/random.ts';
import { CommitGates } from './location/commit-gates.ts';
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
  const startedMonotonicMs = edges.clock.monotonicMs();
  await makeDataFolder(config.dataFolder);
  const credentials = await readCredentials(config);
  // disk -> cluster time -> table -> disk
  const location = await openLocation(config, settings.location, edges);
  try {
    const node = await composeNode(config, settings, edges, { ...location, credentials, startedMonotonicMs });
    await node.start();
    return node;
  } catch (err) {
    // Why it could not start is what the operator has to know, whatever else goes wrong now.
    await Promise.allSettled([location.store.close()]);
    throw err;
  }
}

/** What is there before a node is composed. */
interface Ground extends Location {
  readonly credentials: TwinCredentials;
  readonly startedMonotonicMs: number;
}

async function composeNode(config: Config, settings: AppSettings, edges: AppEdges, ground: Ground): Promise<AppNode> {
  const { clock, random, log } = edges;
  // table -> twin -> table; a reply waits for both gates
  const { clusterClock, table, store, loadedBindings } = ground;
  const nodeTable = (nodes: NodesConfig) => nodeTableOf(nodes, config, edges.facts.pid);
  const twin = await openTwinSide({ config, settings, ...ground, nodeTable, clock, random, log });
  const gate = new CommitGates([store, ...twin.gates]);
  const upkeep = new Upkeep({
    table,
    clusterClock,
    clock,
    mayProve: () => twin.mayProve,
    proveForgettable: (done) => twin.proveForgettable(done),
  });

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
  const { role, pinger, latencies } = await startPinging(pinging, twin.removal, twin.roleAtFirst);
  twin.followRole(role);

  // operator -> commands -> all of it
  const { fileName, load } = edges.configuration;
  const reload = new Reload({ config, load, fileName, settingsOf: appSettings, registrar, pinger, log });
  const eventLoopDelay = new EventLoopDelay(() => monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS }), clock);
  const measured = { table, registrar, engine, store, eventLoopDelay, twin };
  const status: StatusParts = {
    ...{ config, facts: edges.facts, clock, clusterClock, startedMonotonicMs: ground.startedMonotonicMs },
    ...measured,
    pinging: { pinger, latencies, role, intervalS: () => reload.config.nathelper.natping_interval },
    management: () => mi.places,
    unready: () => node.unready,
  };
  const rest = { pinger, role, watchers, reload, twin, isStopping: () => node.isStopping, stop: edges.stop };
  const mi = managementOf({ settings, status, log, gate, ...rest });

  const parts = { upkeep, store, twin, engine, pinger, mi, eventLoopDelay, reload, loadedBindings };
  const node = new AppNode({ ...parts, log: log.child('app') });
  return node;
}
