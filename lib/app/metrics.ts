import { drachtioStatus, type ServingEngine } from './sip-engine.ts';
import { readinessOf, type StatusParts } from './status.ts';
import type { DrachtioFigures, MetricsSources } from '../mi/metrics/metrics-sources.ts';

/** Where /metrics reads what. */
export function metricsSources(parts: StatusParts): MetricsSources {
  const { facts, table, registrar, engine, store, twin, pinging, eventLoopDelay, clusterClock } = parts;
  return {
    version: facts.version,
    location: () => table.statistics(),
    tableBytes: () => table.memory().slabBytes,
    registrar: () => ({ ...registrar.statistics(), ...registrar.counts() }),
    engine: () => engine.statistics,
    openConnections: () => engine.connectionCount,
    drachtio: () => drachtioFigures(engine),
    storage: () => store.status(),
    pings: () => pinging.pinger.statistics(),
    pingLatencies: pinging.latencies.durations,
    eventLoopDelay: () => eventLoopDelay.lately(),
    isActive: () => pinging.role.isOpen,
    isYielding: () => pinging.role.isYielding,
    isAddressHere: () => pinging.role.isAddressHere,
    isSplitBrain: () => pinging.splitBrain.isNow,
    splitBrains: () => pinging.splitBrain.count,
    replication: () => twin.status(),
    wallOffsetMs: () => clusterClock.offsetMs(),
    readiness: () => readinessOf(parts),
  };
}

function drachtioFigures(engine: ServingEngine): DrachtioFigures | undefined {
  const status = drachtioStatus(engine);
  if (status === undefined) return undefined;
  const { state, missing, pingsInFlight, counts } = status;
  return { isConnected: state === 'ready', missing: missing.length, pingsInFlight, ...counts };
}
