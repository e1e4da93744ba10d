import type { Database, Statement } from 'better-sqlite3';
import { VERSION_MS_MAX } from '../location/version.ts';
import { METHODS_UNKNOWN } from '../location/record.ts';
import { ByteWriter, textRoom } from './byte-writer.ts';
import type { LoadChunk, LoadStarted, Rejected } from './messages.ts';
import { NewestEntries } from './newest-entries.ts';
import { EXPIRES_PERMANENT, KIND_PUT, emptyEntry, entryFlags } from './record-codec.ts';
import type { Entry } from './record-codec.ts';
import type { SqlText } from './sql-text.ts';
import { LOAD_CHUNK_RECORDS, RECORD_ID_MAX } from './storage-limits.ts';
import {
  BadColumn,
  STORED_ROW_SQL,
  checkProfile,
  describeRow,
  isRecordId,
  readColdRow,
  readHotRow,
  text,
  whole,
} from './stored-row.ts';
import type { ColdRow, RawRow } from './stored-row.ts';

const CHUNK_INITIAL = 1024 * 1024;
const CHUNK_MAX = 512 * 1024 * 1024;
const FIXED_ROOM = 128;

const PROFILES_SQL = 'SELECT id, q, methods, flags, user_agent, socket, cflags FROM prof';

/**
 * Reads the tables for a start and writes them in the form of `record-codec`, chunk by chunk, the journal's entries over
 * the rows'. Two chunks take turns: one can be read while the next is made.
 */
export class TableLoader {
  readonly #db: Database;
  readonly #rows: Statement<[number, number], RawRow>;
  readonly #newest: NewestEntries;
  /** Those that can be read. */
  readonly #profiles = new Set<number>();
  readonly #chunks = [new ByteWriter(CHUNK_INITIAL, CHUNK_MAX), new ByteWriter(CHUNK_INITIAL, CHUNK_MAX)] as const;
  readonly #entry = emptyEntry();
  readonly #idLimit: number;
  #turn = 0;
  #lastId = Number.MIN_SAFE_INTEGER;

  constructor(db: Database, path: string) {
    this.#db = db;
    this.#rows = db.prepare<[number, number], RawRow>(STORED_ROW_SQL).raw();
    const greatest = db
      .prepare<[number], number | null>('SELECT max(id) FROM cold WHERE id <= ?')
      .pluck()
      .get(RECORD_ID_MAX);
    this.#idLimit = Math.max(0, (greatest ?? -1) + 1);
    this.#newest = new NewestEntries(path, this.#idLimit);
  }

  /** Once, first. */
  start(): LoadStarted {
    const journalRows = this.#newest.read(this.#db);
    const profiles = this.#readProfiles();
    const { floors, rejected } = this.#readFloors();
    return {
      type: 'load-started',
      idLimit: this.#idLimit,
      journalRows,
      profiles: profiles.memory,
      profilesBytes: profiles.length,
      floors: floors.memory,
      floorsBytes: floors.length,
      rejectedFloors: rejected,
    };
  }

  next(): LoadChunk {
    const out = this.#chunks[this.#turn === 0 ? 0 : 1];
    this.#turn = 1 - this.#turn;
    out.clear();
    const rows = this.#rows.all(this.#lastId, LOAD_CHUNK_RECORDS);
    const rejected: Rejected[] = [];
    for (const row of rows) {
      const reason = this.#tryRow(out, row);
      if (reason !== undefined) rejected.push({ recordId: isRecordId(row[0]) ? row[0] : undefined, reason });
    }
    const lastId = rows.at(-1)?.[0];
    if (typeof lastId === 'number') this.#lastId = lastId;
    const count = rows.length - rejected.length;
    const done = rows.length < LOAD_CHUNK_RECORDS;
    return { type: 'load-chunk', records: out.memory, recordsBytes: out.length, count, rejected, done };
  }

  /** What is wrong with the row; undefined when it was written. */
  #tryRow(out: ByteWriter, row: RawRow): string | undefined {
    try {
      this.#writeRow(out, row);
      return undefined;
    } catch (error) {
      if (error instanceof BadColumn) return `${describeRow(row)}: ${error.message}`;
      throw error;
    }
  }

  #writeRow(out: ByteWriter, row: RawRow): void {
    const cold = readColdRow(row);
    const journaled = this.#newest.find(cold.recordId, this.#entry);
    const journalCallId = journaled ? this.#newest.callId(cold.recordId) : undefined;
    // A row of `hot` that the journal overrules in all its parts need not even be there.
    const callId = journalCallId ?? readHotInto(row, journaled ? undefined : this.#entry);
    checkProfile(this.#entry.kind, cold.profile, this.#profiles);
    writeRestored(out, this.#entry, cold, callId, journaled);
  }

  #readProfiles(): ByteWriter {
    const out = new ByteWriter(CHUNK_INITIAL, CHUNK_MAX);
    for (const row of this.#db.prepare<[], RawRow>(PROFILES_SQL).raw().iterate()) {
      this.#tryProfile(out, row);
    }
    return out;
  }

  /** A profile that cannot be read makes the rows that name it unreadable; these are what is reported. */
  #tryProfile(out: ByteWriter, row: RawRow): void {
    try {
      const [id, q, methods, flags, userAgent, socket, cflags] = row;
      const number = whole('id', id, 0xffff_ffff);
      const thousandths = q === -1 ? -1 : whole('q', q, 1000);
      const methodBits = methods === null ? METHODS_UNKNOWN : whole('methods', methods, METHODS_UNKNOWN);
      const flagBits = whole('flags', flags, 0xffff_ffff);
      const texts = [text('user_agent', userAgent), text('socket', socket), text('cflags', cflags)];
      out.room(FIXED_ROOM + texts.reduce((sum, part) => sum + roomOf(part), 0));
      out.u32(number);
      out.u16(thousandths + 1);
      out.u32(methodBits);
      out.u32(flagBits);
      for (const part of texts) out.sqlText(part);
      this.#profiles.add(number);
    } catch (error) {
      if (!(error instanceof BadColumn)) throw error;
    }
  }

  #readFloors(): { readonly floors: ByteWriter; readonly rejected: readonly Rejected[] } {
    const floors = new ByteWriter(CHUNK_INITIAL, CHUNK_MAX);
    const rejected: Rejected[] = [];
    const select = 'SELECT username, domain, v_ms, v_counter, v_node, v_incarnation, cseq, callid FROM floor';
    for (const row of this.#db.prepare<[], RawRow>(select).raw().iterate()) {
      try {
        writeFloorRow(floors, row);
      } catch (error) {
        if (!(error instanceof BadColumn)) throw error;
        rejected.push({
          recordId: undefined,
          reason: `floor of ${String(row[0])}@${String(row[1])}: ${error.message}`,
        });
      }
    }
    return { floors, rejected };
  }
}

/** The row's Call-ID; its other columns go into `entry`, if one is given. */
function readHotInto(row: RawRow, entry: Entry | undefined): SqlText {
  const hot = readHotRow(row);
  if (entry === undefined) return hot.callId;
  entry.kind = hot.kind;
  entry.sticky = hot.sticky;
  entry.expiresMs = hot.expiresMs ?? EXPIRES_PERMANENT;
  entry.cseq = hot.cseq;
  entry.ms = hot.ms;
  entry.counter = hot.counter;
  entry.nodeId = hot.nodeId;
  entry.incarnation = hot.incarnation;
  return hot.callId;
}

function writeRestored(out: ByteWriter, entry: Entry, cold: ColdRow, callId: SqlText, journaled: boolean): void {
  out.room(FIXED_ROOM + roomOf(callId) + coldRoom(cold));
  out.u32(cold.recordId);
  out.u8(entryFlags(entry.kind, entry.sticky, cold.key !== undefined, journaled));
  out.u48(entry.ms);
  out.u16(entry.counter);
  out.u16(entry.nodeId);
  out.u32(entry.incarnation);
  out.u48(entry.expiresMs);
  out.u32(entry.cseq);
  out.sqlText(callId);
  writeAor(out, cold.username, cold.domain);
  out.sqlText(cold.contact);
  if (cold.key !== undefined) out.sqlText(cold.key);
  if (entry.kind !== KIND_PUT) return;
  out.sqlText(cold.received);
  out.sqlText(cold.path);
  out.sqlText(cold.instance);
  out.sqlText(cold.attr);
  out.u32(cold.profile ?? 0);
}

function writeFloorRow(out: ByteWriter, row: RawRow): void {
  const username = text('username', row[0]);
  const domain = text('domain', row[1]);
  const ms = whole('v_ms', row[2], VERSION_MS_MAX, 1);
  const counter = whole('v_counter', row[3], 0xffff);
  const node = whole('v_node', row[4], 0xffff, 1);
  const incarnation = whole('v_incarnation', row[5], 0xffff_ffff);
  const cseq = whole('cseq', row[6], 0xffff_ffff);
  const callId = text('callid', row[7]);
  out.room(FIXED_ROOM + roomOf(username) + roomOf(domain) + roomOf(callId));
  writeAor(out, username, domain);
  out.u48(ms);
  out.u16(counter);
  out.u16(node);
  out.u32(incarnation);
  out.u32(cseq);
  out.sqlText(callId);
}

/** The reverse of how `FlushWriter` cuts an AoR. */
function writeAor(out: ByteWriter, username: SqlText, domain: SqlText): void {
  if (domain.length === 0) out.sqlText(username);
  else out.joined(username, AT_SIGN, domain);
}

function coldRoom(cold: ColdRow): number {
  return (
    roomOf(cold.username) +
    roomOf(cold.domain) +
    roomOf(cold.contact) +
    (cold.key === undefined ? 0 : roomOf(cold.key)) +
    roomOf(cold.received) +
    roomOf(cold.path) +
    roomOf(cold.instance) +
    roomOf(cold.attr)
  );
}

/** A character of a string takes at most three octets (four for the two of a surrogate pair). */
function roomOf(value: SqlText): number {
  return textRoom(3 * value.length);
}

const AT_SIGN = 0x40;
