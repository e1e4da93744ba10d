/**
 * When a record was written, in an order that all nodes agree on. Orders (REGISTER, unregister, `*`, MI) are stamped with
 * a new version; the greater version wins every merge, whatever arrived first and whatever the CSeq says.
 */
export interface Version {
  /** Cluster time in milliseconds, 48 bits. */
  readonly ms: number;
  /** Tells stamps of one millisecond apart, 16 bits. */
  readonly counter: number;
  /** The node that stamped it, 1..65535. */
  readonly nodeId: number;
  /** Random 32 bits per process start: keeps a stamp unique after a lost disk and a clock set back. */
  readonly incarnation: number;
}

export const COUNTER_MAX = 0xffff;

/** The greatest time that a version may have: above it there would be no room for the stamps that have to be above it. */
export const VERSION_MS_MAX = 2 ** 47;

/** Lexicographic: negative when `a` is older, 0 when they are the same stamp, positive when `a` is newer. */
export function compareVersions(a: Version, b: Version): number {
  return a.ms - b.ms || a.counter - b.counter || a.nodeId - b.nodeId || a.incarnation - b.incarnation;
}
