import type { LogRoot } from './log.ts';
import { MIGRATIONS_PATH } from './migrations-path.ts';
import type { LocationBounds } from './settings.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { ClusterClock } from '../core/cluster-clock.ts';
import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import { FORGET_MARGIN_MS, HORIZON_MS } from '../location/horizon.ts';
import type { LocationSettings, LocationTable } from '../location/location-table.ts';
import type { RecordLoader } from '../location/ports.ts';
import { PositionGate } from '../location/position-gate.ts';
import type { Floor } from '../location/record.ts';
import { isAlive } from '../location/view.ts';
import type { ProcessFacts } from '../mi/commands/process-facts.ts';
import { keyHead } from '../registrar/binding-key.ts';
import { ContactComparer } from '../registrar/contact-comparer.ts';
import { canonicalUri } from '../sip/canonical-uri.ts';
import { Fault } from '../sip/fault.ts';
import { parseUri } from '../sip/uri.ts';
import { LocationFile } from '../storage/location-file.ts';
import { memoryOnlyStore } from '../storage/memory-only-store.ts';
import type { Persistence } from '../storage/persistence.ts';
import { STORAGE_DEFAULTS } from '../storage/storage-settings.ts';
import type { DiskState } from '../storage/store-status.ts';
import type { LoadProgress } from '../storage/table-load.ts';

/** A long load says how far it is about this often. */
const PROGRESS_INTERVAL_MS = 1000;

interface StorageEdges {
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly facts: ProcessFacts;
}

/** @returns the database file, or undefined when the configuration keeps bindings in memory only. */
export async function openFile(config: Config, { clock, log, facts }: StorageEdges): Promise<LocationFile | undefined> {
  const { persistence } = config;
  if (persistence.kind === 'none') return undefined;
  const { path, writeMode, flushIntervalMs } = persistence;
  const intervals = writeMode === 'write-through' ? { groupCommitMs: flushIntervalMs } : { flushIntervalMs };
  const settings = { ...STORAGE_DEFAULTS, path, migrationsPath: MIGRATIONS_PATH, writeMode, ...intervals };
  const file = await LocationFile.open(settings, { clock, pid: facts.pid });
  if (file.migrated.length > 0) {
    log.child('storage').info({ path, migrations: file.migrated, backup: file.backup }, 'database brought up to date');
  }
  tellUnusedNodes(config, path, file.clustererRows, log.child('cluster'));
  return file;
}

/** Mostly the daemon of a pair that was started without its configuration: it would serve alone, and nobody would know. */
function tellUnusedNodes({ cluster, clustererPath }: Config, path: string, rows: number, log: Log): void {
  if (cluster !== undefined || rows === 0 || path !== clustererPath) return;
  log.warn({ path, rows }, 'nodes are in the table clusterer, and the configuration has no cluster');
}

/** The table's settings: what the configuration says, and how SIP compares contacts. */
export function locationSettings(bounds: LocationBounds, random: Random): LocationSettings {
  const { matchingMode, ...others } = bounds;
  return {
    ...others,
    incarnation: random.u32(),
    sameContact: new ContactComparer().isSame,
    callIdMatters: matchingMode === 1,
    contactGroup,
  };
}

/** Equal contacts have the same user, host and port. */
function contactGroup(contactUri: string): string {
  const uri = parseUri(contactUri);
  return uri instanceof Fault ? contactUri : keyHead(canonicalUri(uri), uri);
}

/**
 * @param hasTwin whether a twin is configured, which may have older records: then nothing is forgotten before both agreed on
 *   the time.
 * @returns how many bindings came that are valid now; removed and expired records come too, but are no bindings.
 */
export async function loadTable(
  file: LocationFile | undefined,
  table: LocationTable,
  clusterClock: ClusterClock,
  { log: logs }: StorageEdges,
  hasTwin: boolean,
): Promise<number> {
  if (file === undefined) return 0;
  const log = logs.child('load');
  const nowMs = clusterClock.nowMs();
  const loader = new CountingLoader(table, nowMs);
  try {
    // Without a twin nobody has anything older than this node itself.
    const forgetBeforeMs = hasTwin ? 0 : nowMs - HORIZON_MS - FORGET_MARGIN_MS;
    const { records, floors, forgotten, rejected, rejectedReasons, elapsedMs } = await file.load(loader, {
      forgetBeforeMs,
      onProgress: progressLog(log),
    });
    const bindings = loader.valid;
    log.info({ bindings, records, floors, forgotten, elapsedMs: Math.round(elapsedMs) }, 'bindings loaded');
    if (rejected > 0)
      log.warn({ rejected, rejectedReasons }, 'rows of the database that cannot be read were set aside');
    return bindings;
  } catch (err) {
    // Why it cannot be loaded is what the operator has to know, whatever else goes wrong now.
    await Promise.allSettled([file.close()]);
    throw err;
  }
}

class CountingLoader implements RecordLoader {
  valid = 0;
  readonly #table: LocationTable;
  readonly #nowMs: number;
  /** They come before the records. */
  readonly #floors = new Map<string, Floor>();

  constructor(table: LocationTable, nowMs: number) {
    this.#table = table;
    this.#nowMs = nowMs;
  }

  restore(...[recordId, aor, record]: Parameters<RecordLoader['restore']>): void {
    if (isAlive(record, this.#floors.get(aor), this.#nowMs)) this.valid++;
    this.#table.restore(recordId, aor, record);
  }

  restoreFloor(...[aor, floor]: Parameters<RecordLoader['restoreFloor']>): void {
    this.#floors.set(aor, floor);
    this.#table.restoreFloor(aor, floor);
  }
}

function progressLog(log: Log): (progress: LoadProgress) => void {
  let nextMs = PROGRESS_INTERVAL_MS;
  return ({ records, recordsMost, elapsedMs }) => {
    if (elapsedMs < nextMs) return;
    nextMs = elapsedMs + PROGRESS_INTERVAL_MS;
    log.info({ records, recordsMost }, 'loading bindings');
  };
}

/** Replies that may wait for the disk at once, and changes that may be under way. One more, and nobody waits until it has caught up. */
const GATE_WAITERS_MAX = 100_000;
const GATE_CHANGES_MAX = 1_000_000;

/**
 * From here on the file is written. Every change of the disk's state is one line of the log. Resolves when a first mark is
 * on disk, which covers the stamps to come; or with the first trouble, since registrations do not wait for the disk.
 */
export async function startStore(
  file: LocationFile | undefined,
  table: LocationTable,
  clusterClock: ClusterClock,
  { log, diskChanged }: { readonly log: Log; readonly diskChanged: (now: DiskState) => void },
): Promise<Persistence> {
  if (file === undefined) return memoryOnlyStore;
  const trouble = Promise.withResolvers<void>();
  const store = file.start({
    table,
    gate: new PositionGate({
      waitersMax: GATE_WAITERS_MAX,
      changesMax: GATE_CHANGES_MAX,
      overflowed: (what) => store.gateOverflowed(what),
    }),
    clusterNowMs: () => clusterClock.nowMs(),
    stateChanged(now, before) {
      tellDiskState(log, now, before);
      diskChanged(now);
      trouble.resolve();
    },
  });
  await Promise.race([store.flushNow(), trouble.promise]);
  return store;
}

function tellDiskState(log: Log, now: DiskState, before: DiskState): void {
  const fields = { from: before.state, to: now.state };
  if (now.state === 'degraded') {
    log.warn({ ...fields, reason: now.reason }, 'disk trouble: registrations go on in memory');
  } else {
    log.info(fields, 'disk is all right again: everything is stored');
  }
}
