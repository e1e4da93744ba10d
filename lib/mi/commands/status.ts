import { recipe, result, type MiCommand } from '../mi-command.ts';

/**
 * Why a node is not all that it should be; it serves phones all the same. `disk`: what phones are told is not on disk in
 * time. `mark`: the disk is so far behind that a stamp could be issued twice after a crash. `clock`: the wall clock was
 * behind what is known to have passed.
 */
export type Degradation = 'disk' | 'mark' | 'clock';

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

/** What `status` says of a node. Programs read it: keys are added, and never change their meaning. */
export type NodeStatus = {
  readonly version: string;
  readonly pid: number;
  readonly node_id: number;
  readonly uptime_s: number;
  /** `udp:10.0.0.150:5060`, with ` as HOST:PORT` behind it where the outside knows it as something else. */
  readonly listen: readonly string[];
  readonly data_folder: string;
  readonly users: number;
  readonly contacts: number;
  /** REGISTER requests since the start; collisions: bindings taken over by another Call-ID at another place. */
  readonly registrations: { readonly accepted: number; readonly rejected: number; readonly collisions: number };
  readonly storage: StorageStatus;
  readonly degraded: readonly Degradation[];
  readonly resident_mb: number;
  /** How late the event loop was, in milliseconds: the 99th percentile and the longest since the start. */
  readonly event_loop_delay_ms: { readonly p99: number; readonly max: number };
};

/** `status`: ours; the state of this node in one answer. */
export function statusCommand(status: () => NodeStatus): MiCommand {
  return { name: 'status', recipes: [recipe([], () => result(status()))] };
}
