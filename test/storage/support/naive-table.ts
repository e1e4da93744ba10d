import type { ChangeListener, RecordLoader } from '../../../lib/location/ports.ts';
import type { AorState, Floor, LocationRecord } from '../../../lib/location/record.ts';

/** A table as plain as can be: maps of values. It tells its listener of each change, as the real one does. */
export class NaiveTable implements RecordLoader {
  readonly records = new Map<number, { aor: string; record: LocationRecord }>();
  readonly floors = new Map<string, Floor>();
  listener: ChangeListener | undefined;
  /** A test may set it: what is written here has no stamps. */
  lastStampMs = 0;

  get recordIdLimit(): number {
    return Math.max(-1, ...this.records.keys()) + 1;
  }

  readRecord(recordId: number): { readonly aor: string; readonly record: LocationRecord } | undefined {
    return this.records.get(recordId);
  }

  read(aor: string): AorState {
    const records = [...this.records.values()].filter((entry) => entry.aor === aor).map((entry) => entry.record);
    return { aor, floor: this.floors.get(aor), records };
  }

  restore(recordId: number, aor: string, record: LocationRecord): void {
    this.records.set(recordId, { aor, record });
  }

  restoreFloor(aor: string, floor: Floor): void {
    this.floors.set(aor, floor);
  }

  /** Writes records of one AoR as one change set; an id of -1 takes the least free one. */
  write(aor: string, records: readonly (readonly [recordId: number, record: LocationRecord])[], floor?: Floor): void {
    const writes = records.map(([wanted, after]) => {
      const recordId = wanted < 0 ? this.#freeId() : wanted;
      const before = this.records.get(recordId)?.record;
      this.records.set(recordId, { aor, record: after });
      return { recordId, before, after };
    });
    if (floor !== undefined) this.floors.set(aor, floor);
    this.listener?.committed?.({ aor, origin: 'sip', writes, floor });
  }

  forget(recordId: number): void {
    const entry = this.records.get(recordId);
    if (entry === undefined) return;
    this.records.delete(recordId);
    this.listener?.forgotten?.(entry.aor, recordId);
  }

  forgetFloor(aor: string): void {
    if (this.floors.delete(aor)) this.listener?.floorForgotten?.(aor);
  }

  /** All that is in it, in an order of its own, to be compared. */
  contents(): readonly string[] {
    const records = [...this.records].map(([id, entry]) => `${id} ${entry.aor} ${canonical(entry.record)}`);
    const floors = [...this.floors].map(([aor, floor]) => `floor ${aor} ${canonical(floor)}`);
    return [...records, ...floors].sort();
  }

  #freeId(): number {
    let id = 0;
    while (this.records.has(id)) id++;
    return id;
  }
}

/** A value as text that does not depend on the order of its properties. */
export function canonical(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === Infinity) return 'Infinity';
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
