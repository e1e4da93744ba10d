import * as z from 'zod';

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

/** What is shown to people of the management command `status`; a daemon of another version may say more. */
export const shownStatus = z.object({
  version: z.string(),
  pid: z.number(),
  node_id: z.number(),
  uptime_s: z.number(),
  listen: z.array(z.string()),
  data_folder: z.string(),
  users: z.number(),
  contacts: z.number(),
  registrations: z.object({ accepted: z.number(), rejected: z.number(), collisions: z.number() }),
  storage,
  degraded: z.array(z.string()),
  resident_mb: z.number(),
  event_loop_delay_ms: z.object({ p99: z.number(), max: z.number() }),
});

export type ShownStatus = z.infer<typeof shownStatus>;
