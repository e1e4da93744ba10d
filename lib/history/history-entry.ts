/** What happened, as `twinreg history` shows it with a blank for the hyphen. Words are added, and never change their meaning. */
export type HistoryKind =
  /** This process: it serves; it ended in good order; the one before it did not; it could not start. */
  | 'started'
  | 'stopped'
  | 'killed'
  | 'failed'
  /** Whether this node is the active one, with its address, and who decided that. */
  | 'active'
  | 'passive'
  | 'address-here'
  | 'address-left'
  | 'both-active'
  | 'one-active'
  | 'both-unknown'
  | 'handover'
  /** It gives this node no address, or may again. */
  | 'keepalived'
  /** The twin, and how each direction is while there is a link to it. */
  | 'link-up'
  | 'link-down'
  | 'in-sync'
  | 'lagging'
  | 'reconciled'
  | 'refused'
  | 'clock'
  /** The connection to drachtio-server, where that has the sockets: it ended, or was not there at the start; it is there again. It lacks sockets. */
  | 'server-lost'
  | 'server-back'
  | 'server-deaf'
  /** This machine. */
  | 'stalled'
  | 'disk-trouble'
  | 'disk-fine';

export interface HistoryEntry {
  /** By the wall clock, which may step: entries are in the order in which they happened, whatever it says. */
  readonly atMs: number;
  /** The same moment in cluster time, by which the histories of both nodes can be laid side by side; undefined before this node had one. */
  readonly clusterAtMs: number | undefined;
  /** A HistoryKind; another version may have written others. */
  readonly kind: string;
  /** Why, or what exactly: no sentence, and not empty. */
  readonly text: string;
}

/** An entry as it stands in the file, a line each, and in the answer of the management command. */
export interface HistoryRecord {
  readonly [key: string]: string;
  /** ISO 8601, UTC, to the millisecond. */
  readonly at: string;
  readonly kind: string;
  readonly text: string;
}

export function historyRecord({ atMs, clusterAtMs, kind, text }: HistoryEntry): HistoryRecord {
  const clusterAt = clusterAtMs === undefined ? {} : { cluster_at: new Date(clusterAtMs).toISOString() };
  return { at: new Date(atMs).toISOString(), ...clusterAt, kind, text };
}

/** Undefined for anything but a HistoryRecord: a line that was cut, or somebody else's. */
export function readHistoryRecord(value: unknown): HistoryEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { at, cluster_at: clusterAt, kind, text } = value as Readonly<Record<string, unknown>>;
  const atMs = timeOf(at);
  if (atMs === undefined || typeof kind !== 'string' || typeof text !== 'string') return undefined;
  return { atMs, clusterAtMs: timeOf(clusterAt), kind, text };
}

function timeOf(text: unknown): number | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
