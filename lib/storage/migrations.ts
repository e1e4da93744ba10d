import { readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { OperationalError } from '../core/errors.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

interface Applied {
  readonly number: number;
  readonly name: string;
}

export interface MigrationReport {
  readonly applied: readonly string[];
  readonly backup: string | undefined;
}

const MIGRATION_FILE = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** What `version` must say about the tables that OpenSIPS's tools know, if it speaks of them. */
const TABLE_VERSIONS = [
  ['location', 1013],
  ['clusterer', 4],
  ['subscriber', 8],
] as const;

/**
 * Brings the schema up to the migrations of this build, each in a transaction of its own. A file that holds data is
 * copied first, to `<file>.bak-<number of its last migration>`. Throws an OperationalError for a file of a newer build.
 */
export function migrate(db: Database, path: string, migrationsPath: string): MigrationReport {
  const migrations = readMigrations(migrationsPath);
  const done = appliedMigrations(db);
  refuseNewer(path, migrations, done);
  const due = migrations.slice(done.length);
  if (due.length === 0) return { applied: [], backup: undefined };
  const last = done.at(-1);
  const backup = last === undefined ? undefined : copyFile(db, path, last.number);
  for (const migration of due) apply(db, migration);
  return { applied: due.map((migration) => migration.name), backup };
}

/** The `version` table is OpenSIPS's way to say what its tables look like: a mismatch is refused, as its modules do. */
export function checkTableVersions(db: Database, path: string): void {
  const found = new Map(db.prepare<[], [string, number]>('SELECT table_name, table_version FROM version').raw().all());
  const wrong = TABLE_VERSIONS.filter(([table, version]) => found.get(table) !== version).map(
    ([table, version]) => `${table} is version ${found.get(table) ?? '(missing)'}, this build needs ${version}`,
  );
  if (wrong.length > 0) throw new OperationalError(`db_url: ${path}: table "version" says: ${wrong.join('; ')}`);
}

function readMigrations(folder: string): readonly Migration[] {
  const migrations = listFolder(folder)
    .sort()
    .flatMap((name) => {
      const number = MIGRATION_FILE.exec(name)?.[1];
      return number === undefined
        ? []
        : [{ number: Number(number), name, sql: readFileSync(join(folder, name), 'utf8') }];
    });
  const gap = migrations.findIndex((migration, index) => migration.number !== index + 1);
  if (gap >= 0 || migrations.length === 0)
    throw new OperationalError(
      `${folder}: migrations must be numbered 0001, 0002, … without a gap; the installation is incomplete`,
    );
  return migrations;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new OperationalError(`${folder}: the migrations cannot be read; the installation is incomplete`, { cause });
  }
}

function appliedMigrations(db: Database): readonly Applied[] {
  const known = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'").get();
  if (known === undefined) return [];
  return db.prepare<[], Applied>('SELECT number, name FROM migration ORDER BY number').all();
}

function refuseNewer(path: string, migrations: readonly Migration[], done: readonly Applied[]): void {
  const unknown = done.find((applied, index) => migrations[index]?.name !== applied.name);
  if (unknown === undefined) return;
  throw new OperationalError(
    `db_url: ${path} was written by a newer or another build: it has the migration ${unknown.name}, ` +
      `this build knows up to ${migrations.at(-1)?.name ?? 'none'}; start the build that wrote it, or move the file away`,
  );
}

/** VACUUM INTO copies one moment of the file, with what still stands in the write-ahead log. */
function copyFile(db: Database, path: string, from: number): string {
  const backup = `${path}.bak-${from}`;
  const unfinished = `${backup}.tmp`;
  rmSync(unfinished, { force: true });
  db.prepare('VACUUM INTO ?').run(unfinished);
  renameSync(unfinished, backup);
  return backup;
}

function apply(db: Database, migration: Migration): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(`CREATE TABLE IF NOT EXISTS migration(
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)`);
    db.exec(migration.sql);
    db.prepare('INSERT INTO migration(number, name) VALUES(?, ?)').run(migration.number, migration.name);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
