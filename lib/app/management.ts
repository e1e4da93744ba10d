import { TableBindings } from './bindings.ts';
import type { LogRoot } from './log.ts';
import { metricsSources } from './metrics.ts';
import { miSettings } from './mi-settings.ts';
import { TableOrders } from './orders.ts';
import type { Reload } from './reload.ts';
import type { AppSettings } from './settings.ts';
import { statisticKind, statisticsOf } from './statistics.ts';
import { nodeStatusOf, readinessOf, type StatusParts } from './status.ts';
import type { TwinSide } from './twin-side.ts';
import type { History } from '../history/history.ts';
import type { CommitGate } from '../location/ports.ts';
import { CommandTable } from '../mi/command-table.ts';
import { clustererCommands } from '../mi/commands/clusterer-commands.ts';
import { coreCommands } from '../mi/commands/core-commands.ts';
import { handoverCommands } from '../mi/commands/handover.ts';
import { helpCommand } from '../mi/commands/help.ts';
import { historyCommand } from '../mi/commands/history.ts';
import { logLevelCommand } from '../mi/commands/log-level.ts';
import { nhEnablePingCommand } from '../mi/commands/nh-enable-ping.ts';
import { reloadCommand } from '../mi/commands/reload.ts';
import { Statistics } from '../mi/commands/statistics.ts';
import { statisticsCommands } from '../mi/commands/statistics-commands.ts';
import { statusCommand } from '../mi/commands/status.ts';
import { traceCommand } from '../mi/commands/trace.ts';
import { ulCommands } from '../mi/commands/ul-commands.ts';
import { whichCommand } from '../mi/commands/which.ts';
import { NodeMetrics } from '../mi/metrics/node-metrics.ts';
import { NodePages } from '../mi/metrics/node-pages.ts';
import { MiServers } from '../mi/mi-servers.ts';
import { RpcDispatcher } from '../mi/rpc-dispatcher.ts';
import type { NatPinger } from '../pinger/nat-pinger.ts';
import type { Handover } from '../role/handover.ts';
import type { Role } from '../role/role.ts';
import type { Persistence } from '../storage/persistence.ts';
import type { Watchers } from '../trace/watchers.ts';

interface ManagementParts {
  readonly settings: AppSettings;
  readonly status: StatusParts;
  readonly log: LogRoot;
  readonly gate: CommitGate;
  readonly pinger: NatPinger;
  readonly role: Role;
  readonly watchers: Watchers;
  readonly reload: Reload;
  readonly history: History;
  readonly handover: Handover;
  readonly twin: Pick<TwinSide, 'control'>;
  /** From then on neither the twin nor the disk takes anything more. */
  readonly isStopping: () => boolean;
  /** Ends the daemon as SIGTERM does. */
  readonly stop: () => void;
}

/** Every way to ask the node, or to tell it, something: management commands, and the pages beside them. */
export function managementOf(parts: ManagementParts): MiServers {
  const { status, log } = parts;
  const dispatcher = new RpcDispatcher(commandTable(parts));
  const pages = new NodePages(new NodeMetrics(metricsSources(status)), () => readinessOf(status));
  return new MiServers(miSettings(status.config), { dispatcher, pages, clock: status.clock, log: log.child('mi') });
}

function commandTable(parts: ManagementParts): CommandTable {
  const { settings, status, log, pinger, role, watchers, reload, twin } = parts;
  const { facts, clock, clusterClock, table, store } = status;
  const bindings = new TableBindings(table, clusterClock, durableMark(store), (id) => pinger.latencyUsOf(id));
  const orders = new TableOrders(table, parts.gate, clusterClock, parts.isStopping);
  const statistics = new Statistics({ read: () => statisticsOf(status), kindOf: statisticKind });
  const { addressOfRecord, contacts } = settings.registrar;
  const ulSettings = {
    ...addressOfRecord,
    maxContactLen: contacts.maxContactLen,
    matchingMode: settings.location.matchingMode,
  };
  const commands = new CommandTable([
    ...coreCommands(facts, clock, parts.stop),
    logLevelCommand(facts, log),
    ...statisticsCommands(statistics),
    ...ulCommands({ bindings, orders, store, cluster: twin.control, settings: ulSettings, clock }),
    ...clustererCommands(twin.control),
    nhEnablePingCommand(role, () => status.pinging.intervalS()),
    statusCommand(() => nodeStatusOf(status)),
    historyCommand((most) => parts.history.entries(most)),
    ...handoverCommands(parts.handover),
    traceCommand(watchers, bindings, ulSettings),
    reloadCommand(() => reload.now()),
  ]);
  commands.add(whichCommand(commands));
  commands.add(helpCommand(commands));
  return commands;
}

function durableMark(store: Persistence): (() => number) | undefined {
  if (store.status() === undefined) return undefined;
  return () => store.status()?.durableMarkMs ?? 0;
}
