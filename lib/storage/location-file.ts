import type { Clock } from '../core/clock.ts';
import { OperationalError, invariant } from '../core/errors.ts';
import type { RecordLoader } from '../location/ports.ts';
import { LocationStore } from './location-store.ts';
import type { StorePorts } from './location-store.ts';
import type { FromStorage, LoadStarted, Opened } from './messages.ts';
import { StorageConnection } from './storage-connection.ts';
import type { StorageSettings } from './storage-settings.ts';
import { startStorageThread } from './storage-thread.ts';
import type { StartThread } from './storage-thread.ts';
import { TableLoad } from './table-load.ts';
import type { LoadOptions, LoadReport } from './table-load.ts';

export interface FilePorts {
  readonly clock: Clock;
  /** Shown to whoever tries to open the same file. */
  readonly pid: number;
  readonly startThread?: StartThread;
}

/**
 * The database file at a start, in this order: `open`; cluster time begins at its `markMs`; `load` into the empty
 * table; `start`, from which on the store is a listener of the table.
 */
export class LocationFile {
  readonly #settings: StorageSettings;
  readonly #ports: FilePorts;
  readonly #connection: StorageConnection;
  readonly #opened: Opened;
  #load: TableLoad | undefined;

  private constructor(settings: StorageSettings, ports: FilePorts, connection: StorageConnection, opened: Opened) {
    this.#settings = settings;
    this.#ports = ports;
    this.#connection = connection;
    this.#opened = opened;
  }

  /** Rejects with an OperationalError that names the file when it cannot be used: no folder, damaged, in use, too new. */
  static async open(settings: StorageSettings, ports: FilePorts): Promise<LocationFile> {
    const connection = new StorageConnection(ports.startThread ?? startStorageThread);
    const { path, migrationsPath } = settings;
    try {
      const opened = await connection.ask({ type: 'open', path, migrationsPath, pid: ports.pid }, takeOpened);
      return new LocationFile(settings, ports, connection, opened);
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  /** Cluster time of the last flush; 0 for a new file. */
  get markMs(): number {
    return this.#opened.markMs;
  }

  /** Rows of the table `clusterer` in this file. */
  get clustererRows(): number {
    return this.#opened.clustererRows;
  }

  /** Names of the migrations that the file has just got. */
  get migrated(): readonly string[] {
    return this.#opened.migrated;
  }

  /** Where the file was copied to before these; undefined when it was new or nothing was to be done. */
  get backup(): string | undefined {
    return this.#opened.backup;
  }

  /** Fills the table, in chunks between which the event loop turns. Rejects with an OperationalError for a damaged file. */
  async load(loader: RecordLoader, options: LoadOptions): Promise<LoadReport> {
    const { clock } = this.#ports;
    const beganMs = clock.monotonicMs();
    const started = await this.#connection.ask<LoadStarted>({ type: 'load-start' }, (answer) => {
      refuseFailed(answer);
      return answer.type === 'load-started' ? answer : undefined;
    });
    const load = new TableLoad(started, loader, options.forgetBeforeMs);
    await this.#connection.ask({ type: 'load-next' }, (answer) => {
      refuseFailed(answer);
      if (answer.type !== 'load-chunk') return undefined;
      // The next chunk is made while this one is read.
      if (!answer.done) this.#connection.post({ type: 'load-next' });
      load.take(answer);
      const elapsedMs = clock.monotonicMs() - beganMs;
      options.onProgress?.({ records: load.records, recordsMost: load.idLimit, elapsedMs });
      return answer.done ? true : undefined;
    });
    this.#load = load;
    return load.report(clock.monotonicMs() - beganMs);
  }

  /** Once, after `load`. From then on the file is the store's to close. */
  start(ports: Omit<StorePorts, 'clock' | 'pid'>): LocationStore {
    const load = this.#load;
    invariant(load !== undefined, 'a file is loaded before it is written');
    this.#load = undefined;
    const { clock, pid } = this.#ports;
    return new LocationStore(this.#settings, { ...ports, clock, pid }, this.#connection, this.#opened, load);
  }

  /** For a start that is given up before `start`. Rejects when the storage thread has ended; nothing is left open then. */
  async close(): Promise<void> {
    try {
      await this.#connection.ask({ type: 'close', markMs: undefined }, (answer) =>
        answer.type === 'closed' ? true : undefined,
      );
    } finally {
      await this.#connection.end();
    }
  }
}

function takeOpened(answer: FromStorage): Opened | undefined {
  if (answer.type === 'open-failed') throw new OperationalError(answer.message);
  return answer.type === 'opened' ? answer : undefined;
}

function refuseFailed(answer: FromStorage): void {
  if (answer.type === 'load-failed') throw new OperationalError(answer.message);
}
