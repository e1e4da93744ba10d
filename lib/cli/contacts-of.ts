import { OperationalError } from '../core/errors.ts';
import { MiRefusal } from './mi-client.ts';
import { shownAor, type ShownAor } from './shown-aor.ts';

type Ask = (method: string, params: Readonly<Record<string, string>>) => Promise<unknown>;

/**
 * The contacts that an AoR has now; none when it is unknown.
 * @param ask calls a command with the AoR among its parameters
 */
export async function contactsOf(ask: Ask, path: string): Promise<ShownAor['Contacts']> {
  const answer = await ask('ul_show_contact', {}).catch((err: unknown) => {
    if (err instanceof MiRefusal && err.code === 404) return undefined;
    throw err;
  });
  if (answer === undefined) return [];
  const parsed = shownAor.safeParse(answer);
  if (parsed.success) return parsed.data.Contacts;
  throw new OperationalError(`the daemon behind ${path} is of another version; call it with: twinreg mi`);
}
