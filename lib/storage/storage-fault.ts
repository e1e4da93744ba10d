import Database from 'better-sqlite3';

/** Codes after which this connection, or this file, will not do: the file is opened anew. */
const REOPEN = [
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  'SQLITE_PROTOCOL',
];

/** SQLite's extended codes begin with their primary one. */
const MEANING: readonly (readonly [code: string, reason: (path: string) => string])[] = [
  ['SQLITE_FULL', (path) => `no space is left for ${path}`],
  ['SQLITE_BUSY', (path) => `${path} is locked by another program`],
  ['SQLITE_LOCKED', (path) => `${path} is locked by another program`],
  ['SQLITE_READONLY', (path) => `${path} cannot be written (read-only)`],
  ['SQLITE_PERM', (path) => `${path} cannot be written (permissions)`],
  ['SQLITE_CANTOPEN', (path) => `${path} cannot be opened`],
  ['SQLITE_NOTADB', (path) => `${path} is not a SQLite database`],
  ['SQLITE_CORRUPT', (path) => `${path} is damaged`],
  ['SQLITE_IOERR', (path) => `reading or writing ${path} failed`],
];

/** Why the disk did not do what it should, for the operator; undefined when it was not the disk's fault. */
export function storageFault(
  error: unknown,
  path: string,
): { readonly reason: string; readonly reopen: boolean } | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined;
  const meaning = MEANING.find(([code]) => error.code.startsWith(code))?.[1](path) ?? `SQLite refuses ${path}`;
  return {
    reason: `${meaning} (${error.code}: ${error.message})`,
    reopen: REOPEN.some((code) => error.code.startsWith(code)),
  };
}
