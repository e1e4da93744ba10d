import type { Version } from '../../../lib/location/version.ts';
import type { ContactName } from '../history/planned-event.ts';
import type { SimProcess } from '../world/sim-process.ts';

/**
 * One thing that somebody asked for and a node carried out: a binding made or removed by a phone or an operator, all
 * bindings of an AoR removed; or that a node judged a binding gone.
 */
export interface Op {
  /** A bit of its own, for sets of them. */
  readonly bit: bigint;
  readonly kind: 'put' | 'remove' | 'floor' | 'judge';
  readonly aor: string;
  /** Undefined for `floor`, which is about all contacts. */
  readonly contact: ContactName | undefined;
  readonly key: string;
  /** Where it was carried out, and when in simulated time. */
  readonly process: SimProcess;
  readonly atMs: number;
  /** What the node stamped it with; a judgement's is that of the binding judged. */
  readonly version: Version;
  readonly callId: string;
  readonly cseq: number;
  /** Of a `put`, in cluster time; of the others when they were stamped. */
  readonly expiresAtMs: number;
  /** What the binding must carry. */
  readonly userAgent: string;
  /** Of a judgement. */
  readonly judged: Op | undefined;
  /** The ops that its node certainly held then: it is after all of them, whatever the clocks say. */
  readonly after: bigint;
  /** Ops of one request bear one number: they are carried out as one. */
  readonly request: number;
  /** False for a judgement that the node had no right to make: it explains nothing. */
  readonly isLegitimate: boolean;
  /** For those who read a history. */
  readonly label: string;
  /** While the answer has not gone; the twin may not have it yet. */
  pendingAt: SimProcess | undefined;
}

export function versionName({ ms, counter, nodeId, incarnation }: Version): string {
  return `${String(ms)}.${String(counter)}.${String(nodeId)}.${String(incarnation)}`;
}

/** The op itself, or for a judgement what was judged: where it stands in the order of ops. */
export function placeOf(op: Op): Op {
  return op.judged ?? op;
}

/** Whether it says something about the contact. */
export function concerns(op: Op, contact: ContactName): boolean {
  return op.contact === undefined || op.contact === contact;
}
