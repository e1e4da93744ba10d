import * as z from 'zod';

const shownContact = z.looseObject({
  Contact: z.string(),
  Expires: z.union([z.number(), z.string()]),
  'User-agent': z.string(),
  Received: z.string().optional(),
});

/** An AoR as `ul_dump` and `ul_show_contact` show it; of a contact only what is shown in columns is named. */
export const shownAor = z.object({ AOR: z.string(), Contacts: z.array(shownContact) });

export type ShownAor = z.infer<typeof shownAor>;
