import { recipe, result, type MiCommand } from '../mi-command.ts';

/**
 * Why a node is not all that it should be; it serves phones all the same. `disk`: what phones are told is not on disk in
 * time. `mark`: the disk is so far behind that a stamp could be issued twice after a crash. `clock`: the wall clock was
 * behind what is known to have passed.
 */
export const DEGRADATIONS = ['disk', 'mark', 'clock'] as const;

export type Degradation = (typeof DEGRADATIONS)[number];

export type StorageStatus =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'write-back' | 'write-through';
      readonly path: string;
      readonly state: 'ok' | 'degraded';
      /** While degraded: what the disk does, and since when (ISO 8601). */
      readonly reason?: string;
      readonly since?: string;
      readonly pending_changes: number;
      /** Absent before the first flush. */
      readonly last_flush_ms_ago?: number;
    };

/** `400 Invalid CSeq`, and how often since the start. Of such a list there are a few, the most frequent first. */
type RefusalCount = { readonly reason: string; readonly count: number };

/** NAT pings. */
export type PingStatus = {
  /** The flag of `nh_enable_ping`; and whether this node pings now, which needs the address as well. */
  readonly enabled: boolean;
  readonly active: boolean;
  /** 0: nobody is pinged. */
  readonly interval_s: number;
  readonly contacts: number;
  /** Since the start, like all that follows but the last two. */
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly removed: number;
  /** Due and not sent, all reasons together. */
  readonly skipped: number;
  /** So many are lost at once that this node's own network is suspected, and nobody is removed. */
  readonly guard: boolean;
  readonly lag_ms: number;
  /** Of all answers together, in milliseconds; over `answered` it is the mean. */
  readonly latency_sum_ms: number;
};

export type RefusedRequest = {
  readonly ms_ago: number;
  /** The To header. */
  readonly to: string;
  /** `udp:192.0.2.10:5060` */
  readonly source: string;
  readonly reason: string;
};

/** What `status` says of a node. Programs read it: keys are added, and never change their meaning. */
export type NodeStatus = {
  readonly version: string;
  readonly pid: number;
  readonly node_id: number;
  readonly uptime_s: number;
  /** `udp:10.0.0.150:5060`, with ` as HOST:PORT` behind it where the outside knows it as something else. */
  readonly listen: readonly string[];
  /** Where management commands are taken besides the unix socket: `http://127.0.0.1:8888/mi`, and the FIFO's path. */
  readonly management: readonly string[];
  readonly data_folder: string;
  readonly users: number;
  readonly contacts: number;
  /** REGISTER requests since the start; collisions: bindings taken over by another Call-ID at another place. */
  readonly registrations: {
    readonly accepted: number;
    readonly rejected: number;
    readonly collisions: number;
    /** Of the accepted ones those that came again and were answered again. */
    readonly retransmissions: number;
    /** Absent before the first was accepted. */
    readonly last_accepted_ms_ago?: number;
    /** Reasons for rejections. */
    readonly refusals: readonly RefusalCount[];
    /** The last ones, the oldest first. */
    readonly last_refusals: readonly RefusedRequest[];
  };
  /** Requests that are no valid SIP, REGISTERs among them, which therefore do not count above. */
  readonly invalid_requests: readonly RefusalCount[];
  readonly pings: PingStatus;
  readonly storage: StorageStatus;
  readonly degraded: readonly Degradation[];
  readonly resident_mb: number;
  /** CPU time since the start, all threads. */
  readonly cpu_ms: number;
  /** How late the event loop was, in milliseconds: the 99th percentile and the longest, since the start and over about the last minute. */
  readonly event_loop_delay_ms: {
    readonly p99: number;
    readonly max: number;
    readonly p99_lately: number;
    readonly max_lately: number;
  };
};

/** `status`: ours; the state of this node in one answer. */
export function statusCommand(status: () => NodeStatus): MiCommand {
  return { name: 'status', recipes: [recipe([], () => result(status()))] };
}
