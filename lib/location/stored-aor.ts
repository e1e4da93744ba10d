import { invariant } from '../core/errors.ts';
import { headBytes } from './aor-codec.ts';
import type { Hidden } from './hidden.ts';
import { recordBytes } from './record-codec.ts';
import type { AorState } from './record.ts';

/** An AoR as it was read from its block. Stale as soon as the AoR is written again. */
export interface StoredAor {
  readonly slot: number;
  readonly state: AorState;
  /** Record ids, in the order of the state's records. */
  readonly ids: readonly number[];
  /** Where each record begins in the block, and last where the block ends. */
  readonly starts: readonly number[];
  readonly hidden: Hidden;
}

/** How many octets the state takes when packed. */
export function packedBytes(state: AorState): number {
  let bytes = headBytes(state.aor, state.floor);
  for (const record of state.records) bytes += recordBytes(record);
  return bytes;
}

/** Where a record begins, from the start of the block. */
export function startOf(stored: StoredAor, index: number): number {
  const start = stored.starts[index];
  invariant(start !== undefined, 'a record has a place');
  return start;
}

/** How many octets a record takes in the block. */
export function sizeOf(stored: StoredAor, index: number): number {
  return startOf(stored, index + 1) - startOf(stored, index);
}

/** Whether the change can be written over what stands in the block: the same records, each as long as before. Most refreshes are so. */
export function fitsInPlace(stored: StoredAor | undefined, next: AorState): boolean {
  if (stored === undefined) return false;
  const { records, floor } = stored.state;
  if (next.floor !== floor || next.records.length !== records.length) return false;
  for (let index = 0; index < records.length; index++) {
    const record = next.records[index];
    if (record !== undefined && record !== records[index] && recordBytes(record) !== sizeOf(stored, index))
      return false;
  }
  return true;
}
