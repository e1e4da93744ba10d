import type { Database, Statement } from 'better-sqlite3';
import { METHODS_UNKNOWN } from '../location/record.ts';
import type { ByteReader } from './byte-reader.ts';
import type { SqlText } from './sql-text.ts';

/** Numbers of profiles kept in memory; when there are more, all are looked up anew. */
const REMEMBERED_MAX = 16_384;

type Content = [userAgent: SqlText, socket: SqlText, cflags: SqlText, q: number, methods: number | null, flags: number];

/**
 * The table `prof`: gives each profile its number, and a new one a row. A profile that no record names any more loses its
 * row at once, so a phone that says another User-Agent each time leaves nothing behind.
 */
export class ProfileTable {
  readonly #find: Statement<Content, number>;
  readonly #insert: Statement<Content>;
  readonly #deleteUnnamed: Statement<[number, number]>;
  readonly #numbers = new Map<string, number>();
  /** The same, the other way round. */
  readonly #contents = new Map<number, string>();

  constructor(db: Database) {
    this.#find = db
      .prepare<Content, number>(
        `SELECT id FROM prof WHERE user_agent = ? AND socket = ? AND cflags = ? AND q = ?
         AND coalesce(methods, -1) = coalesce(?, -1) AND flags = ?`,
      )
      .pluck();
    this.#insert = db.prepare(
      'INSERT INTO prof(user_agent, socket, cflags, q, methods, flags) VALUES(?, ?, ?, ?, ?, ?)',
    );
    this.#deleteUnnamed = db.prepare(
      'DELETE FROM prof WHERE id = ? AND NOT EXISTS (SELECT 1 FROM cold WHERE prof = ?)',
    );
  }

  /** Reads the profile that follows in `reader`; its number may be of a row that the running transaction made. */
  numberOf(reader: ByteReader): number {
    const start = reader.position;
    skipProfile(reader);
    const content = reader.latin1At(start, reader.position);
    const known = this.#numbers.get(content);
    if (known !== undefined) return known;
    reader.seek(start);
    const q = reader.u16() - 1;
    const methods = reader.u32();
    const flags = reader.u32();
    const texts = [reader.sqlText(), reader.sqlText(), reader.sqlText()] as const;
    const row: Content = [...texts, q, methods === METHODS_UNKNOWN ? null : methods, flags];
    const number = this.#find.get(...row) ?? Number(this.#insert.run(...row).lastInsertRowid);
    if (this.#numbers.size >= REMEMBERED_MAX) this.forget();
    this.#numbers.set(content, number);
    this.#contents.set(number, content);
    return number;
  }

  /** A row of `cold` that named this profile does so no longer. */
  release(number: number): void {
    if (this.#deleteUnnamed.run(number, number).changes === 0) return;
    const content = this.#contents.get(number);
    if (content === undefined) return;
    this.#contents.delete(number);
    this.#numbers.delete(content);
  }

  /** After a rollback: rows that were made are gone, and their numbers free. */
  forget(): void {
    this.#numbers.clear();
    this.#contents.clear();
  }
}

function skipProfile(reader: ByteReader): void {
  reader.u16();
  reader.u32();
  reader.u32();
  for (let text = 0; text < 3; text++) reader.skipText();
}
