import { crc32 } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import { OperationalError } from '../core/errors.ts';
import { ByteReader, MalformedBytes } from './byte-reader.ts';
import { HAS_CALL_ID, emptyEntry, readEntry } from './record-codec.ts';
import type { Entry } from './record-codec.ts';

const ARENA_INITIAL = 1024 * 1024;

/**
 * What the journal says last about each record. It is read from its newest row to its oldest, so that of all the entries
 * of a record only one is kept, and an older one when only that has the Call-ID.
 */
export class NewestEntries {
  readonly #path: string;
  readonly #entry = emptyEntry();
  /** By record id, offsets into the arena; 0: none. */
  readonly #entryAt: Uint32Array;
  readonly #callIdAt: Uint32Array;
  #arena = Buffer.allocUnsafe(ARENA_INITIAL);
  #used = 1;
  #found = new ByteReader(this.#arena);

  constructor(path: string, idLimit: number) {
    this.#path = path;
    this.#entryAt = new Uint32Array(idLimit);
    this.#callIdAt = new Uint32Array(idLimit);
  }

  /** Reads the whole journal. Throws an OperationalError for a row that is not what was written. */
  read(db: Database): readonly { readonly seq: number; readonly bytes: number }[] {
    const rows: { seq: number; bytes: number }[] = [];
    const newestFirst = db
      .prepare<[], [number, number, Buffer]>('SELECT seq, crc, data FROM journal ORDER BY seq DESC')
      .raw();
    for (const [seq, crc, data] of newestFirst.iterate()) {
      if (!Buffer.isBuffer(data) || crc32(data) !== crc) throw this.#malformed(seq, 'its checksum does not match');
      this.#readRow(seq, data);
      rows.push({ seq, bytes: data.length });
    }
    this.#found = new ByteReader(this.#arena);
    return rows.reverse();
  }

  /** Reads the last entry of a record into `entry`; false when the journal has none. */
  find(recordId: number, entry: Entry): boolean {
    const at = this.#entryAt[recordId] ?? 0;
    if (at === 0) return false;
    this.#found.seek(at);
    readEntry(this.#found, entry);
    return true;
  }

  /** The last Call-ID in the journal; undefined when the row's own is still right. */
  callId(recordId: number): Buffer | undefined {
    const at = this.#callIdAt[recordId] ?? 0;
    if (at === 0) return undefined;
    this.#found.seek(at);
    return this.#found.octets();
  }

  #readRow(seq: number, data: Buffer): void {
    const reader = new ByteReader(data);
    const rowStart = this.#used;
    try {
      while (!reader.atEnd) this.#readOne(reader, data, rowStart);
    } catch (error) {
      if (error instanceof MalformedBytes) throw this.#malformed(seq, error.message);
      throw error;
    }
  }

  /** Within a row the entries stand in order, so there the later one wins; between rows, the one of the newer row. */
  #readOne(reader: ByteReader, data: Buffer, rowStart: number): void {
    const entry = this.#entry;
    const start = reader.position;
    readEntry(reader, entry);
    const callIdStart = reader.position;
    if ((entry.flags & HAS_CALL_ID) !== 0) reader.skipText();
    const id = entry.recordId;
    if (id >= this.#entryAt.length) return;
    if (isNewer(this.#entryAt[id] ?? 0, rowStart)) this.#entryAt[id] = this.#keep(data, start, callIdStart);
    if (callIdStart !== reader.position && isNewer(this.#callIdAt[id] ?? 0, rowStart))
      this.#callIdAt[id] = this.#keep(data, callIdStart, reader.position);
  }

  #keep(data: Buffer, start: number, end: number): number {
    const at = this.#used;
    this.#used += end - start;
    if (this.#used > this.#arena.length) {
      const arena = Buffer.allocUnsafe(Math.max(this.#arena.length * 2, this.#used));
      this.#arena.copy(arena, 0, 0, at);
      this.#arena = arena;
    }
    data.copy(this.#arena, at, start, end);
    return at;
  }

  #malformed(seq: number, what: string): OperationalError {
    return new OperationalError(
      `db_url: ${this.#path} is damaged: row ${seq} of the table "journal" cannot be read (${what}). ` +
        `DELETE FROM journal WHERE seq = ${seq} gives its changes up and keeps the rest; ` +
        'or move the file away, with its -wal and -shm files, to start with an empty one',
    );
  }
}

/** Whether an entry found now replaces the one kept at `kept`: there is none, or it is of the same row, thus earlier. */
function isNewer(kept: number, rowStart: number): boolean {
  return kept === 0 || kept >= rowStart;
}
