import type { SweepPosition } from './merge-sweep.ts';

interface LedgerRow {
  readonly seq: number;
  readonly bytes: number;
  readonly cut: SweepPosition;
}

/** Which rows the journal table holds, so that those which the merge has overtaken can be deleted, oldest first. */
export class JournalLedger {
  #rows: LedgerRow[] = [];
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(seq: number, bytes: number, cut: SweepPosition): void {
    if (bytes === 0) return;
    this.#rows.push({ seq, bytes, cut });
    this.#bytes += bytes;
  }

  /** Takes off the rows that the sweep has overtaken, up to about `bytesMost`; gives the greatest seq of these, or 0. */
  overtaken(now: SweepPosition, bytesMost: number): number {
    let seq = 0;
    let left = bytesMost;
    for (;;) {
      const row = this.#rows[this.#head];
      if (row === undefined || left <= 0 || !hasOvertaken(now, row.cut)) break;
      seq = row.seq;
      left -= row.bytes;
      this.#bytes -= row.bytes;
      this.#head++;
    }
    this.#compact();
    return seq;
  }

  clear(): void {
    this.#rows = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #compact(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#rows.length) return;
    this.#rows = this.#rows.slice(this.#head);
    this.#head = 0;
  }
}

function hasOvertaken(now: SweepPosition, cut: SweepPosition): boolean {
  return now.round > cut.round + 1 || (now.round === cut.round + 1 && now.recordId >= cut.recordId);
}
