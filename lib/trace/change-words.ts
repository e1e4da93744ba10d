import type { CommittedChangeSet, RecordWrite } from '../location/change.ts';
import { PERMANENT, type Floor } from '../location/record.ts';
import { isAlive } from '../location/view.ts';
import type { TraceChange, Verdict } from './trace-event.ts';

/** What tells a record that was shown from one that was not. */
export interface Moment {
  /** The AoR's floor, as it is after the change. */
  readonly floor: Floor | undefined;
  /** Cluster time. */
  readonly nowMs: number;
}

/**
 * A change set in words. The records of bindings that expired, or that a `*` had ended before, were not there any more.
 * @param verdictOn why the record under this key was judged gone
 */
export function changeWords(
  { writes, floor }: CommittedChangeSet,
  moment: Moment,
  verdictOn: (key: string) => Verdict,
): readonly TraceChange[] {
  const words = writes.map((write) => wordsOf(write, moment, verdictOn));
  return floor === undefined ? words : [...words, { what: 'all-removed' }];
}

function wordsOf(write: RecordWrite, { floor, nowMs }: Moment, verdictOn: (key: string) => Verdict): TraceChange {
  const { before, after } = write;
  const wasThere = before !== undefined && isAlive(before, floor, nowMs);
  const contact = after.contactUri;
  switch (after.kind) {
    case 'put': {
      const { received, path } = after.binding;
      return {
        what: wasThere ? 'refreshed' : 'added',
        contact,
        expires_s: after.expiresAtMs === PERMANENT ? 'permanent' : Math.ceil((after.expiresAtMs - nowMs) / 1000),
        ...(received === '' ? {} : { received }),
        ...(path === '' ? {} : { path }),
      };
    }
    case 'removed':
      return { what: wasThere ? 'removed' : 'not-there', contact };
    case 'judged':
      return { what: verdictOn(after.key), contact };
  }
}
