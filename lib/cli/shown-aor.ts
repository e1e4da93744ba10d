import * as z from 'zod';

const shownContact = z.looseObject({
  Contact: z.string(),
  Expires: z.union([z.number(), z.string()]),
  'User-agent': z.string(),
  Received: z.string().optional(),
  Callid: z.string().optional(),
  Socket: z.string().optional(),
});

/** An AoR as `ul_show_contact` shows it; of a contact only what is shown in columns is named. */
export const shownAor = z.object({ AOR: z.string(), Contacts: z.array(shownContact) });

/** The same as `ul_dump` shows it, which with `brief` leaves the contacts out. */
export const dumpedAor = shownAor.partial({ Contacts: true });

export type DumpedAor = z.infer<typeof dumpedAor>;

export type ShownAor = z.infer<typeof shownAor>;
