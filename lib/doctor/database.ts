import { stat } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import type { DaemonAnswer } from './daemon-answer.ts';
import { DATABASE_BYTES_MAX, withDatabaseCopy } from './database-copy.ts';
import { error, unchecked, type Finding } from './finding.ts';
import { lookAt } from './read-path.ts';

/** What was seen of one database file. */
export type DatabaseFacts =
  /** Empty ones and missing ones are sound: the daemon makes them. */
  | { readonly kind: 'sound'; readonly path: string }
  | { readonly kind: 'damaged'; readonly path: string; readonly damage: string; readonly remedy: string }
  | { readonly kind: 'unchecked'; readonly path: string; readonly reason: string; readonly remedy: string };

/**
 * Looks at the pages of the database files that the daemon opens, and only while none answers: one that writes says by itself
 * what is wrong, and a copy that is made meanwhile may be of two moments.
 */
export async function readDatabaseFacts(config: Config, answer: DaemonAnswer): Promise<readonly DatabaseFacts[]> {
  if (answer.kind !== 'not-running') return [];
  const { persistence, cluster, clustererPath } = config;
  const paths = new Set<string>();
  if (persistence.kind === 'sqlite') paths.add(persistence.path);
  if (cluster?.nodes.kind === 'table') paths.add(clustererPath);
  return Promise.all([...paths].map(databaseFacts));
}

async function databaseFacts(path: string): Promise<DatabaseFacts> {
  const found = await lookAt(path);
  if (found.kind === 'missing') return { kind: 'sound', path };
  if (found.kind === 'unreadable') return hidden(path, found.reason);
  if (found.kind !== 'file')
    return { kind: 'unchecked', path, reason: `it is a ${found.kind}`, remedy: 'name a file in usrloc.db_url' };
  const before = await written(path);
  if (before.bytes > DATABASE_BYTES_MAX) {
    const reason = `it has more than ${DATABASE_BYTES_MAX / 2 ** 20} MiB`;
    return {
      kind: 'unchecked',
      path,
      reason,
      remedy: `sqlite3 ${path} "PRAGMA quick_check(1)" says it, while no daemon runs`,
    };
  }
  try {
    const { databaseDamage, remedy } = await import('../storage/database-file.ts').then(
      ({ databaseDamage, DAMAGED_REMEDY: remedy }) => ({ databaseDamage, remedy }),
    );
    const damage = await withDatabaseCopy(path, databaseDamage);
    if (damage === undefined) return { kind: 'sound', path };
    const after = await written(path);
    if (after.stamp === before.stamp) return { kind: 'damaged', path, damage, remedy };
    return { kind: 'unchecked', path, reason: 'somebody writes it', remedy: 'run twinreg doctor again' };
  } catch (err) {
    return hidden(path, err instanceof Error ? err.message : String(err));
  }
}

function hidden(path: string, reason: string): DatabaseFacts {
  return { kind: 'unchecked', path, reason, remedy: 'run twinreg doctor as root' };
}

/** What changes when somebody writes the database; `bytes` of both files. */
async function written(path: string): Promise<{ readonly bytes: number; readonly stamp: string }> {
  const found = await Promise.all([path, `${path}-wal`].map((file) => stat(file).catch(() => undefined)));
  return {
    bytes: found.reduce((sum, file) => sum + (file?.size ?? 0), 0),
    stamp: found.map((file) => `${file?.size} ${file?.mtimeMs}`).join(', '),
  };
}

export function checkDatabases(facts: readonly DatabaseFacts[]): readonly Finding[] {
  return facts.flatMap((found) => {
    switch (found.kind) {
      case 'sound':
        return [];
      case 'damaged':
        return [
          error(
            `the database ${found.path} is damaged, so that the daemon does not start: ${oneLine(found.damage)}`,
            found.remedy,
          ),
        ];
      case 'unchecked':
        return [unchecked(`the database ${found.path} (${found.reason})`, found.remedy)];
    }
  });
}

/** quick_check puts each page on a line of its own. */
function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
