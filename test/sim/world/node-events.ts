import type { CommittedChangeSet } from '../../../lib/location/change.ts';
import type { SimProcess } from './sim-process.ts';

/** What a process tells of itself while it happens. */
export interface NodeEvents {
  /** Something changed in its table; the change set was applied. */
  committed(process: SimProcess, changes: CommittedChangeSet): void;
  /** From now on what it answers is on the other process, as it sees it. `twin`: the process at the other end of the link. */
  cameInSync(process: SimProcess, twin: SimProcess | undefined): void;
  leftSync(process: SimProcess): void;
  /** At the end of each turn of its event loop. */
  turned(process: SimProcess): void;
  /** A line for the one who reads the history. */
  note(node: string, text: string): void;
  /** What the process certainly holds, for its disk's snapshot. */
  opsHeld(process: SimProcess): bigint;
}
