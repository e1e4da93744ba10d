import type { LocationTable } from '../location/location-table.ts';
import type { AorState, PutRecord } from '../location/record.ts';
import type { AorBindings, Bindings, ShownBinding } from '../mi/commands/bindings.ts';

/** The round trip of a contact's last answered ping in microseconds; undefined when there was none. */
type LatencyReader = (recordId: number) => number | undefined;

/** The location table as the `ul_*` commands read it. */
export class TableBindings implements Bindings {
  readonly #table: LocationTable;
  readonly #clusterClock: { nowMs(): number };
  readonly #durableMarkMs: (() => number) | undefined;
  readonly #latencyUsOf: LatencyReader | undefined;

  /**
   * @param durableMarkMs cluster time up to which everything is on disk; undefined when there is no disk.
   * @param latencyUsOf the last ping's round trip; undefined when nothing is pinged.
   */
  constructor(
    table: LocationTable,
    clusterClock: { nowMs(): number },
    durableMarkMs: (() => number) | undefined,
    latencyUsOf?: LatencyReader,
  ) {
    this.#table = table;
    this.#clusterClock = clusterClock;
    this.#durableMarkMs = durableMarkMs;
    this.#latencyUsOf = latencyUsOf;
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
    const pingLatencyUs = this.#latencyUsOf?.(recordId);
    return { record, contactId: String(recordId), state: this.#stateOf(record), pingLatencyUs };
  }

  /** As usrloc: a contact that no database will ever hold stays new. */
  #stateOf({ version }: PutRecord): ShownBinding['state'] {
    if (this.#durableMarkMs === undefined) return 'CS_NEW';
    return version.ms <= this.#durableMarkMs() ? 'CS_SYNC' : 'CS_DIRTY';
  }
}
