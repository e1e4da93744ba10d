import type { DurationHistogram } from '../../core/duration-histogram.ts';
import type { LocationStatistics } from '../../location/gauges.ts';
import type { PingStatistics } from '../../pinger/ping-statistics.ts';
import type { RegisterCounts, RegistrarStatistics } from '../../registrar/registrar.ts';
import type { ReplicationStatus } from '../../replication/replicator-types.ts';
import type { StoreStatus } from '../../storage/store-status.ts';
import type { Degradation } from '../commands/status.ts';

/** What of a SIP engine is counted; counters since the start under fixed names. */
export interface EngineFigures {
  readonly requests: Readonly<Record<string, number>>;
  /** By the class of their status, `2xx`. */
  readonly replies: Readonly<Record<string, number>>;
  readonly repliesReceived: Readonly<Record<string, number>>;
  /** Requests answered because they are no valid SIP, `400 Bad CSeq`. */
  readonly invalid: { all(): ReadonlyMap<string, number> };
  readonly drops: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
  readonly pongs: number;
  readonly receiveErrors: number;
  readonly engineErrors: number;
  readonly stalls: number;
}

/** What is counted of the connection to a drachtio-server. */
export interface DrachtioFigures {
  readonly isConnected: boolean;
  /** Sockets of `listen` that the server does not have, while it is connected. */
  readonly missing: number;
  readonly connects: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly unsentReplies: number;
  readonly cutReplies: number;
  readonly staleRequests: number;
  readonly pingsInFlight: number;
}

/** How late the event loop came to its work. */
export interface DelayFigures {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What /metrics is read from, at the moment of each scrape; nothing is counted twice. */
export interface MetricsSources {
  readonly version: string;
  location(): LocationStatistics;
  /** Bytes that the table has taken for bindings, used or not. */
  tableBytes(): number;
  registrar(): RegistrarStatistics & RegisterCounts;
  engine(): EngineFigures;
  openConnections(): number;
  /** Absent or undefined with the engine in this process. */
  drachtio?(): DrachtioFigures | undefined;
  /** Undefined when nothing is stored. */
  storage(): StoreStatus | undefined;
  pings(): PingStatistics;
  readonly pingLatencies: DurationHistogram;
  /** Over about the last minute. */
  eventLoopDelay(): DelayFigures;
  /** Whether this node is the active one of its pair. */
  isActive(): boolean;
  /** Whether it is active and leaves pinging to the other node, which is active too. */
  isYielding(): boolean;
  isAddressHere(): boolean;
  /** Whether both nodes are active, and not only while the address moves; and how often that began. */
  isSplitBrain(): boolean;
  splitBrains(): number;
  /** Undefined for a node of its own. */
  replication(): ReplicationStatus | undefined;
  /** Cluster time minus wall clock. */
  wallOffsetMs(): number;
  readiness(): Readiness;
}

export interface Readiness {
  /** Why this node could not serve even if the traffic came to it; empty = it can. */
  readonly unready: readonly string[];
  /** Why it is not all that it should be, while it serves. */
  readonly degraded: readonly Degradation[];
}
