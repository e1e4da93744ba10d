import * as z from 'zod';
import { OperationalError } from '../core/errors.ts';

const storage = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('none') }),
  z.object({
    mode: z.enum(['write-back', 'write-through']),
    path: z.string(),
    state: z.enum(['ok', 'degraded']),
    reason: z.string().optional(),
    since: z.string().optional(),
    pending_changes: z.number(),
    last_flush_ms_ago: z.number().optional(),
  }),
]);

const refusals = z.array(z.object({ reason: z.string(), count: z.number() }));

const registrations = z.object({
  accepted: z.number(),
  rejected: z.number(),
  collisions: z.number(),
  retransmissions: z.number().optional(),
  last_accepted_ms_ago: z.number().optional(),
  refusals: refusals.optional(),
  last_refusals: z
    .array(z.object({ ms_ago: z.number(), to: z.string(), source: z.string(), reason: z.string() }))
    .readonly()
    .optional(),
});

const role = z.object({
  flag: z.boolean(),
  active: z.boolean(),
  address_here: z.boolean(),
  address_can_leave: z.boolean().optional(),
  yielding: z.boolean(),
  other_active: z.number().optional(),
});

const drachtio = z.object({
  server: z.string(),
  connected: z.boolean(),
  since_ms: z.number(),
  reason: z.string().optional(),
  version: z.string().optional(),
  missing: z.array(z.string()).readonly().optional(),
  losses: z.number(),
});

const pings = z.object({
  enabled: z.boolean(),
  active: z.boolean(),
  yielding: z.boolean().optional(),
  other_active: z.number().optional(),
  interval_s: z.number(),
  contacts: z.number(),
  sent: z.number(),
  answered: z.number(),
  lost: z.number(),
  removed: z.number(),
  hidden: z.number().optional(),
  skipped: z.number(),
  guard: z.boolean(),
  lag_ms: z.number(),
  latency_sum_ms: z.number().optional(),
});

/** Words are taken as they come: another version may have others. */
const replication = z.object({
  listen: z.string().optional(),
  membership: z.string().optional(),
  warnings: z.array(z.string()).readonly().optional(),
  twin_id: z.number().optional(),
  twin_url: z.string().optional(),
  enabled: z.boolean().optional(),
  commit: z.string().optional(),
  outgoing: z.string(),
  incoming: z.string(),
  twin_ready: z.boolean().optional(),
  twin_active: z.boolean().optional(),
  listen_difference: z.string().optional(),
  since_ms: z.number(),
  sync_since_ms: z.number().optional(),
  synced: z.boolean(),
  waits_for: z.string().optional(),
  lag_changes: z.number(),
  lag_ms: z.number(),
  silent_ms: z.number().optional(),
  clock_offset_ms: z.number().optional(),
  wall_clock_offset_ms: z.number().optional(),
  progress: z
    .object({ received: z.number(), sent: z.number(), buckets_done: z.number(), buckets: z.number() })
    .optional(),
  last_reconcile: z
    .object({ ms_ago: z.number(), took_ms: z.number(), received: z.number(), changed: z.number() })
    .optional(),
  last_refusal: z.object({ ms_ago: z.number(), by: z.string(), reason: z.string(), text: z.string() }).optional(),
  last_stranger: z.object({ ms_ago: z.number(), reason: z.string(), text: z.string() }).optional(),
});

/**
 * What is shown to people of the management command `status`. A daemon of another version may say more, and an older one
 * says less: what came later is optional.
 */
const shownStatus = z.object({
  version: z.string(),
  pid: z.number(),
  node_id: z.number(),
  uptime_s: z.number(),
  listen: z.array(z.string()),
  listen_waiting: z
    .array(z.object({ socket: z.string(), for_ms: z.number(), reason: z.string() }))
    .readonly()
    .optional(),
  drachtio: drachtio.optional(),
  /** Where management commands are taken: `http://127.0.0.1:8888/mi`. */
  management: z.array(z.string()).readonly().optional(),
  data_folder: z.string(),
  users: z.number(),
  contacts: z.number(),
  registrations,
  invalid_requests: refusals.optional(),
  role: role.optional(),
  keepalived: z.object({ state: z.string(), since: z.string() }).optional(),
  pings: pings.optional(),
  storage,
  replication: replication.optional(),
  degraded: z.array(z.string()),
  unready: z.array(z.string()).readonly().optional(),
  stalls: z.object({ count: z.number(), last_at: z.string().optional(), last_ms: z.number().optional() }).optional(),
  resident_mb: z.number(),
  /** CPU time since the start, all threads. */
  cpu_ms: z.number().optional(),
  event_loop_delay_ms: z.object({
    p99: z.number(),
    max: z.number(),
    p99_lately: z.number().optional(),
    max_lately: z.number().optional(),
  }),
});

export type ShownStatus = z.infer<typeof shownStatus>;

export function readStatus(answer: unknown, path: string): ShownStatus {
  const parsed = shownStatus.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
}
