import { recipe, result, type MiCommand } from '../mi-command.ts';

/**
 * Why a node is not all that it should be; it serves phones all the same. `disk`: what phones are told is not on disk in
 * time. `mark`: the disk is so far behind that a stamp could be issued twice after a crash. `clock`: the wall clock was
 * behind what is known to have passed. `twin`: replies do not wait for the other node, which is not in sync; what is
 * answered is on this node only. `sync`: since it started this node has not reconciled with a node that is synced. `address`: a socket
 * waits for its address, as on a passive node without `net.ipv4.ip_nonlocal_bind`. `down`, `keepalived`: keepalived gives this node no
 * address, since it takes this daemon for ended, or by its own account. `contacts`: drachtio-server does not listen at all of `listen`; where it
 * listens at none of it, the node is not ready.
 */
export const DEGRADATIONS = [
  'disk',
  'mark',
  'clock',
  'twin',
  'sync',
  'address',
  'down',
  'keepalived',
  'contacts',
] as const;

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

/** Whether this node is the active one of its pair. */
export type RoleStatus = {
  /** Of `nh_enable_ping`; until somebody sets it, it may follow the address. */
  readonly flag: boolean;
  /** The flag is set, and the address is here. */
  readonly active: boolean;
  /** Whether the address that SIP is served at is here: on an interface; a loopback address: bound by this process, or the sockets are a drachtio-server's. */
  readonly address_here: boolean;
  /** False: SIP is served at all addresses of this host, so that `address_here` is always true. */
  readonly address_can_leave: boolean;
  /** Both nodes are active, and the other one pings, since it became so later. */
  readonly yielding: boolean;
  /** The node id of the other one, while both are active: an error of whoever moves the address. */
  readonly other_active?: number;
};

/** NAT pings. */
export type PingStatus = {
  /** The flag of `nh_enable_ping`; and whether this node pings now, which needs the address as well, and that it does not yield. */
  readonly enabled: boolean;
  readonly active: boolean;
  /** As in `RoleStatus`. */
  readonly yielding: boolean;
  readonly other_active?: number;
  /** 0: nobody is pinged. */
  readonly interval_s: number;
  readonly contacts: number;
  /** Since the start, like all that follows but the last two. */
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly removed: number;
  /** Instead of removed, because the other node was not in sync: hidden on this node alone until it is, or until they answer. */
  readonly hidden: number;
  /** Due and not sent, all reasons together. */
  readonly skipped: number;
  /** So many are lost at once that this node's own network is suspected, and nobody is removed. */
  readonly guard: boolean;
  readonly lag_ms: number;
  /** Of all answers together, in milliseconds; over `answered` it is the mean. */
  readonly latency_sum_ms: number;
};

type DirectionState = 'down' | 'connecting' | 'authenticating' | 'reconciling' | 'in-sync' | 'lagging';

/** Replication with the other node of the pair. */
export type ReplicationState = {
  /** Where this node takes the other one's connections: `bin:10.0.0.177:5555`. */
  readonly listen: string;
  /** What the rows mean for this node: it takes part, waits for rows, is switched off, or cannot go by what they say. */
  readonly membership: 'member' | 'waiting' | 'off' | 'refused';
  /** What in the rows somebody should look at, a sentence each; absent when there is nothing. */
  readonly warnings?: readonly string[];
  /** The other node's id, and where it takes connections; absent while no other node is named. */
  readonly twin_id?: number;
  readonly twin_url?: string;
  readonly enabled: boolean;
  /** What replies wait for as long as the outgoing direction is in sync: `clusterer.commit`. */
  readonly commit: 'twin' | 'local';
  /** What changes here go to the twin as, and what its changes come here as. */
  readonly outgoing: DirectionState;
  readonly incoming: DirectionState;
  /** The other node says that it would serve phones if their traffic came to it; false without a link. */
  readonly twin_ready: boolean;
  /** The other node has the address and the role, as it says; false without a link, and while it has said so only before this node took over. */
  readonly twin_active: boolean;
  /** How `listen` differs from the other node's so that phones are lost when an address moves, a sentence; absent when it does not, or nobody knows. */
  readonly listen_difference?: string;
  /** How long the outgoing direction has been so; and how long in sync, or out of it, whatever the states in between. */
  readonly since_ms: number;
  readonly sync_since_ms: number;
  readonly synced: boolean;
  /** One sentence; absent when the node takes part, is synced and in sync. */
  readonly waits_for?: string;
  readonly lag_changes: number;
  readonly lag_ms: number;
  readonly log_bytes: number;
  readonly head: number;
  readonly applied: number;
  /** Absent without a link. */
  readonly silent_ms?: number;
  /** The twin's cluster time minus this node's. */
  readonly clock_offset_ms?: number;
  /** Cluster time minus the wall clock of this node: what it took over from the twin, and steps of its clock since. */
  readonly wall_clock_offset_ms: number;
  /** Only while reconciling: AoRs that came and went, and how many of our buckets are dealt with. */
  readonly progress?: {
    readonly received: number;
    readonly sent: number;
    readonly buckets_done: number;
    readonly buckets: number;
  };
  /** Absent before the first. `received`: contacts' records that came, by AoR; `changed`: of these changed something here. */
  readonly last_reconcile?: {
    readonly ms_ago: number;
    readonly took_ms: number;
    readonly received: number;
    readonly changed: number;
  };
  /** Why a connection was last refused or ended, by this node (`us`) or the other one. */
  readonly last_refusal?: {
    readonly ms_ago: number;
    readonly by: 'us' | 'twin';
    readonly reason: string;
    readonly text: string;
  };
  /** Why somebody who never proved to be the twin was last sent away: a port scan, or a twin that is not set up right. */
  readonly last_stranger?: { readonly ms_ago: number; readonly reason: string; readonly text: string };
};

export type RefusedRequest = {
  readonly ms_ago: number;
  /** The To header. */
  readonly to: string;
  /** `udp:192.0.2.10:5060` */
  readonly source: string;
  readonly reason: string;
};

/** The drachtio-server that SIP comes from. */
export type DrachtioStatus = {
  /** Its admin port: `127.0.0.1:9022`. */
  readonly server: string;
  readonly connected: boolean;
  /** How long it has been connected, or has not. */
  readonly since_ms: number;
  /** While it is not: why the connection ended, or could not be made. */
  readonly reason?: string;
  /** As the server says it; absent while it is not connected. */
  readonly version?: string;
  /** Of `listen`, while it is connected, what it has no socket for: `udp:10.0.0.150:5060`; absent when there is none. */
  readonly missing?: readonly string[];
  /** Since the start, like what follows: connections that served, and connections that ended. */
  readonly connects: number;
  readonly losses: number;
  /** Replies that the server could not send, and replies that it had too little room for. */
  readonly unsent_replies: number;
  readonly cut_replies: number;
  /** OPTIONS that the server has no answer to yet. */
  readonly pings_in_flight: number;
};

/** What `status` says of a node. Programs read it: keys are added, and never change their meaning. */
export type NodeStatus = {
  readonly version: string;
  readonly pid: number;
  readonly node_id: number;
  readonly uptime_s: number;
  /** `udp:10.0.0.150:5060`, with ` as HOST:PORT` behind it where the outside knows it as something else. */
  readonly listen: readonly string[];
  /** What of it is not open yet, since its address is not here: why, and for how long. Absent when there is none. */
  readonly listen_waiting?: readonly { readonly socket: string; readonly for_ms: number; readonly reason: string }[];
  /** Absent with the engine in this process. */
  readonly drachtio?: DrachtioStatus;
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
  readonly role: RoleStatus;
  /** `FAULT` or `STOP`, and since when (ISO 8601): while keepalived gives this node no address. Absent otherwise. */
  readonly keepalived?: { readonly state: string; readonly since: string };
  readonly pings: PingStatus;
  readonly storage: StorageStatus;
  /** Absent for a node of its own. */
  readonly replication?: ReplicationState;
  readonly degraded: readonly Degradation[];
  /** As in /ready: why this node could not serve even if the traffic came to it: `starting`, `stopping`, `bind`, `drachtio`, `contacts`; empty = it could. */
  readonly unready: readonly string[];
  /** How often the process stood still so long that requests which queued up meanwhile were not served; the last time (ISO 8601), and how long. */
  readonly stalls: { readonly count: number; readonly last_at?: string; readonly last_ms?: number };
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
