import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { ClusterClock } from '../core/cluster-clock.ts';
import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import { RELEASED_AT_MS } from '../core/release.ts';
import { LocationTable } from '../location/location-table.ts';
import type { ProcessFacts } from '../mi/commands/process-facts.ts';
import type { Persistence } from '../storage/persistence.ts';
import type { DiskState } from '../storage/store-status.ts';
import type { LogRoot } from './log.ts';
import type { LocationBounds } from './settings.ts';
import { loadTable, locationSettings, openFile, startStore } from './storage.ts';

interface LocationEdges {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogRoot;
  readonly facts: ProcessFacts;
  /** Hears of each change of the disk's state. */
  readonly diskChanged: (now: DiskState) => void;
}

/** The table, what it was loaded from, and the time that it goes by. */
export interface Location {
  readonly clusterClock: ClusterClock;
  readonly table: LocationTable;
  readonly store: Persistence;
  /** The random part of this process's stamps. */
  readonly incarnation: number;
  /** Bindings that came from the disk and were valid then. */
  readonly loadedBindings: number;
}

/** Disk -> cluster time -> table, and from then on table -> disk. */
export async function openLocation(config: Config, bounds: LocationBounds, edges: LocationEdges): Promise<Location> {
  const { clock, random, log, diskChanged } = edges;
  const file = await openFile(config, edges);
  const clusterClock = new ClusterClock(clock, file?.markMs ?? 0, RELEASED_AT_MS);
  tellClockOrigin(clusterClock, log.child('clock'));
  const settings = locationSettings(bounds, random);
  const table = new LocationTable(settings);
  const loadedBindings = await loadTable(file, table, clusterClock, edges, config.cluster !== undefined);
  const store = await startStore(file, table, clusterClock, { log: log.child('storage'), diskChanged });
  table.addListener(store);
  return { clusterClock, table, store, incarnation: settings.incarnation, loadedBindings };
}

function tellClockOrigin(clusterClock: ClusterClock, log: Log): void {
  if (clusterClock.origin === 'wall') return;
  log.warn(
    { origin: clusterClock.origin, aheadMs: clusterClock.offsetMs() },
    'the wall clock is behind what is known to have passed; going on from there',
  );
}
