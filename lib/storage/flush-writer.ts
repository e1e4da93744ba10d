import { crc32 } from 'node:zlib';
import type { Database, Statement } from 'better-sqlite3';
import { invariant } from '../core/errors.ts';
import { OP_DELETE, OP_DELETE_FLOOR, OP_ENTRY, OP_FLOOR, OP_RECORD, OP_REJECT } from './batch.ts';
import { ByteReader } from './byte-reader.ts';
import type { FlushOrder } from './messages.ts';
import { ProfileTable } from './profile-table.ts';
import { EXPIRES_PERMANENT, KIND_PUT, emptyEntry, hasKey, readEntry, readVersion } from './record-codec.ts';
import type { SqlText } from './sql-text.ts';

const HOT = `INSERT OR REPLACE INTO hot(id, kind, sticky, expires_ms, cseq, v_ms, v_counter, v_node, v_incarnation, callid)
  VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const COLD = `INSERT OR REPLACE INTO cold(id, username, domain, contact, key, received, path, instance, attr, prof)
  VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const FLOOR = `INSERT OR REPLACE INTO floor(username, domain, v_ms, v_counter, v_node, v_incarnation, cseq, callid)
  VALUES(?, ?, ?, ?, ?, ?, ?, ?)`;
/** A row as text that can be read by people and put back by hand: SQL literals, blobs as X'…'. */
const REJECT = `INSERT INTO rejected(reason, cold, hot) VALUES(?,
  (SELECT concat_ws(', ', id, quote(username), quote(domain), quote(contact), quote(key), quote(received), quote(path),
     quote(instance), quote(attr), quote(prof)) FROM cold WHERE id = ?),
  (SELECT concat_ws(', ', id, quote(kind), quote(sticky), quote(expires_ms), quote(cseq), quote(v_ms), quote(v_counter),
     quote(v_node), quote(v_incarnation), quote(callid)) FROM hot WHERE id = ?))`;

/** Applies flushes to the database, each as one transaction. */
export class FlushWriter {
  readonly #db: Database;
  readonly #profiles: ProfileTable;
  readonly #journal: Statement;
  readonly #deleteJournal: Statement;
  readonly #mark: Statement;
  readonly #hot: Statement;
  readonly #cold: Statement;
  readonly #deleteHot: Statement;
  readonly #deleteCold: Statement;
  readonly #floor: Statement;
  readonly #deleteFloor: Statement;
  readonly #reject: Statement;
  readonly #profileOf: Statement<[number], number | null>;
  readonly #entry = emptyEntry();
  #seq: number;
  /** No row of `cold` has a greater id. */
  #greatestId: number;

  constructor(db: Database) {
    this.#db = db;
    this.#profiles = new ProfileTable(db);
    this.#journal = db.prepare('INSERT INTO journal(seq, crc, data) VALUES(?, ?, ?)');
    this.#deleteJournal = db.prepare('DELETE FROM journal WHERE seq <= ?');
    this.#mark = db.prepare('UPDATE mark SET seq = ?, cluster_ms = ?, clock_offset_ms = ? WHERE id = 1');
    this.#hot = db.prepare(HOT);
    this.#cold = db.prepare(COLD);
    this.#deleteHot = db.prepare('DELETE FROM hot WHERE id = ?');
    this.#deleteCold = db.prepare('DELETE FROM cold WHERE id = ?');
    this.#floor = db.prepare(FLOOR);
    this.#deleteFloor = db.prepare('DELETE FROM floor WHERE username = ? AND domain = ?');
    this.#reject = db.prepare(REJECT);
    this.#profileOf = db.prepare<[number], number | null>('SELECT prof FROM cold WHERE id = ?').pluck();
    this.#seq = db.prepare<[], number>('SELECT seq FROM mark').pluck().get() ?? 0;
    this.#greatestId = db.prepare<[], number | null>('SELECT max(id) FROM cold').pluck().get() ?? -1;
  }

  /** Nothing of a flush that throws is in the database. One that is there already (its answer got lost) is passed over. */
  apply(flush: FlushOrder): void {
    if (flush.seq <= this.#seq) return;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#write(flush);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#profiles.forget();
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#seq = flush.seq;
  }

  #write(flush: FlushOrder): void {
    if (flush.clear) this.#clear();
    if (flush.journalBytes > 0) {
      const data = Buffer.from(flush.journal, 0, flush.journalBytes);
      this.#journal.run(flush.seq, crc32(data), data);
    }
    this.#operations(new ByteReader(Buffer.from(flush.rows, 0, flush.rowsBytes)));
    if (flush.deleteUpTo > 0) this.#deleteJournal.run(flush.deleteUpTo);
    const marked = this.#mark.run(flush.seq, flush.markMs, flush.clockOffsetMs).changes;
    invariant(marked === 1, 'the table mark has one row');
  }

  #clear(): void {
    for (const table of ['cold', 'hot', 'journal', 'floor', 'prof']) this.#db.exec(`DELETE FROM ${table}`);
    this.#profiles.forget();
  }

  #operations(reader: ByteReader): void {
    while (!reader.atEnd) this.#operation(reader.u8(), reader);
  }

  #operation(op: number, reader: ByteReader): void {
    switch (op) {
      case OP_RECORD:
        return this.#writeRecord(reader);
      case OP_ENTRY:
        readEntry(reader, this.#entry);
        return this.#writeHot(reader.sqlText());
      case OP_DELETE:
        return this.#delete(reader.u32());
      case OP_FLOOR:
        return this.#writeFloor(reader);
      case OP_DELETE_FLOOR: {
        const { username, domain } = readAor(reader);
        this.#deleteFloor.run(username, domain);
        return;
      }
      case OP_REJECT:
        return this.#setAside(reader.u32(), reader.sqlText());
      default:
        invariant(false, `operation ${op} is known`);
    }
  }

  #writeRecord(reader: ByteReader): void {
    const entry = this.#entry;
    readEntry(reader, entry);
    this.#writeHot(reader.sqlText());
    const { username, domain } = readAor(reader);
    const contact = reader.sqlText();
    const key = hasKey(entry) ? reader.sqlText() : null;
    const put = entry.kind === KIND_PUT;
    const received = put ? textOrNull(reader) : null;
    const path = put ? textOrNull(reader) : null;
    const instance = put ? textOrNull(reader) : null;
    const attr = put ? textOrNull(reader) : null;
    const profile = put ? this.#profiles.numberOf(reader) : null;
    const formerProfile = this.#formerProfile(entry.recordId);
    this.#cold.run(entry.recordId, username, domain, contact, key, received, path, instance, attr, profile);
    if (formerProfile !== null && formerProfile !== profile) this.#profiles.release(formerProfile);
  }

  /** The profile that the row names so far. Most rows that are written whole are new, and their ids the greatest so far. */
  #formerProfile(recordId: number): number | null {
    if (recordId <= this.#greatestId) return this.#profileOf.get(recordId) ?? null;
    this.#greatestId = recordId;
    return null;
  }

  #writeHot(callId: SqlText): void {
    const entry = this.#entry;
    this.#hot.run(
      entry.recordId,
      entry.kind,
      entry.sticky ? 1 : 0,
      entry.expiresMs === EXPIRES_PERMANENT ? null : entry.expiresMs,
      entry.cseq,
      entry.ms,
      entry.counter,
      entry.nodeId,
      entry.incarnation,
      callId,
    );
  }

  #delete(recordId: number): void {
    const profile = this.#profileOf.get(recordId) ?? null;
    this.#deleteHot.run(recordId);
    this.#deleteCold.run(recordId);
    if (profile !== null) this.#profiles.release(profile);
  }

  #writeFloor(reader: ByteReader): void {
    const { username, domain } = readAor(reader);
    const { ms, counter, nodeId, incarnation } = readVersion(reader);
    const cseq = reader.u32();
    const callId = reader.sqlText();
    this.#floor.run(username, domain, ms, counter, nodeId, incarnation, cseq, callId);
  }

  #setAside(recordId: number, reason: SqlText): void {
    this.#reject.run(reason, recordId, recordId);
    this.#delete(recordId);
  }
}

function textOrNull(reader: ByteReader): SqlText | null {
  const text = reader.sqlText();
  return text.length === 0 ? null : text;
}

/** An AoR as `username` and `domain`: cut at the last `@`, since the user part may hold others; `domain` is '' without one. */
function readAor(reader: ByteReader): { readonly username: SqlText; readonly domain: SqlText } {
  const start = reader.skipText();
  const end = reader.position;
  const at = reader.lastOctet(AT_SIGN, start, end);
  // `user@` must come back with its `@`, which a start adds only before a domain.
  if (at < 0 || at === end - 1) return { username: reader.sqlTextAt(start, end), domain: '' };
  return { username: reader.sqlTextAt(start, at), domain: reader.sqlTextAt(at + 1, end) };
}

const AT_SIGN = 0x40;
