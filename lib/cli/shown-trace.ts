import * as z from 'zod';

const contact = z.string();
const request = z.number();

const change = z.looseObject({
  what: z.string(),
  contact: z.string().optional(),
  expires_s: z.union([z.number(), z.string()]).optional(),
  received: z.string().optional(),
  path: z.string().optional(),
});

export type ShownChange = z.infer<typeof change>;

const changes = z.array(change);

/** What is shown to people of the events of the management command `trace`. */
export const shownEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('watching'), aor: z.string() }),
  z.object({ event: z.literal('no-room') }),
  z.object({
    event: z.literal('received'),
    at: z.string(),
    request,
    source: z.string(),
    socket: z.string(),
    text: z.string(),
  }),
  z.object({
    event: z.literal('accepted'),
    at: z.string(),
    request,
    outcome: z.string(),
    call_id: z.string(),
    cseq: z.number(),
    changes,
  }),
  z.object({
    event: z.literal('refused'),
    at: z.string(),
    request,
    status: z.number(),
    reason: z.string(),
    call_id: z.string(),
    cseq: z.number(),
  }),
  z.object({
    event: z.literal('sent'),
    at: z.string(),
    request,
    status: z.number(),
    reason: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    waited_ms: z.number(),
    // An older daemon does not say it.
    waited_for: z.array(z.string()).readonly().optional(),
  }),
  z.object({ event: z.literal('changed'), at: z.string(), by: z.string(), changes }),
  z.object({ event: z.literal('expired'), at: z.string(), contact }),
  z.object({ event: z.literal('ping_sent'), at: z.string(), contact, kind: z.string(), to: z.string() }),
  z.object({ event: z.literal('ping_answered'), at: z.string(), contact, status: z.number(), latency_ms: z.number() }),
  z.object({ event: z.literal('ping_lost'), at: z.string(), contact, lost_in_a_row: z.number() }),
  z.object({ event: z.literal('skipped'), at: z.string(), count: z.number() }),
]);

export type ShownEvent = z.infer<typeof shownEvent>;
