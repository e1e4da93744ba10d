import type { AorState } from './record.ts';
import type { Version } from './version.ts';
import { COUNTER_MAX, compareVersions } from './version.ts';

/** This node in this process's life: what makes its stamps differ from all others. */
export interface Writer {
  readonly nodeId: number;
  readonly incarnation: number;
}

/** The greatest version in the AoR, of records and floor; undefined when it has neither. */
export function greatestVersion(state: AorState): Version | undefined {
  let greatest = state.floor?.version;
  for (const { version } of state.records) {
    if (greatest === undefined || compareVersions(version, greatest) > 0) greatest = version;
  }
  return greatest;
}

/** A new stamp: not below cluster time, and above `known` however far ahead that is. A full counter runs into the next millisecond. */
export function stampAbove(known: Version | undefined, nowMs: number, writer: Writer): Version {
  const { nodeId, incarnation } = writer;
  if (known === undefined || known.ms < nowMs) return { ms: nowMs, counter: 0, nodeId, incarnation };
  if (known.counter < COUNTER_MAX) return { ms: known.ms, counter: known.counter + 1, nodeId, incarnation };
  return { ms: known.ms + 1, counter: 0, nodeId, incarnation };
}
