import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeDataFolder } from './app/data-folder.ts';
import { DELAY_RESOLUTION_MS, EventLoopDelay } from './app/event-loop-delay.ts';
import { openHandover } from './app/handover.ts';
import { engineHistory, openHistory, recordDisk, recordRole } from './app/history.ts';
import { nodeTableOf } from './app/node-table.ts';
import type { LogRoot } from './app/log.ts';
import { openLocation, type Location } from './app/location.ts';
import { managementOf } from './app/management.ts';
import { AppNode } from './app/node.ts';
import { startPinging } from './app/pinging.ts';
import { Reload } from './app/reload.ts';
import { appSettings, type AppSettings, type LoadedSettings } from './app/settings.ts';
import { SipAddress } from './app/sip-address.ts';
import { openEngine } from './app/sip-engine.ts';
import type { StatusParts } from './app/status.ts';
import { openTwinSide } from './app/replication.ts';
import type { TwinSide } from './app/twin-side.ts';
import { Upkeep } from './app/upkeep.ts';
import { readCredentials, type TwinCredentials } from './cluster/twin-credentials.ts';
import type { Config, NodesConfig } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { Random } from './core/random.ts';
import { LifeHistory } from './history/life-history.ts';
import type { History } from './history/history.ts';
import { CommitGates } from './location/commit-gates.ts';
import type { ProcessFacts } from './mi/commands/process-facts.ts';
import { Registrar } from './registrar/registrar.ts';
import { DownFile } from './role/down-file.ts';
import { KeepalivedFile } from './role/keepalived-file.ts';
import { interfaceAddresses } from './sip/serving/interface-addresses.ts';
import type { DiskState } from './storage/store-status.ts';
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
  const credentials = await readCredentials(config.cluster);
  const history = await openHistory(config, edges);
  // disk -> cluster time -> table -> disk
  const diskChanged = (disk: DiskState) => recordDisk(history, disk);
  const location = await openLocation(config, settings.location, { ...edges, diskChanged });
  history.followClusterTime(location.clusterClock);
  const watched = { dataFolder: config.dataFolder, clock: edges.clock, log: edges.log.child('role') };
  const down = new DownFile(watched);
  const keepalived = new KeepalivedFile({ ...watched, tell: (text) => history.record('keepalived', text) });
  try {
    const ground = { ...location, history, down, keepalived, credentials, startedMonotonicMs };
    const node = await composeNode(config, settings, edges, ground);
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
  readonly history: History;
  readonly down: DownFile;
  readonly keepalived: KeepalivedFile;
  readonly credentials: TwinCredentials;
  readonly startedMonotonicMs: number;
}

/** Behind a drachtio-server readiness comes and goes with the sockets. */
function socketsChanged(address: SipAddress, twin: TwinSide): void {
  address.bound();
  twin.readinessChanged();
}

async function composeNode(config: Config, settings: AppSettings, edges: AppEdges, ground: Ground): Promise<AppNode> {
  const { clock, random, log } = edges;
  // table -> twin -> table; a reply waits for both gates
  const { clusterClock, table, store, loadedBindings, history, down, keepalived } = ground;
  const nodeTable = (nodes: NodesConfig) => nodeTableOf(nodes, config, edges.facts.pid);
  const isReady = () => node.unready.length === 0 && !down.isSet && !keepalived.isWithoutAddress;
  const own = { nodeTable, isReady, absentAddresses: () => address.absent };
  const twin = await openTwinSide({ config, settings, ...ground, ...own, clock, random, log });
  const twinGates = twin.gates.map((each) => ({ name: 'twin', gate: each }) as const);
  const gate = new CommitGates([{ name: 'disk', gate: store }, ...twinGates]);
  const upkeep = new Upkeep({
    table,
    clusterClock,
    clock,
    twin,
  });

  // SIP -> registrar -> table; whoever traces an AoR hears of both
  const watchers = new Watchers(clock);
  const observer = new RegisterTrace({ watchers, table, clock, clusterClock });
  table.addListener(observer);
  const registrarParts = { settings: settings.registrar, table, gate, clusterClock, clock, random, observer };
  const registrar = new Registrar({ ...registrarParts, log: log.child('registrar') });
  const handlers = new Map([['REGISTER', registrar.handle.bind(registrar)]]);
  const listeners = {
    optionsReply: (token: string, status: number) => pinger.onReply(token, status),
    optionsUnsent: (token: string) => pinger.onUnsent(token),
    bound: () => socketsChanged(address, twin),
    ...engineHistory(history),
  };
  const engine = await openEngine(config, settings, { handlers, ...listeners, clock, random, log: log.child('sip') });

  // address -> role; table -> pinger -> SIP, while the role says so
  const addresses = config.listen.map(({ address: numeric }) => numeric);
  const address = new SipAddress({ addresses, engine, interfaceAddresses, clock, log: log.child('role') });
  const pinging = { config, settings: settings.pinger, table, engine, address, clusterClock, watchers, ...edges };
  const { role, splitBrain, pinger, latencies } = await startPinging(pinging, twin.removal, twin.roleAtFirst);
  twin.followRole(role);
  const tellRole = recordRole(history, { role, splitBrain, address, clock });
  const handover = openHandover({ config, role, address, twin, history, clock, log });

  // operator -> commands -> all of it
  const reload = new Reload({ config, ...edges.configuration, settingsOf: appSettings, registrar, pinger, log });
  const eventLoopDelay = new EventLoopDelay(() => monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS }), clock);
  const status: StatusParts = {
    ...{ config, facts: edges.facts, clock, clusterClock, startedMonotonicMs: ground.startedMonotonicMs },
    ...{ table, registrar, engine, address, down, keepalived, store, eventLoopDelay, twin },
    pinging: { pinger, latencies, role, splitBrain, intervalS: () => reload.config.nathelper.natping_interval },
    management: () => mi.places,
    unready: () => node.unready,
  };
  const asked = { pinger, role, watchers, reload, history, handover, twin };
  const ending = { isStopping: () => node.isStopping, stop: edges.stop };
  const mi = managementOf({ settings, status, log, gate, ...asked, ...ending });
  const life = new LifeHistory(history, edges.facts.version, clock);
  const serving = { upkeep, store, twin, engine, address, down, keepalived, pinger, mi, loadedBindings };
  const node = new AppNode({ ...serving, eventLoopDelay, reload, life, tellRole, handover, log: log.child('app') });
  return node;
}
