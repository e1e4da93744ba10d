import type { GoodbyeReason } from './goodbye.ts';
import type { KeyRules } from './hello.ts';
import type { ListenerComparison, SipListener } from './sip-listeners.ts';

export interface ReplicatorSettings {
  readonly clusterId: number;
  readonly nodeId: number;
  /** Random 32 bits per process start, as in the table's stamps. */
  readonly incarnation: number;
  /** Shared with the twin, at most two, the first one first; none: replication without a secret. */
  readonly secrets: readonly string[];
  readonly keyRules: KeyRules;
  /** Where this node serves SIP, open or not. */
  readonly listeners: readonly SipListener[];
  /** What a reply waits for: `twin` = the twin as long as it is in sync, `local` = nothing. */
  readonly commit: 'twin' | 'local';
  readonly commitTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** Without a link for so long, the lesser node id dials too. */
  readonly nodeTimeoutMs: number;
  readonly isSeed: boolean;
  readonly seedFallbackMs: number;
  /** Of change sets that wait for the twin. */
  readonly logBytesMax: number;
  /** How often both tables are compared while all is well; 0 = never. */
  readonly digestIntervalMs: number;
}

/** The other node of the pair, as the table `clusterer` has it. */
export interface Twin {
  readonly nodeId: number;
  /** `no_ping_retries`. */
  readonly pingRetries: number;
  /** Both nodes have state 1. */
  readonly isEnabled: boolean;
}

export type ReplicatorInput =
  /** A connection is open. `link` is a number that is never used again. */
  | { readonly kind: 'connected'; readonly link: number; readonly dialled: boolean }
  | { readonly kind: 'received'; readonly link: number; readonly bytes: Buffer }
  /** It is gone; or the dial with this number failed. `reason`: what the system said of it, if anything. */
  | { readonly kind: 'closed'; readonly link: number; readonly reason?: string }
  /** `nextWakeMs` has come. */
  | { readonly kind: 'wake' }
  /** What `flushSoon` asked for. */
  | { readonly kind: 'flush' }
  /** The own role has changed, or was taken again. */
  | { readonly kind: 'role-changed' }
  /** `isReady` has. */
  | { readonly kind: 'readiness-changed' }
  /** `ul_cluster_sync`. */
  | { readonly kind: 'sync' }
  /** What the table `clusterer` says now: another twin, or none; and whether this node is the seed. */
  | { readonly kind: 'twin'; readonly twin: Twin | undefined; readonly isSeed: boolean }
  | { readonly kind: 'stop' };

export type ReplicatorEffect =
  /** Open a connection to the twin; answered by `connected` or `closed` with this number, which is odd. */
  | { readonly kind: 'dial'; readonly link: number }
  /** The octets stay as they are until they are acknowledged by the twin, or the connection is gone. */
  | { readonly kind: 'send'; readonly link: number; readonly bytes: Buffer }
  /** Close it when what was sent has gone out, and at once if the other end does not take it. */
  | { readonly kind: 'close'; readonly link: number }
  | { readonly kind: 'event'; readonly event: ReplicatorEvent };

/**
 * States of each direction of the link. `lagging`: the twin does not acknowledge in time, and nobody waits for it;
 * `in-sync`: what is answered is on both nodes.
 */
export type DirectionState = 'down' | 'connecting' | 'authenticating' | 'reconciling' | 'in-sync' | 'lagging';

/** What happened, for the log and the counters. */
export type ReplicatorEvent =
  /** Of the outgoing direction. */
  | {
      readonly event: 'state';
      readonly from: DirectionState;
      readonly to: DirectionState;
    }
  /** The same of the incoming one. */
  | { readonly event: 'incoming-state'; readonly from: DirectionState; readonly to: DirectionState }
  /** A connection was refused here, or by the other end (`by`). */
  | {
      readonly event: 'refused';
      readonly by: 'us' | 'twin';
      /** `certificate`: TLS came to nothing, so that nothing was said. */
      readonly reason: GoodbyeReason | 'certificate';
      readonly text: string;
      /** It was the link, which ends with it. */
      readonly isLink: boolean;
    }
  | { readonly event: 'protocol-error'; readonly code: string; readonly text: string }
  | {
      readonly event: 'reconciled';
      readonly tookMs: number;
      readonly received: number;
      readonly changed: number;
    }
  | { readonly event: 'synced'; readonly reason: 'twin' | 'seed' }
  | { readonly event: 'clock'; readonly shiftedMs: number }
  /** At each link, whether they differ or not: the smaller one counts. */
  | { readonly event: 'max-contacts'; readonly ours: number; readonly theirs: number }
  /** `ListenerComparison.difference` is another one than before, or the first of a link. */
  | { readonly event: 'listeners'; readonly difference: string }
  /** Both nodes go by one time: SIP may be served. */
  | { readonly event: 'agreed' }
  /** The twin has said that it is active, or is not any more, or the link has changed; at each heartbeat, also when it is no news. */
  | { readonly event: 'twin-role' };

/** What management shows of replication. */
export interface ReplicationStatus {
  readonly twinId: number | undefined;
  readonly isEnabled: boolean;
  readonly outgoing: DirectionState;
  readonly incoming: DirectionState;
  /** The twin says that it would serve phones if their traffic came to it; false without a link. */
  readonly isTwinReady: boolean;
  /** The twin announces the role; false without a link. */
  readonly isTwinActive: boolean;
  /** Whether both nodes serve SIP at what moves between them. */
  readonly listeners: ListenerComparison;
  /** How long the outgoing direction has been so, in milliseconds. */
  readonly sinceMs: number;
  /** For how long it has been in sync, or has not, whatever the states in between. */
  readonly syncSinceMs: number;
  readonly synced: boolean;
  /** One sentence: what a node waits for that is not synced, or not in sync; undefined when both are. */
  readonly waitsFor: string | undefined;
  /** Change sets of this node that the twin has not acknowledged, and how long the oldest has been waiting. */
  readonly lagChanges: number;
  readonly lagMs: number;
  readonly logBytes: number;
  /** Position of this node's log, and of the twin's as applied here. */
  readonly head: number;
  readonly applied: number;
  /** Nothing was heard of the twin for so long; undefined without a link. */
  readonly silentMs: number | undefined;
  /** Silent for longer than a ping may take. */
  readonly isProbing: boolean;
  /** The twin's cluster time minus this node's, when it was last measured. */
  readonly clockOffsetMs: number | undefined;
  readonly lastReconcile:
    | { readonly agoMs: number; readonly tookMs: number; readonly received: number; readonly changed: number }
    | undefined;
  /** While reconciling. */
  readonly progress:
    | { readonly received: number; readonly sent: number; readonly bucketsDone: number; readonly buckets: number }
    | undefined;
  /** Why the last connection was refused or ended, if there was one. */
  readonly lastGoodbye:
    { readonly by: 'us' | 'twin'; readonly reason: string; readonly text: string; readonly agoMs: number } | undefined;
  /** Why somebody who never proved to be the twin was last sent away. */
  readonly lastStranger: { readonly reason: string; readonly text: string; readonly agoMs: number } | undefined;
  readonly counters: ReplicationCounters;
  /** `counters.refusals` by their reason, since the start; every reason there is has an entry. */
  readonly refusals: ReadonlyMap<GoodbyeReason, number>;
}

/** Since the start. */
export interface ReplicationCounters {
  readonly links: number;
  readonly refusals: number;
  readonly protocolErrors: number;
  readonly demotions: number;
  readonly resumes: number;
  readonly reconciles: number;
  readonly logOverruns: number;
}
