import type { Ageing } from './ageing.ts';
import type { AorStore } from './aor-store.ts';
import type { HiddenHere } from './hidden-here.ts';
import { hiddenHereIn } from './hidden-here.ts';
import { findByKey } from './plan.ts';
import type { AorState } from './record.ts';
import type { Version } from './version.ts';
import { compareVersions } from './version.ts';

/**
 * Contacts that this node alone does not show, because they did not answer its pings while it was out of sync:
 * it may be the one that is cut off, and what it judged for good would end bindings that the twin serves. The mark is no
 * part of the record: merges, digests, the twin and the disk do not know it, and a record that is written anew is shown.
 */
export class LocalHiding {
  readonly #store: AorStore;
  readonly #ageing: Ageing;

  constructor(store: AorStore, ageing: Ageing) {
    this.#store = store;
    this.#ageing = ageing;
  }

  get count(): number {
    return this.#store.hiddenHere.size;
  }

  has(recordId: number): boolean {
    return this.#store.hiddenHere.has(recordId);
  }

  /** Which records of this state are hidden; undefined when none is, or none can be. */
  inState({ aor }: AorState): HiddenHere | undefined {
    const { hiddenHere } = this.#store;
    const stored = hiddenHere.size === 0 ? undefined : this.#store.find(aor);
    return stored === undefined ? undefined : hiddenHereIn(stored, hiddenHere);
  }

  hide(aor: string, key: string, version: Version): boolean {
    const stored = this.#store.find(aor);
    if (stored === undefined) return false;
    const index = findByKey(stored.state.records, key);
    const record = stored.state.records[index];
    const id = stored.ids[index];
    if (record?.kind !== 'put' || id === undefined || this.has(id)) return false;
    if (compareVersions(record.version, version) !== 0) return false;
    this.#store.hiddenHere.add(id);
    this.#ageing.lookSoon(stored.slot);
    return true;
  }

  show(aor: string, key: string): boolean {
    if (this.count === 0) return false;
    const stored = this.#store.find(aor);
    const id = stored?.ids[findByKey(stored.state.records, key)];
    if (stored === undefined || id === undefined || !this.#store.hiddenHere.delete(id)) return false;
    this.#ageing.lookSoon(stored.slot);
    return true;
  }

  showAll(): number {
    const { hiddenHere } = this.#store;
    const { size } = hiddenHere;
    for (const id of hiddenHere) this.#ageing.lookSoon(this.#store.slotOfRecord(id));
    hiddenHere.clear();
    return size;
  }
}
