import type { Judgement, Order } from '../location/change.ts';
import type { LocationTable, Refused } from '../location/location-table.ts';
import type { CommitGate } from '../location/ports.ts';
import type { AorState } from '../location/record.ts';
import type { BindingOrders } from '../mi/commands/bindings.ts';

/** The location table as the `ul_*` commands change it: like a REGISTER, but for who asks. */
export class TableOrders implements BindingOrders {
  readonly #table: LocationTable;
  readonly #gate: CommitGate;
  readonly #clusterClock: { nowMs(): number };
  readonly #isStopping: () => boolean;

  /**
   * @param gate all gates that a REGISTER's reply waits for, as one.
   * @param isStopping from then on neither the twin nor the disk takes anything more.
   */
  constructor(
    table: LocationTable,
    gate: CommitGate,
    clusterClock: { nowMs(): number },
    isStopping: () => boolean = () => false,
  ) {
    this.#table = table;
    this.#gate = gate;
    this.#clusterClock = clusterClock;
    this.#isStopping = isStopping;
  }

  read(aor: string): { readonly state: AorState; readonly nowMs: number } {
    return { state: this.#table.read(aor), nowMs: this.#clusterClock.nowMs() };
  }

  commit(aor: string, changes: readonly (Order | Judgement)[]): Promise<string | undefined> {
    if (this.#isStopping()) return Promise.resolve('the node is stopping');
    const outcome = this.#table.commit({ aor, origin: 'mi', changes }, this.#clusterClock.nowMs());
    if ('refused' in outcome) return Promise.resolve(refusalText(outcome));
    return new Promise((resolve) => {
      this.#gate.settle(aor, () => resolve(undefined));
    });
  }
}

function refusalText({ refused, limit }: Refused): string {
  switch (refused) {
    case 'aors':
      return `the table is full: it has ${limit} AoRs, as many as max_aors allows`;
    case 'records-per-aor':
      return `the AoR has ${limit} records, as many as max_records_per_aor allows; removed ones count until they are forgotten`;
    case 'aor-bytes':
      return `the contacts of the AoR would take more than ${limit} bytes`;
  }
}
