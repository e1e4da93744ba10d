import { recipe, result, type MiCommand } from '../mi-command.ts';
import { AOR_PARAMS, isError, knownAor } from './aor-of.ts';
import type { AorSettings, Bindings } from './bindings.ts';
import { aorJson } from './contact-json.ts';

/** `ul_show_contact`: one AoR with its contacts. */
export function ulShowContactCommand(bindings: Bindings, settings: AorSettings): MiCommand {
  return {
    name: 'ul_show_contact',
    alias: 'usrloc:show_contact',
    module: 'usrloc',
    help: 'shows the contacts of one AoR',
    recipes: [
      recipe(AOR_PARAMS, (values) => {
        const found = knownAor(values, bindings, settings);
        return isError(found) ? found : result(aorJson(found));
      }),
    ],
  };
}
