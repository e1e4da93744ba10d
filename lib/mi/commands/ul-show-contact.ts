import { lowerCase } from '../../sip/octets.ts';
import { byteString } from '../display-text.ts';
import { miError, recipe, result, type MiCommand } from '../mi-command.ts';
import { TABLE_NAME, type Bindings, type BindingsSettings } from './bindings.ts';
import { aorJson } from './contact-json.ts';

/** `ul_show_contact`: one AoR with its contacts. */
export function ulShowContactCommand(bindings: Bindings, settings: BindingsSettings): MiCommand {
  return {
    name: 'ul_show_contact',
    recipes: [
      recipe(
        [
          { name: 'table_name', type: 'string' },
          { name: 'aor', type: 'string' },
        ],
        ({ table_name, aor }) => {
          if (table_name !== TABLE_NAME) return miError(404, 'Table not found');
          const key = tableKey(byteString(aor), settings);
          if (key === undefined) return miError(400, 'Domain missing in AOR');
          const found = bindings.find(key);
          return found.shown.length === 0 ? miError(404, 'AOR not found') : result(aorJson(found));
        },
      ),
    ],
  };
}

/** The AoR as the registrar keys it; undefined when it lacks the domain that `use_domain` asks for. */
function tableKey(aor: string, { useDomain, caseSensitive }: BindingsSettings): string | undefined {
  const at = aor.lastIndexOf('@');
  if (at === -1 && useDomain) return undefined;
  const user = at === -1 ? aor : aor.slice(0, at);
  const key = useDomain ? `${user}@${lowerCase(aor.slice(at + 1))}` : user;
  return caseSensitive ? key : lowerCase(key);
}
