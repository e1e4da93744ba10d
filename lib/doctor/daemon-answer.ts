/** The part of `status` that this looks at. What other versions may not say is optional. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptime_s?: number | undefined;
  /** `udp:10.0.0.150:5060`, with ` as HOST:PORT` behind it where the outside knows it as something else. */
  readonly listen?: readonly string[] | undefined;
  readonly drachtio?: DrachtioState | undefined;
  readonly management?: readonly string[] | undefined;
  readonly listen_waiting?:
    readonly { readonly socket: string; readonly for_ms: number; readonly reason: string }[] | undefined;
  readonly role?: RoleState | undefined;
  /** While keepalived gives this node no address. */
  readonly keepalived?: { readonly state: string; readonly since: string } | undefined;
  readonly storage: {
    readonly mode: string;
    readonly state?: string | undefined;
    readonly reason?: string | undefined;
  };
  readonly replication?: TwinState | undefined;
  readonly degraded: readonly string[];
}

export interface DrachtioState {
  readonly server: string;
  readonly connected: boolean;
  /** For how long it has been so. */
  readonly since_ms: number;
  /** While it is not: why. */
  readonly reason?: string | undefined;
  /** What the server says of itself; absent while it is not connected. */
  readonly version?: string | undefined;
}

interface RoleState {
  /** Of `nh_enable_ping`. */
  readonly flag: boolean;
  /** The flag is set, and the address is here. */
  readonly active?: boolean | undefined;
  /** Whether the address that SIP is served at is here, by the daemon's account. */
  readonly address_here: boolean;
  readonly yielding: boolean;
  /** The other node's id, while both are active. */
  readonly other_active?: number | undefined;
}

export interface TwinState {
  readonly membership?: string | undefined;
  readonly warnings?: readonly string[] | undefined;
  readonly twin_id?: number | undefined;
  readonly twin_url?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly outgoing: string;
  readonly synced: boolean;
  /** Whether the other node says that it could serve phones. */
  readonly twin_ready?: boolean | undefined;
  /** Whether the other node says that it is active. */
  readonly twin_active?: boolean | undefined;
  /** How `listen` differs from the other node's so that phones are lost when an address moves. */
  readonly listen_difference?: string | undefined;
  readonly waits_for?: string | undefined;
  readonly clock_offset_ms?: number | undefined;
  readonly wall_clock_offset_ms?: number | undefined;
  readonly last_refusal?: Refusal | undefined;
  readonly last_stranger?: Refusal | undefined;
}

export interface Refusal {
  readonly ms_ago: number;
  readonly reason: string;
  readonly text: string;
}

export type DaemonAnswer =
  | { readonly kind: 'status'; readonly status: DaemonStatus }
  /** No process answers: it does not run, as far as can be seen. */
  | { readonly kind: 'not-running'; readonly reason: string }
  /** Where to ask is not known, or this user may not. */
  | { readonly kind: 'unasked'; readonly reason: string; readonly remedy: string }
  /** One is there, and does not answer. */
  | { readonly kind: 'silent'; readonly reason: string; readonly remedy: string };

/** States of `outgoing` in which nothing is known of the other node. */
export const UNLINKED: ReadonlySet<string> = new Set(['down', 'connecting', 'authenticating']);

/** Undefined while the daemon says nothing. */
export function statusIn(answer: DaemonAnswer): DaemonStatus | undefined {
  return answer.kind === 'status' ? answer.status : undefined;
}
