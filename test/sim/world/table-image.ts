import type { LocationTable } from '../../../lib/location/location-table.ts';
import type { AorState } from '../../../lib/location/record.ts';

/** All that a table holds, read anew only where it has changed: a snapshot of many AoRs each second would cost more than the rest of a history. */
export class TableImage {
  readonly #table: LocationTable;
  readonly #states = new Map<string, AorState>();
  readonly #changed = new Set<string>();

  constructor(table: LocationTable, restored: readonly AorState[]) {
    this.#table = table;
    for (const state of restored) this.#states.set(state.aor, state);
  }

  /** To be called for whatever is written or forgotten. */
  changed(aor: string): void {
    this.#changed.add(aor);
  }

  states(): readonly AorState[] {
    for (const aor of this.#changed) {
      const state = this.#table.read(aor);
      if (state.records.length === 0 && state.floor === undefined) this.#states.delete(aor);
      else this.#states.set(aor, state);
    }
    this.#changed.clear();
    return [...this.#states.values()];
  }
}
