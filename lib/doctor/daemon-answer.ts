/** The part of `status` that this looks at. What other versions may not say is optional. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptime_s?: number | undefined;
  readonly management?: readonly string[] | undefined;
  readonly listen_waiting?:
    readonly { readonly socket: string; readonly for_ms: number; readonly reason: string }[] | undefined;
  readonly role?: RoleState | undefined;
  readonly storage: {
    readonly mode: string;
    readonly state?: string | undefined;
    readonly reason?: string | undefined;
  };
  readonly replication?: TwinState | undefined;
  readonly degraded: readonly string[];
}

interface RoleState {
  /** Of `nh_enable_ping`. */
  readonly flag: boolean;
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
  | { readonly kind: 'silent'; readonly reason: string };

/** Undefined while the daemon says nothing. */
export function statusIn(answer: DaemonAnswer): DaemonStatus | undefined {
  return answer.kind === 'status' ? answer.status : undefined;
}
