import { AorKey } from './aor-key.ts';
import { BUCKET_HASH_KEY, CHECK_HASH_KEY } from './bucket-hash.ts';
import { DigestShare } from './digest-share.ts';
import type { AorState } from './record.ts';

/** One AoR, for the comparison of two tables: equal on both nodes when its records and floor are. */
export interface AorSummary {
  /** The bucket hash; `check` is another hash of the AoR, and both together name it. */
  readonly hash: number;
  readonly check: number;
  /** Digest of the AoR's records and floor. */
  readonly high: number;
  readonly low: number;
}

const key = new AorKey(BUCKET_HASH_KEY);

/** A pure function of the state's AoR, versions, ranks, sticky flags and floor, whatever the order of its records. */
export function summaryOf({ aor, records, floor }: AorState): AorSummary {
  key.set(aor);
  const { hash } = key;
  const share = new DigestShare();
  let high = 0;
  let low = 0;
  for (const record of records) {
    share.ofRecord(hash, record);
    high = (high + share.high) | 0;
    low = (low + share.low) | 0;
  }
  if (floor !== undefined) {
    share.ofFloor(hash, floor.version);
    high = (high + share.high) | 0;
    low = (low + share.low) | 0;
  }
  return { hash, check: key.hashBy(CHECK_HASH_KEY), high: high >>> 0, low: low >>> 0 };
}
