import type { CommittedChangeSet } from './change.ts';
import type { ChangeListener } from './ports.ts';
import type { LocationRecord } from './record.ts';

/** All listeners as one; each hears in the order in which they were added. */
export class Listeners implements Required<ChangeListener> {
  readonly #all: ChangeListener[] = [];

  add(listener: ChangeListener): void {
    this.#all.push(listener);
  }

  committed(changes: CommittedChangeSet): void {
    for (const listener of this.#all) listener.committed?.(changes);
  }

  expired(aor: string, record: LocationRecord): void {
    for (const listener of this.#all) listener.expired?.(aor, record);
  }

  forgotten(aor: string, recordId: number): void {
    for (const listener of this.#all) listener.forgotten?.(aor, recordId);
  }

  floorForgotten(aor: string): void {
    for (const listener of this.#all) listener.floorForgotten?.(aor);
  }
}
