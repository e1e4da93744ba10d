import { monitorEventLoopDelay } from 'node:perf_hooks';
import { TableBindings } from './app-bindings.ts';
import { makeDataFolder } from './app-data-folder.ts';
import type { LogRoot } from './app-log.ts';
import type { AppSettings } from './app-settings.ts';
import { nodeStatusOf, statisticsOf, type StatusParts } from './app-status.ts';
import { loadTable, locationSettings, openFile, startStore } from './app-storage.ts';
import { Upkeep } from './app-upkeep.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import { ClusterClock } from './core/cluster-clock.ts';
import type { Log } from './core/log.ts';
import type { Random } from './core/random.ts';
import { RELEASED_AT_MS } from './core/release.ts';
import { CommitGates } from './location/commit-gates.ts';
import { LocationTable } from './location/location-table.ts';
import { CommandTable } from './mi/command-table.ts';
import type { Bindings } from './mi/commands/bindings.ts';
import { coreCommands } from './mi/commands/core-commands.ts';
import { getStatisticsCommand } from './mi/commands/get-statistics.ts';
import { logLevelCommand } from './mi/commands/log-level.ts';
import type { ProcessFacts } from './mi/commands/process-facts.ts';
import { statusCommand } from './mi/commands/status.ts';
import { ulDumpCommand } from './mi/commands/ul-dump.ts';
import { ulShowContactCommand } from './mi/commands/ul-show-contact.ts';
import { whichCommand } from './mi/commands/which.ts';
import { RpcDispatcher } from './mi/rpc-dispatcher.ts';
import { UnixSocketServer } from './mi/unix-socket-server.ts';
import { Registrar } from './registrar/registrar.ts';
import { EmbeddedEngine } from './sip/embedded/embedded-engine.ts';
import { describeSocket } from './sip/embedded/listening-socket.ts';
import type { Persistence } from './storage/persistence.ts';

/** What a node takes from the process that it runs in. */
export interface AppEdges {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogRoot;
  readonly facts: ProcessFacts;
}

const DELAY_RESOLUTION_MS = 10;

/**
 * Builds a node and starts it, in the order in which data flows. Resolves when it serves SIP; rejects with an
 * OperationalError, and nothing left running, when it cannot.
 */
export async function createApp(config: Config, settings: AppSettings, edges: AppEdges): Promise<App> {
  const { clock, random, log } = edges;
  const startedMonotonicMs = clock.monotonicMs();
  await makeDataFolder(config.dataFolder);

  // disk -> cluster time -> table
  const file = await openFile(config, edges);
  const clusterClock = new ClusterClock(clock, file?.markMs ?? 0, RELEASED_AT_MS);
  tellClockOrigin(clusterClock, log.child('clock'));
  const table = new LocationTable(locationSettings(settings.location, random));
  const loadedBindings = await loadTable(file, table, clusterClock, edges);
  const store = await startStore(file, table, clusterClock, log.child('storage'));

  // table -> disk; a reply waits for the gates
  table.addListener(store);
  const gate = new CommitGates([store]);
  const upkeep = new Upkeep({ table, clusterClock, clock, whenDurable: (done) => store.whenFlushedAfterNow(done) });

  // SIP -> registrar -> table
  const registrar = new Registrar({
    settings: settings.registrar,
    table,
    gate,
    clusterClock,
    random,
    log: log.child('registrar'),
  });
  const handlers = new Map([['REGISTER', registrar.handle.bind(registrar)]]);
  const engine = new EmbeddedEngine(settings.engine, { handlers, clock, random, log: log.child('sip') });

  // operator -> commands -> all of it
  const eventLoop = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
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
    eventLoopDelay: () => ({ p99Ms: delayMs(eventLoop.percentile(99)), maxMs: delayMs(eventLoop.max) }),
  };
  const bindings = new TableBindings(table, clusterClock, durableMark(store));
  const dispatcher = new RpcDispatcher(commandTable(settings, edges, bindings, status));
  const mi = new UnixSocketServer(config.miSocketPath, dispatcher, clock, log.child('mi'));

  const app = new App({ upkeep, store, engine, mi, loadedBindings, log: log.child('app') });
  await app.start();
  eventLoop.enable();
  return app;
}

interface AppParts {
  readonly upkeep: Upkeep;
  readonly store: Persistence;
  readonly engine: EmbeddedEngine;
  readonly mi: UnixSocketServer;
  readonly loadedBindings: number;
  readonly log: Log;
}

/** A node that serves. */
class App {
  /** Bindings that came from the disk and were valid then. */
  readonly loadedBindings: number;
  readonly #parts: AppParts;
  #stopped: Promise<void> | undefined;

  constructor(parts: AppParts) {
    this.#parts = parts;
    this.loadedBindings = parts.loadedBindings;
  }

  /** Where SIP is served: `udp:127.0.0.1:5060`. */
  get sockets(): readonly string[] {
    return this.#parts.engine.sockets.map(describeSocket);
  }

  /** The management socket comes first: a second daemon on the same data is told so, and not that its port is taken. */
  async start(): Promise<void> {
    const { mi, engine, upkeep } = this.#parts;
    try {
      await mi.start();
      await engine.start();
    } catch (err) {
      // Why it could not start is what the operator has to know, whatever else goes wrong now.
      await Promise.allSettled([this.stop()]);
      throw err;
    }
    upkeep.start();
  }

  /**
   * No new SIP; what waits for the disk is flushed and answered; then the sockets close, and management last. All of it
   * happens even if a part fails; rejects with the OperationalError of the disk if that did not take everything.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { upkeep, engine, store, mi, log } = this.#parts;
    log.info({}, 'stopping');
    upkeep.stop();
    engine.drain();
    const [flushed] = await Promise.allSettled([store.close()]);
    await engine.stop();
    await mi.stop();
    log.info({}, 'stopped');
    if (flushed.status === 'rejected') throw flushed.reason;
  }
}

function tellClockOrigin(clusterClock: ClusterClock, log: Log): void {
  if (clusterClock.origin === 'wall') return;
  log.warn(
    { origin: clusterClock.origin, aheadMs: clusterClock.offsetMs() },
    'the wall clock is behind what is known to have passed; going on from there',
  );
}

function durableMark(store: Persistence): (() => number) | undefined {
  if (store.status() === undefined) return undefined;
  return () => store.status()?.durableMarkMs ?? 0;
}

/** The monitor counts its own pause in. */
function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS);
}

function commandTable(
  settings: AppSettings,
  { clock, facts, log }: AppEdges,
  bindings: Bindings,
  status: StatusParts,
): CommandTable {
  const { useDomain, caseSensitive } = settings.registrar.addressOfRecord;
  const commands = new CommandTable([
    ...coreCommands(facts, clock),
    getStatisticsCommand(() => statisticsOf(status)),
    logLevelCommand(facts, log),
    statusCommand(() => nodeStatusOf(status)),
    ulDumpCommand(bindings),
    ulShowContactCommand(bindings, { useDomain, caseSensitive }),
  ]);
  commands.add(whichCommand(commands));
  return commands;
}
