import type { RecordLoader } from '../location/ports.ts';
import { ByteReader } from './byte-reader.ts';
import type { LoadChunk, LoadStarted, Rejected } from './messages.ts';
import { emptyEntry, readFloor, readProfile, readRestored } from './record-codec.ts';
import type { Profile, RestoredRecord } from './record-codec.ts';

export interface LoadOptions {
  /**
   * Records that are not sticky and whose version is older than this are deleted instead of loaded
   * (0: none, as a node with a twin must that has not met it yet).
   */
  readonly forgetBeforeMs: number;
  /** Called after each chunk. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly records: number;
  /** At most so many are to come in all. */
  readonly recordsMost: number;
  readonly elapsedMs: number;
}

export interface LoadReport {
  readonly records: number;
  readonly floors: number;
  /** Records that were too old to matter to anybody. */
  readonly forgotten: number;
  /** Rows that could not be read, with what is wrong with them: the first few, and how many there are in all. */
  readonly rejected: number;
  readonly rejectedReasons: readonly string[];
  readonly elapsedMs: number;
}

const REJECTED_REASONS_MAX = 10;

/** Turns the chunks of a start into records for the table, and keeps what the first flush has to do about them. */
export class TableLoad {
  readonly idLimit: number;
  readonly journalRows: LoadStarted['journalRows'];
  /** Ids whose rows are older than the journal. */
  readonly behind: number[] = [];
  readonly forgotten: number[] = [];
  readonly rejected: Rejected[] = [];
  readonly #loader: RecordLoader;
  readonly #forgetBeforeMs: number;
  readonly #profiles: ReadonlyMap<number, Profile>;
  readonly #entry = emptyEntry();
  #records = 0;
  #floors = 0;

  constructor(started: LoadStarted, loader: RecordLoader, forgetBeforeMs: number) {
    this.idLimit = started.idLimit;
    this.journalRows = started.journalRows;
    this.#loader = loader;
    this.#forgetBeforeMs = forgetBeforeMs;
    this.#profiles = readProfiles(new ByteReader(Buffer.from(started.profiles, 0, started.profilesBytes)));
    this.rejected.push(...started.rejectedFloors);
    this.#restoreFloors(new ByteReader(Buffer.from(started.floors, 0, started.floorsBytes)));
  }

  get records(): number {
    return this.#records;
  }

  take(chunk: LoadChunk): void {
    this.rejected.push(...chunk.rejected);
    const reader = new ByteReader(Buffer.from(chunk.records, 0, chunk.recordsBytes));
    while (!reader.atEnd) this.#takeRecord(readRestored(reader, this.#entry, this.#profiles));
  }

  report(elapsedMs: number): LoadReport {
    return {
      records: this.#records,
      floors: this.#floors,
      forgotten: this.forgotten.length,
      rejected: this.rejected.length,
      rejectedReasons: this.rejected.slice(0, REJECTED_REASONS_MAX).map((row) => row.reason),
      elapsedMs,
    };
  }

  #takeRecord(restored: RestoredRecord): void {
    const { recordId, aor, record, fromJournal } = restored;
    if (!record.sticky && record.version.ms < this.#forgetBeforeMs) {
      this.forgotten.push(recordId);
      return;
    }
    this.#records++;
    if (fromJournal) this.behind.push(recordId);
    this.#loader.restore(recordId, aor, record);
  }

  #restoreFloors(reader: ByteReader): void {
    while (!reader.atEnd) {
      const { aor, floor } = readFloor(reader);
      this.#floors++;
      this.#loader.restoreFloor(aor, floor);
    }
  }
}

function readProfiles(reader: ByteReader): ReadonlyMap<number, Profile> {
  const profiles = new Map<number, Profile>();
  while (!reader.atEnd) profiles.set(reader.u32(), readProfile(reader));
  return profiles;
}
