import { resolve } from 'node:path';
import { systemClock } from '../../../lib/core/clock.ts';
import type { Clock } from '../../../lib/core/clock.ts';
import { PositionGate } from '../../../lib/location/position-gate.ts';
import { LocationFile } from '../../../lib/storage/location-file.ts';
import type { LocationStore } from '../../../lib/storage/location-store.ts';
import { STORAGE_DEFAULTS } from '../../../lib/storage/storage-settings.ts';
import type { StorageSettings } from '../../../lib/storage/storage-settings.ts';
import type { StartThread } from '../../../lib/storage/storage-thread.ts';
import type { DiskState } from '../../../lib/storage/store-status.ts';
import type { LoadReport } from '../../../lib/storage/table-load.ts';
import { inProcessThread } from './in-process-thread.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { NaiveTable } from './naive-table.ts';

export const MIGRATIONS = resolve(import.meta.dirname, '../../../sql');

export interface OpenStore {
  readonly table: NaiveTable;
  readonly store: LocationStore;
  readonly report: LoadReport;
  /** All that the store said about the disk. */
  readonly states: DiskState[];
}

export interface OpenOptions extends Partial<StorageSettings> {
  readonly clock?: Clock;
  readonly startThread?: StartThread;
  readonly forgetBeforeMs?: number;
  /** Cluster time minus wall clock. */
  readonly clusterAheadMs?: number;
  /** Told of each state as it comes. */
  readonly stateChanged?: (now: DiskState) => void;
}

export function openFile(path: string, options: OpenOptions = {}): Promise<LocationFile> {
  const {
    clock = systemClock,
    startThread,
    forgetBeforeMs: _,
    clusterAheadMs: __,
    stateChanged: ___,
    ...settings
  } = options;
  return LocationFile.open(
    { ...STORAGE_DEFAULTS, path, migrationsPath: MIGRATIONS, ...settings },
    { clock, pid: process.pid, ...(startThread === undefined ? {} : { startThread }) },
  );
}

/** Opens, loads and starts; cluster time is the clock's wall time. */
export async function openStore(path: string, options: OpenOptions = {}): Promise<OpenStore> {
  const { clock = systemClock, forgetBeforeMs = 0, clusterAheadMs = 0 } = options;
  const file = await openFile(path, options);
  const table = new NaiveTable();
  const report = await file.load(table, { forgetBeforeMs });
  const states: DiskState[] = [];
  const gate = new PositionGate({
    waitersMax: 1000,
    changesMax: 100_000,
    overflowed: (what) => store.gateOverflowed(what),
  });
  const stateChanged = (now: DiskState): void => {
    states.push(now);
    options.stateChanged?.(now);
  };
  const store: LocationStore = file.start({
    table,
    gate,
    clusterNowMs: () => clock.wallMs() + clusterAheadMs,
    stateChanged,
  });
  table.listener = store;
  return { table, store, report, states };
}

/** What the file holds, read by a start that writes nothing. */
export async function readBack(path: string): Promise<NaiveTable> {
  const table = new NaiveTable();
  const file = await openFile(path, { clock: new ManualClock(), startThread: inProcessThread });
  await file.load(table, { forgetBeforeMs: 0 });
  await file.close();
  return table;
}

/** Resolves when a flush that begins after this call is on disk. */
export function flushed(store: LocationStore): Promise<void> {
  return new Promise((resolve) => store.whenFlushedAfterNow(resolve));
}
