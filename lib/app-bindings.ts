import type { LocationTable } from './location/location-table.ts';
import type { AorState, PutRecord } from './location/record.ts';
import type { AorBindings, Bindings, ShownBinding } from './mi/commands/bindings.ts';

/** The location table as the `ul_*` commands read it. */
export class TableBindings implements Bindings {
  readonly #table: LocationTable;
  readonly #clusterClock: { nowMs(): number };
  readonly #durableMarkMs: (() => number) | undefined;

  /** @param durableMarkMs cluster time up to which everything is on disk; undefined when there is no disk. */
  constructor(table: LocationTable, clusterClock: { nowMs(): number }, durableMarkMs: (() => number) | undefined) {
    this.#table = table;
    this.#clusterClock = clusterClock;
    this.#durableMarkMs = durableMarkMs;
  }

  find(aor: string): AorBindings {
    return this.#shown(this.#table.read(aor));
  }

  *all(): Generator<AorBindings, undefined> {
    for (const state of this.#table.aors()) yield this.#shown(state);
    return undefined;
  }

  #shown(state: AorState): AorBindings {
    const { aor } = state;
    const nowMs = this.#clusterClock.nowMs();
    const live = this.#table.live(state, nowMs);
    return { aor, nowMs, shown: live.map((record) => this.#binding(aor, record)) };
  }

  #binding(aor: string, record: PutRecord): ShownBinding {
    const recordId = this.#table.recordIdOf(aor, record.key) ?? 0;
    return { record, contactId: String(recordId), state: this.#stateOf(record) };
  }

  /** As usrloc: a contact that no database will ever hold stays new. */
  #stateOf({ version }: PutRecord): ShownBinding['state'] {
    if (this.#durableMarkMs === undefined) return 'CS_NEW';
    return version.ms <= this.#durableMarkMs() ? 'CS_SYNC' : 'CS_DIRTY';
  }
}
