import type { Clock } from '../../core/clock.ts';
import type { Persistence } from '../../storage/persistence.ts';
import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import { AOR_PARAMS, isError, knownAor } from './aor-of.ts';
import { TABLE_NAME, type AorSettings, type Bindings } from './bindings.ts';

/** A table of 500 000 contacts takes a few seconds; who has waited this long is told so, and it goes on. */
const PATIENCE_MS = 30_000;

interface UlDiskParts {
  readonly bindings: Bindings;
  readonly settings: AorSettings;
  readonly store: Pick<Persistence, 'mergeNow' | 'status'>;
  readonly clock: Clock;
}

/**
 * `ul_flush` and `ul_sync`: bring the rows of `location` up to what is in memory. In OpenSIPS the latter also repairs rows
 * that differ from memory; here rows are written from memory only, and both are one.
 */
export function ulDiskCommands(parts: UlDiskParts): readonly MiCommand[] {
  const merges = new Merges(parts.store);
  const merged = () => inTime(merges.next(), parts);
  /** OpenSIPS says this as an error with the code 200. Nothing went wrong, so here it is a result. */
  const synced = () => (parts.store.status() === undefined ? result('Contacts already synced') : merged());
  return [
    {
      name: 'ul_flush',
      alias: 'usrloc:flush',
      module: 'usrloc',
      help: 'brings the rows in the database up to what is in memory',
      recipes: [recipe([], merged)],
    },
    {
      name: 'ul_sync',
      alias: 'usrloc:sync',
      module: 'usrloc',
      help: 'rewrites the rows in the database, of the table or of one AoR, from memory',
      recipes: [
        recipe([{ name: 'table_name', type: 'string' }], ({ table_name }) =>
          table_name === TABLE_NAME ? synced() : miError(404, 'Table not found'),
        ),
        recipe(AOR_PARAMS, (values) => {
          const found = knownAor(values, parts.bindings, parts.settings);
          return isError(found) ? found : synced();
        }),
      ],
    },
  ];
}

/** At most one merge runs and one waits, whoever asks and however long the disk takes. */
class Merges {
  readonly #store: UlDiskParts['store'];
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(store: UlDiskParts['store']) {
    this.#store = store;
  }

  /** Resolves when a merge that began after this call is done. */
  next(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined;
      return this.#begin();
    });
    return this.#waiting;
  }

  #begin(): Promise<void> {
    this.#running = this.#store.mergeNow().then(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

async function inTime(merged: Promise<void>, { store, clock }: UlDiskParts): Promise<MiAnswer> {
  const late = Promise.withResolvers<MiAnswer>();
  const timer = clock.after(PATIENCE_MS, () => late.resolve(miError(500, lateText(store))));
  try {
    return await Promise.race([merged.then(() => result('OK')), late.promise]);
  } finally {
    timer.cancel();
  }
}

function lateText(store: UlDiskParts['store']): string {
  const disk = store.status()?.disk;
  const reason = disk?.state === 'degraded' ? disk.reason : 'the disk is slow';
  return `the rows are not up to date after ${PATIENCE_MS / 1000} s: ${reason}; it goes on`;
}
